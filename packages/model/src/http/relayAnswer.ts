/**
 * An exchange whose answer is handed on in bytes as it comes, and no faster than it is taken. One effect from the
 * request to the last byte: interrupting it closes the connection.
 */
import { CorrelationId } from "@signalbox/errors"
import { Clock, Context, Duration, Effect, Exit, Stream } from "effect"
import { type ModelError, ProviderUnreachable } from "../errors.ts"
import type { AnswerListener, ByteRequest, DirectExchange, SendDirectly } from "./directHttp.ts"
import {
  type Exchange,
  isMalformedCause,
  lostConnection,
  messageOf,
  noAnswer,
  readJson,
  retryAfterOf,
  wentSilent
} from "./exchange.ts"
import { type RateLimits, readRateLimits } from "./rateLimits.ts"

/** Takes bytes. */
export interface ByteSink {
  /** Takes some; `false` where no more is wanted for now. */
  readonly write: (bytes: Uint8Array) => boolean
  /** Calls back, once, when more is wanted. */
  readonly onceDrained: (resume: () => void) => void
}

/** Hands a stream of bytes to a sink. */
export const drainTo =
  (sink: ByteSink) =>
  <E>(bytes: Stream.Stream<Uint8Array, E>): Effect.Effect<void, E> => {
    const drained = Effect.callback<void>((resume) => sink.onceDrained(() => resume(Effect.void)))
    return Stream.runForEach(bytes, (piece) => (sink.write(piece) ? Effect.void : drained))
  }

/** What a relayed exchange needs to know. */
export interface RelayedExchange extends Pick<
  Exchange,
  "idleTimeout" | "provider" | "refused" | "requestTimeout" | "url"
> {
  /** Which answers are handed on; all else is read, and is the failure that `refused` makes of it. */
  readonly isAccepted: (status: number) => boolean
  /** Called with the head of an answer that is handed on; the sink gets its bytes. */
  readonly begin: (status: number, headers: Readonly<Record<string, string>>) => ByteSink
  /** Hears of the limits that the answer names. */
  readonly observe: (limits: RateLimits) => Effect.Effect<void>
}

/** Relays over what the platform sends with. Fails as `sendRequest` does, and after the head as `answerBytes` does. */
export const relayAnswer = (
  send: SendDirectly,
  exchange: RelayedExchange,
  given: Omit<ByteRequest, "url">
): Effect.Effect<void, ModelError> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const clock = Context.get(context, Clock.Clock)
    const correlationId = Context.get(context, CorrelationId)
    const headers =
      correlationId === undefined ? given.headers : { ...given.headers, "x-correlation-id": correlationId }
    const patience = makePatience(exchange, clock)
    return Effect.callback<void, ModelError>((resume) => {
      const listener = listen(exchange, patience, {
        now: () => clock.currentTimeMillisUnsafe(),
        observe: (limits) => Effect.runForkWith(context)(exchange.observe(limits)),
        settle: (outcome) => {
          watch.interruptUnsafe()
          resume(outcome)
        },
        // Nothing flows before it is there.
        flow: () => sent
      })
      const watch = Effect.runForkWith(context)(patience.lost)
      watch.addObserver((exit) => {
        if (!Exit.hasInterrupts(exit))
          resume(
            Effect.andThen(
              Effect.sync(() => sent.cancel()),
              exit
            )
          )
      })
      const sent = send({ ...given, url: exchange.url, headers }, listener)
      return Effect.sync(() => {
        watch.interruptUnsafe()
        sent.cancel()
      })
    })
  })

/** How long is waited: for the head at first, then from one piece to the next; and never for whoever takes them. */
interface Patience {
  /** Something has come, or is wanted again. */
  readonly renew: () => void
  /** Nothing is wanted for now. */
  readonly suspend: () => void
  readonly lost: Effect.Effect<never, ModelError>
}

const makePatience = (exchange: RelayedExchange, clock: Clock.Clock): Patience => {
  const idleMillis = Duration.toMillis(exchange.idleTimeout)
  let hasHead = false
  let deadline = clock.currentTimeMillisUnsafe() + Duration.toMillis(exchange.requestTimeout)
  const lost: Effect.Effect<never, ModelError> = Effect.suspend(() => {
    // Never longer than that: the head may bring an earlier deadline, and a full sink brings none.
    const left = Math.min(deadline - clock.currentTimeMillisUnsafe(), idleMillis)
    if (left > 0) return Effect.andThen(Effect.sleep(left), lost)
    return Effect.fail(hasHead ? wentSilent(exchange) : noAnswer(exchange))
  })
  return {
    renew: () => {
      hasHead = true
      deadline = clock.currentTimeMillisUnsafe() + idleMillis
    },
    suspend: () => {
      deadline = Number.POSITIVE_INFINITY
    },
    lost
  }
}

/** What a listener does to what is around it. */
interface Surroundings {
  readonly now: () => number
  readonly observe: (limits: RateLimits) => unknown
  readonly settle: (exit: Effect.Effect<void, ModelError>) => void
  readonly flow: () => DirectExchange
}

const listen = (exchange: RelayedExchange, patience: Patience, around: Surroundings): AnswerListener => {
  let taker: Taker | undefined
  return {
    onHead: (status, headers) => {
      const limits = readRateLimits(headers, around.now())
      if (limits.length > 0) around.observe(limits)
      taker = exchange.isAccepted(status)
        ? handOver(exchange.begin(status, headers), patience, around)
        : refuse(exchange, status, headers, around)
    },
    onPiece: (bytes) => taker?.take(bytes),
    onEnd: () => around.settle(taker === undefined ? Effect.void : taker.end()),
    onLost: (cause) =>
      around.settle(Effect.fail(taker === undefined ? unreachable(exchange, cause) : lostConnection(exchange, cause)))
  }
}

/** Who gets the pieces of an answer. */
interface Taker {
  readonly take: (bytes: Uint8Array) => void
  readonly end: () => Effect.Effect<void, ModelError>
}

const handOver = (sink: ByteSink, patience: Patience, { flow }: Surroundings): Taker => {
  patience.renew()
  const refill = () => {
    patience.renew()
    flow().resume()
  }
  return {
    take: (bytes) => {
      patience.renew()
      if (sink.write(bytes)) return
      patience.suspend()
      flow().pause()
      sink.onceDrained(refill)
    },
    end: () => Effect.void
  }
}

const refuse = (
  exchange: RelayedExchange,
  httpStatus: number,
  headers: Readonly<Record<string, string>>,
  { now }: Surroundings
): Taker => {
  const pieces: Array<Uint8Array> = []
  return {
    take: (bytes) => void pieces.push(bytes),
    end: () =>
      Stream.fromIterable(pieces).pipe(
        Stream.decodeText(),
        Stream.mkString,
        Effect.flatMap((text) =>
          Effect.fail(
            exchange.refused({ httpStatus, text, body: readJson(text), retryAfter: retryAfterOf(headers, now()) })
          )
        )
      )
  }
}

const unreachable = ({ provider, url }: RelayedExchange, cause: unknown) =>
  new ProviderUnreachable({
    provider,
    url,
    reason: messageOf(cause) ?? "the connection failed",
    retryable: !isMalformedCause(cause)
  })
