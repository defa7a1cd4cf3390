/** Windsurf: `serverUrl` for what is remote, and tools that are switched off one by one. */
import { everywhere, type ForeignFormat, someHas } from "../ForeignFormat.ts"
import { toolsOf } from "../values.ts"
import { commonDialect, hasMcpServers, mcpServersOf } from "./mcpServers.ts"

export const windsurf: ForeignFormat = {
  name: "windsurf",
  title: "Windsurf",
  places: { user: everywhere("~/.codeium/windsurf/mcp_config.json"), project: [] },
  isIn: (value) => hasMcpServers(value) && someHas(mcpServersOf(value), "serverUrl", "disabledTools"),
  entries: mcpServersOf,
  dialect: () => ({
    ...commonDialect,
    keys: ["disabledTools"],
    overrides: ({ disabledTools }) => toolsOf(undefined, disabledTools)
  })
}
