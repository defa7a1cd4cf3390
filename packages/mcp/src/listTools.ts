/**
 * The tools of a server: what is usable of its list.
 */
import { Effect } from "effect"
import type { Connection } from "./Connection.ts"
import type { ServerError } from "./errors.ts"
import type { McpTool, ToolList } from "./McpTool.ts"
import { readPages } from "./readPages.ts"
import { readTools } from "./tools.ts"

/** Lists the tools. `refuse` says why a tool cannot be called on this connection. */
export const listTools = Effect.fnUntraced(function* (
  connection: Connection,
  refuse: (tool: McpTool) => string | undefined
): Effect.fn.Return<ToolList, ServerError> {
  if (connection.session.handshake.capabilities["tools"] === undefined) return { tools: [], problems: [] }
  const { items, problems, ...fresh } = yield* readPages(connection, "tools/list", "tools")
  const list = readTools(items, refuse)
  return {
    tools: list.tools,
    problems: [...list.problems, ...problems.map((reason) => ({ tool: undefined, reason }))],
    ...fresh
  }
})
