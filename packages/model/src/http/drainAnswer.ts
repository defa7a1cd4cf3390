/**
 * The bytes of an answer for whoever only hands them on: pushed as they come, no faster than they are taken.
 * Where the platform has the body in its own hands, nothing stands between that and whoever takes it.
 */
import { Clock, Context, Duration, Effect, Stream } from "effect"
import type { HttpClientResponse } from "effect/http"
import type { ModelError } from "../errors.ts"
import { answerBytes, type Exchange, lostConnection, wentSilent } from "./exchange.ts"

/** Takes bytes. */
export interface ByteSink {
  /** Takes some; `false` where no more is wanted for now. */
  readonly write: (bytes: Uint8Array) => boolean
  /** Calls back, once, when more is wanted. */
  readonly onceDrained: (resume: () => void) => void
}

/** Hears of a body: pieces, and then one of the others. */
export interface BodyListener {
  readonly onPiece: (bytes: Uint8Array) => void
  readonly onEnd: () => void
  readonly onLost: (cause: unknown) => void
}

/** A body in the hands of the platform. */
export interface NativeBody {
  /** Begins to read. */
  readonly read: (listener: BodyListener) => void
  readonly pause: () => void
  readonly resume: () => void
  /** Closes the connection. Nothing more is heard. */
  readonly cancel: () => void
}

/** Finds the body of a response; `undefined` where the platform shows none. */
export type FindNativeBody = (response: HttpClientResponse.HttpClientResponse) => NativeBody | undefined

/** How bodies are found. By default none is, and each is read as the stream that it is everywhere. */
export const NativeBodies = Context.Reference<FindNativeBody>("@signalbox/model/NativeBodies", {
  defaultValue: () => () => undefined
})

type Limits = Pick<Exchange, "idleTimeout" | "provider">

/**
 * Hands the bytes of an answer to a sink until they end. Fails as `answerBytes` does; time in which the sink wants
 * nothing is not the upstream's.
 */
export const drainAnswer = (
  limits: Limits,
  response: HttpClientResponse.HttpClientResponse,
  sink: ByteSink,
  find: FindNativeBody
): Effect.Effect<void, ModelError> =>
  Effect.suspend(() => {
    const body = find(response)
    return body === undefined ? drainStream(limits, response, sink) : drainNative(limits, body, sink)
  })

const drainStream = (limits: Limits, response: HttpClientResponse.HttpClientResponse, sink: ByteSink) => {
  const drained = Effect.callback<void>((resume) => sink.onceDrained(() => resume(Effect.void)))
  return Stream.runForEach(answerBytes(limits, response), (bytes) => (sink.write(bytes) ? Effect.void : drained))
}

const drainNative = (limits: Limits, body: NativeBody, sink: ByteSink): Effect.Effect<void, ModelError> =>
  Clock.clockWith((clock) => {
    const idleMillis = Duration.toMillis(limits.idleTimeout)
    let since = clock.currentTimeMillisUnsafe()
    let isFull = false
    const silence: Effect.Effect<never, ModelError> = Effect.suspend(() => {
      const left = isFull ? idleMillis : since + idleMillis - clock.currentTimeMillisUnsafe()
      return left > 0 ? Effect.andThen(Effect.sleep(left), silence) : Effect.fail(wentSilent(limits))
    })
    const read = Effect.callback<void, ModelError>((resume) => {
      const refill = () => {
        isFull = false
        since = clock.currentTimeMillisUnsafe()
        body.resume()
      }
      body.read({
        onPiece: (bytes) => {
          since = clock.currentTimeMillisUnsafe()
          if (sink.write(bytes)) return
          isFull = true
          body.pause()
          sink.onceDrained(refill)
        },
        onEnd: () => resume(Effect.void),
        onLost: (cause) => resume(Effect.fail(lostConnection(limits, cause)))
      })
      return Effect.sync(body.cancel)
    })
    return Effect.raceFirst(read, silence)
  })
