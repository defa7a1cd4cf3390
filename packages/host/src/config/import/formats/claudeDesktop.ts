/** Claude Desktop: local servers only, in a file of its own. */
import type { ForeignFormat } from "../ForeignFormat.ts"
import { commonDialect, hasMcpServers, mcpServersOf } from "./mcpServers.ts"

export const claudeDesktop: ForeignFormat = {
  name: "claude-desktop",
  title: "Claude Desktop",
  places: {
    user: {
      linux: ["$CONFIG/Claude/claude_desktop_config.json"],
      darwin: ["~/Library/Application Support/Claude/claude_desktop_config.json"],
      win32: ["%APPDATA%\\Claude\\claude_desktop_config.json"]
    },
    project: []
  },
  // Beside its servers the file has settings of the app.
  isIn: (value) => hasMcpServers(value) && ("globalShortcut" in value || "preferences" in value),
  entries: mcpServersOf,
  dialect: () => commonDialect
}
