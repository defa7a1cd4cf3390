/**
 * A turn as server-sent events. A failure that comes early is an answer with a status of its own; after some
 * silence the message is opened all the same, because clients take silence for death.
 */
import { type ServedEvent, updateStreamContext } from "@signalbox/model"
import { Cause, Context, Effect, Option, Queue, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Dialect, DialectRequest } from "./Dialect.ts"
import { logFailure, type RequestIds } from "./edge.ts"
import type { StartedTurn } from "./servedTurn.ts"

/** How long a failure may take to become a status instead of an `error` event. */
const openAfter = "5 seconds"

/** Coding agents warn after 20 seconds without a byte, and give up after some minutes. */
const pingInterval = "10 seconds"

const pings: Stream.Stream<ServedEvent> = Stream.tick(pingInterval).pipe(
  Stream.drop(1),
  Stream.map((): ServedEvent => ({ type: "ping" }))
)

/** Inputs that wait for a slow client; then the turn waits too. */
const capacity = 16

const encoder = new TextEncoder()

/** What is asked, as far as the answer shows it. */
export interface Shown<Request extends DialectRequest> {
  readonly dialect: Dialect<Request>
  readonly request: Request
  /** When the request came, in seconds since 1970. */
  readonly created: number
  /** Said until the model says better; a large body is not counted when it is answered in time. */
  readonly estimatedTokens: () => number
  /** What is known by the time that there is something to say. */
  readonly headers: () => Readonly<Record<string, string>>
}

/**
 * The answer, once there is something to say. Fails with what the turn fails with before that. The turn belongs
 * to the scope of the request: it stops when the client leaves.
 */
export const streamedReply = Effect.fnUntraced(function* <Request extends DialectRequest>(
  turn: StartedTurn,
  shown: Shown<Request>,
  ids: RequestIds
) {
  const { created, dialect, request } = shown
  const context = yield* Effect.context()
  const queue = yield* Stream.toQueue(turn.inputs, { capacity })
  const first = yield* Queue.take(queue).pipe(Effect.timeoutOption(openAfter))
  const start = (): ServedEvent => ({ type: "start", inputTokens: shown.estimatedTokens() })
  const failures = (cause: Cause.Cause<unknown>): Stream.Stream<ServedEvent> =>
    Cause.hasInterruptsOnly(cause)
      ? Stream.empty
      : Stream.fromEffect(
          Effect.as(logFailure("The stream failed", cause), {
            type: "failed",
            error: Cause.squash(cause),
            requestId: ids.requestId
          })
        )
  const served = { id: dialect.idOf(ids.digits), model: request.model, runBy: turn.runBy, approvals: turn.approvals }
  const body = Stream.succeed(Option.getOrElse(first, start)).pipe(
    Stream.concat(Stream.fromQueue(queue)),
    Stream.catchCause(failures),
    Stream.merge(pings, { haltStrategy: "left" }),
    dialect.stream(served, { created, request }),
    Stream.map((text) => encoder.encode(text)),
    // It is read after the handler is done; what it logs is about this request all the same.
    updateStreamContext(Context.merge(context))
  )
  return HttpServerResponse.stream(body, {
    contentType: "text/event-stream; charset=utf-8",
    headers: { "cache-control": "no-cache", ...ids.headers, ...shown.headers() }
  })
})
