/**
 * The smaller requests of the protocol: completion, and what the server shall log.
 */
import { Effect } from "effect"
import { rawResult } from "./Channel.ts"
import type { Connection } from "./Connection.ts"
import { InvalidResult } from "./connectionErrors.ts"
import type { ServerError } from "./errors.ts"
import type { Completion, CompletionRequest, LogLevel } from "./McpPrompt.ts"
import { requestPlain, within } from "./requestPlain.ts"
import { isJsonObject } from "./wire.ts"

/** Asks for values that fit what has been typed so far. */
export const complete = Effect.fnUntraced(function* (
  connection: Connection,
  { argument, of, settled, value }: CompletionRequest
): Effect.fn.Return<Completion, ServerError> {
  const { server } = connection
  const method = "completion/complete"
  const ref = "prompt" in of ? { type: "ref/prompt", name: of.prompt } : { type: "ref/resource", uri: of.uriTemplate }
  const context = settled === undefined ? {} : { context: { arguments: settled } }
  const asked = requestPlain(connection, method, { ref, argument: { name: argument, value }, ...context })
  const { completion } = rawResult(yield* asked.pipe(within(server.name, method, server.connectTimeout)))
  const values = isJsonObject(completion) ? completion["values"] : undefined
  if (!isJsonObject(completion) || !Array.isArray(values)) {
    return yield* new InvalidResult({ serverName: server.name, method, reason: "it has no values" })
  }
  const { hasMore, total } = completion
  return {
    values: values.filter((text) => typeof text === "string"),
    hasMore: hasMore === true,
    ...(typeof total === "number" ? { total } : {})
  }
})

/** In the newest era nothing is sent: each later request says what shall be logged during it. */
export const setLogLevel = (connection: Connection, level: LogLevel): Effect.Effect<void, ServerError> => {
  const { logLevel, server, session } = connection
  if (session.handshake.era === "modern") {
    return Effect.sync(() => {
      logLevel.current = level
    })
  }
  const method = "logging/setLevel"
  return requestPlain(connection, method, { level }).pipe(
    Effect.asVoid,
    within(server.name, method, server.connectTimeout)
  )
}
