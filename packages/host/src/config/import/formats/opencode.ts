/** opencode: `mcp` with local and remote servers, the command as one list; since version 2 under `mcp.servers`. */
import { isTree, type Tree } from "../../tree.ts"
import { entriesAt, everywhere, type ForeignEntry, type ForeignFormat, hasEntriesAt } from "../ForeignFormat.ts"
import { given, millis } from "../values.ts"

const entriesOf = (value: Tree): ReadonlyArray<ForeignEntry> =>
  hasEntriesAt(value, "mcp", "servers") ? entriesAt(value, "mcp", "servers") : entriesAt(value, "mcp")

const isTyped = ({ raw }: ForeignEntry): boolean => isTree(raw) && (raw["type"] === "local" || raw["type"] === "remote")

export const opencode: ForeignFormat = {
  name: "opencode",
  title: "opencode",
  places: {
    user: {
      ...everywhere("~/.config/opencode/opencode.json", "~/.config/opencode/opencode.jsonc"),
      linux: ["$CONFIG/opencode/opencode.json", "$CONFIG/opencode/opencode.jsonc"]
    },
    project: ["opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc"]
  },
  isIn: (value) => hasEntriesAt(value, "mcp") && entriesOf(value).some(isTyped),
  entries: entriesOf,
  dialect: () => ({
    typeKey: "type",
    types: { local: "stdio", remote: "http" },
    urls: { url: "http" },
    keys: ["timeout"],
    references: { hasBareBraces: true },
    normalize: (raw, { skip }) => {
      // One of an organization is switched on or off by its name alone.
      if (raw["type"] === undefined && raw["url"] === undefined && raw["command"] === undefined)
        skip("it is defined by an organization, and only switched on or off here")
      const words: ReadonlyArray<unknown> | undefined = Array.isArray(raw["command"]) ? raw["command"] : undefined
      if (words === undefined) return raw
      const [command, ...args] = words
      return { ...raw, command, args }
    },
    // It bounds the fetching of tools.
    overrides: ({ timeout }) => given("connectTimeout", millis(timeout))
  })
}
