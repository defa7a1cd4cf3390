/** Zed: `context_servers` in its settings, which are JSON with comments. */
import { isTree } from "../../tree.ts"
import { entriesAt, type ForeignFormat, hasEntriesAt } from "../ForeignFormat.ts"
import { commonDialect } from "./mcpServers.ts"

export const zed: ForeignFormat = {
  name: "zed",
  title: "Zed",
  places: {
    user: {
      linux: ["$CONFIG/zed/settings.json"],
      darwin: ["~/.config/zed/settings.json"],
      win32: ["%APPDATA%\\Zed\\settings.json"]
    },
    project: [".zed/settings.json"]
  },
  isIn: (value) => hasEntriesAt(value, "context_servers"),
  entries: (value) => entriesAt(value, "context_servers"),
  dialect: () => ({
    ...commonDialect,
    keys: ["source"],
    normalize: (raw, { skip }) => {
      if (raw["command"] === undefined && raw["url"] === undefined)
        skip("it comes with an extension of Zed, which alone knows how to start it")
      const { command } = raw
      // The older form.
      return isTree(command) ? { ...raw, ...command, command: command["path"] } : raw
    }
  })
}
