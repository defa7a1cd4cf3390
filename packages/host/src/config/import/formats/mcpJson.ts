/** `.mcp.json`: what a project shares with everybody who works on it, and the form that most programs can read. */
import { type ForeignFormat, nowhere } from "../ForeignFormat.ts"
import { commonDialect, hasMcpServers, mcpServersOf } from "./mcpServers.ts"

export const mcpJson: ForeignFormat = {
  name: "mcp-json",
  title: ".mcp.json",
  places: { user: nowhere, project: [".mcp.json"] },
  isIn: hasMcpServers,
  entries: mcpServersOf,
  dialect: () => commonDialect
}
