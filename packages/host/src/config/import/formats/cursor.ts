/** Cursor: the user's servers and those of a project. */
import { everywhere, type ForeignFormat, someHas } from "../ForeignFormat.ts"
import { commonDialect, hasMcpServers, mcpServersOf } from "./mcpServers.ts"

export const cursor: ForeignFormat = {
  name: "cursor",
  title: "Cursor",
  places: { user: everywhere("~/.cursor/mcp.json"), project: [".cursor/mcp.json"] },
  isIn: (value) => hasMcpServers(value) && someHas(mcpServersOf(value), "envFile", "auth"),
  entries: mcpServersOf,
  dialect: () => commonDialect
}
