/**
 * One request as an Effect. Interrupting it aborts the request, which tells the server to stop; whether
 * a request was interrupted is known from its fiber alone, since the SDK reports an abort as a time-out.
 */
import { CorrelationId } from "@signalbox/errors"
import { Effect } from "effect"
import { type Connection, refusal } from "./Connection.ts"
import type { ConnectionClosed } from "./connectionErrors.ts"
import { startIdleTimer } from "./IdleTimer.ts"
import type { ToolCall } from "./McpClient.ts"
import type { JsonObject } from "./McpTool.ts"

/** A request that was sent and failed. */
export class Sent {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

/** The request showed no sign of life, and the server was told to stop. */
export class Idle extends Error {}

/** Names the request that a server does work for, in its own log too. */
const correlationMeta = "signalbox/correlationId"
const correlationHeader = "x-correlation-id"

/** What a request may have beside its parameters. */
export interface RequestExtra {
  readonly meta?: JsonObject
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMillis?: number
  /** How long the call may show no sign of life. */
  readonly idleMillis?: number | undefined
  /** The call that it is made for. */
  readonly call?: ToolCall
}

/** Says in the newest era what shall be logged during a request. */
const logLevelMeta = "io.modelcontextprotocol/logLevel"

const metaOf = (
  { logLevel }: Connection,
  given: JsonObject | undefined,
  correlationId: string | undefined
): JsonObject | undefined => {
  if (correlationId === undefined && logLevel.current === undefined) return given
  return {
    ...given,
    ...(correlationId === undefined ? {} : { [correlationMeta]: correlationId }),
    ...(logLevel.current === undefined ? {} : { [logLevelMeta]: logLevel.current })
  }
}

/** Asks the server. Fails with `ConnectionClosed` when nothing was sent, with `Sent` otherwise. */
export const request = (
  connection: Connection,
  method: string,
  params: JsonObject,
  extra: RequestExtra = {}
): Effect.Effect<JsonObject, Sent | ConnectionClosed> =>
  Effect.withFiber<JsonObject, Sent | ConnectionClosed>((fiber) => {
    const closed = refusal(connection)
    if (closed !== undefined) return Effect.fail(closed)
    const correlationId = fiber.getRef(CorrelationId)
    const meta = metaOf(connection, extra.meta, correlationId)
    const headers =
      correlationId === undefined || connection.http === undefined
        ? extra.headers
        : { ...extra.headers, [correlationHeader]: correlationId }
    return Effect.callback<JsonObject, Sent>((resume) => {
      const abort = new AbortController()
      const send = () =>
        connection.session.request(method, meta === undefined ? params : { ...params, _meta: meta }, {
          signal: abort.signal,
          timeoutMillis: extra.timeoutMillis,
          ...(headers === undefined ? {} : { headers })
        })
      if (extra.call !== undefined && extra.idleMillis !== undefined) {
        const timer = startIdleTimer(extra.idleMillis, () => {
          abort.abort()
          resume(Effect.fail(new Sent(new Idle())))
        })
        connection.calls.setIdle(extra.call, timer)
      }
      const answered = extra.call === undefined ? send() : connection.channel.onBehalfOf(extra.call, send)
      answered.then(
        (result) => resume(Effect.succeed(result)),
        (error: unknown) => resume(connection.ending.isFinished() ? Effect.interrupt : Effect.fail(new Sent(error)))
      )
      return Effect.sync(() => abort.abort())
    })
  })
