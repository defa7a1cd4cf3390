/**
 * An upstream of the Messages API that is handed requests as they came: under the same retries, circuit, places and
 * limits as what is asked of its model, and put into the same ledger.
 */
import {
  begun,
  type GuardModelOptions,
  guardStream,
  type MeteredModelOptions,
  type ModelError,
  type RatedModelOptions,
  rateStream,
  recordCall,
  retryStream
} from "@signalbox/model"
import type { ForwardedAnswer, ForwardRequest, KeyMode, PassingUsage } from "@signalbox/provider-claude"
import type { RetryPolicy } from "@signalbox/resilience"
import { Effect, Pull, type Scope, Stream } from "effect"
import { HttpClient } from "effect/http"
import { loadClaude, type ResolvedProvider } from "./makeProvider.ts"

/** What may be handed on. */
export interface Forwarded {
  readonly request: ForwardRequest & { readonly body: Uint8Array }
  /** The model that the request names, for the ledger; absent where nothing is used. */
  readonly model: string | undefined
  /** `forward` hands on the caller's own key. */
  readonly keyMode: KeyMode
}

/** Hands a request on. The answer lives as long as the scope; leaving it closes the connection to the upstream. */
export type Forward = (asked: Forwarded) => Effect.Effect<ForwardedAnswer, ModelError, Scope.Scope>

/** What stands around it. */
export interface ForwardingParts {
  readonly guard: GuardModelOptions
  readonly rate: RatedModelOptions
  readonly retry: RetryPolicy
  readonly meter: MeteredModelOptions
}

type Head = Omit<ForwardedAnswer, "body">

const isSuccess = ({ status }: Head): boolean => status >= 200 && status < 300

type Bytes = ForwardedAnswer["body"]

/** The bytes of an answer, once they may be shown: watched by the way, and followed by what is wrong with them. */
const shown = (body: Bytes, usage: PassingUsage): Bytes =>
  body.pipe(
    Stream.mapArray((pieces) => {
      for (const piece of pieces) usage.note(piece)
      return pieces
    }),
    Stream.concat(
      Stream.suspend(() => {
        const fault = usage.fault()
        return fault === undefined ? Stream.empty : Stream.fail(fault)
      })
    )
  )

/** Nobody can use a part of an answer that is not streamed, so that it may still fail, or be asked for again, as a whole. */
const wholeOr = (contentType: string, bytes: Bytes): Effect.Effect<Bytes, ModelError, Scope.Scope> =>
  contentType.includes("text/event-stream") ? begun(bytes) : Effect.map(Stream.runCollect(bytes), Stream.fromIterable)

/** Makes it for a provider whose API is that of Messages. Nothing is loaded before the first request. */
export const makeForward = Effect.fnUntraced(function* (provider: ResolvedProvider, parts: ForwardingParts) {
  const client = yield* HttpClient.HttpClient
  const loaded = yield* Effect.cached(loadClaude(provider))
  const { name } = provider
  const record = recordCall(parts.meter)
  const guarded = guardStream(parts.guard)
  const rated = rateStream({ ...parts.rate, provider: name })
  const retried = retryStream(parts.retry)

  /** The head, once there is a first byte of a stream after it or all of another answer, and then the bytes. */
  const answerOf = (asked: Forwarded): Stream.Stream<Head | Uint8Array, ModelError> =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { forward, options, watchUsage } = yield* loaded
        const { body, ...head } = yield* forward({ client, options, request: asked.request, keyMode: asked.keyMode })
        const { "content-type": contentType = "" } = head.headers
        const { model } = asked
        if (!isSuccess(head)) return Stream.concat(Stream.succeed(head), yield* wholeOr(contentType, body))
        const usage = watchUsage(contentType, model ?? "")
        const bytes = yield* wholeOr(contentType, shown(body, usage))
        if (model === undefined) return Stream.concat(Stream.succeed(head), bytes)
        const recorded = Stream.onExit(bytes, () => {
          const said = usage.reported()
          return said === undefined ? Effect.void : record({ asked: model, answered: said.model, usage: said.usage })
        })
        return Stream.concat(Stream.succeed<Head | Uint8Array>(head), recorded)
      })
    )

  const forward: Forward = Effect.fnUntraced(function* (asked) {
    const pull = yield* Stream.toPull(retried(rated(guarded(answerOf(asked)))))
    // A head always comes first, and alone.
    const [head] = (yield* Pull.catchDone(pull, () => Effect.die("an answer has a head"))) as readonly [Head]
    const body = Stream.fromPull(Effect.succeed(pull)) as ForwardedAnswer["body"]
    return { ...head, body }
  })
  return forward
})
