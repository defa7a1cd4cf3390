/**
 * Walks the pages of `tools/list` and keeps what is usable. A server whose cursors never end, or repeat,
 * costs its further pages and not the tools already read.
 */
import { Effect } from "effect"
import { rawResult } from "./Channel.ts"
import { type Connection, contextOf } from "./Connection.ts"
import { ConnectionClosed, InvalidResult, RequestTimeout } from "./connectionErrors.ts"
import { type ServerError } from "./errors.ts"
import { serverError } from "./faults.ts"
import { type JsonObject, type McpTool, type ToolList } from "./McpTool.ts"
import { request, type Sent } from "./request.ts"
import { failureOf } from "./sdk.ts"
import { type ServerOptions } from "./ServerOptions.ts"
import { makeToolList } from "./tools.ts"

/** More pages than this are a fault of the server. */
const maxPages = 64

/** The tools of the server. `refuse` says why a tool cannot be called on this connection. */
export const listTools = Effect.fnUntraced(function* (
  connection: Connection,
  refuse: (tool: McpTool) => string | undefined
): Effect.fn.Return<ToolList, ServerError> {
  const { server, session } = connection
  if (session.handshake.capabilities["tools"] === undefined) return { tools: [], problems: [] }
  const list = makeToolList(refuse)
  const seen = new Set<string>()
  let cursor: string | undefined
  do {
    const page = rawResult(yield* requestPlain(connection, "tools/list", cursor === undefined ? {} : { cursor }))
    const tools = page["tools"]
    if (!Array.isArray(tools)) {
      if (seen.size > 0) {
        list.addProblem(undefined, "a page of the list has no tools; the pages before it are kept")
        break
      }
      return yield* new InvalidResult({
        serverName: server.name,
        method: "tools/list",
        reason: "it has no list of tools"
      })
    }
    list.addPage(tools)
    cursor = nextCursorOf(page)
    if (cursor === undefined) break
    if (seen.has(cursor)) {
      list.addProblem(undefined, "the server repeats a page cursor; the pages read so far are kept")
      break
    }
    seen.add(cursor)
  } while (seen.size < maxPages)
  if (seen.size >= maxPages)
    list.addProblem(undefined, `the list has more than ${maxPages} pages; the first ones are kept`)
  return list.build()
})

const nextCursorOf = (page: JsonObject): string | undefined => {
  const next = page["nextCursor"]
  return typeof next === "string" && next !== "" ? next : undefined
}

/** A request other than a tool call. */
export const requestPlain = (
  connection: Connection,
  method: string,
  params: JsonObject
): Effect.Effect<JsonObject, ServerError> =>
  request(connection, method, params).pipe(
    Effect.mapError((error) => (error instanceof ConnectionClosed ? error : explain(connection, method, error)))
  )

/** Holds a request, or several, to the connect budget. */
export const withinBudget =
  (server: ServerOptions, method: string) =>
  <A>(effect: Effect.Effect<A, ServerError>): Effect.Effect<A, ServerError> =>
    Effect.timeoutOrElse(effect, {
      duration: server.connectTimeout,
      orElse: () => Effect.fail(new RequestTimeout({ serverName: server.name, method, limit: server.connectTimeout }))
    })

const explain = (connection: Connection, method: string, { error }: Sent): ServerError => {
  const failure = failureOf(error)
  const lost = connection.ending.reason()
  if (failure._tag === "Closed" && lost !== undefined) return lost
  const explained = serverError(contextOf(connection, method, error), failure)
  if (explained._tag === "SessionExpired") connection.ending.lose(explained)
  return explained
}
