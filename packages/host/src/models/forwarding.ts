/**
 * An upstream of the Messages API that is handed requests as they came: under the same retries, circuit, places and
 * limits as what is asked of its model, and put into the same ledger. An answer is handed to whoever takes it within
 * all of these, to its end: where it breaks off late that still counts.
 */
import {
  guardAnswer,
  type GuardModelOptions,
  type MeteredModelOptions,
  type ModelError,
  rateAnswer,
  type RatedModelOptions,
  recordCall,
  retryAnswer
} from "@signalbox/model"
import { type ByteSink, NativeBodies } from "@signalbox/model/http"
import type { ForwardedAnswer, ForwardRequest, KeyMode } from "@signalbox/provider-claude"
import type { RetryPolicy } from "@signalbox/resilience"
import { Effect, Exit } from "effect"
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

/** What stands before the bytes of an answer. */
export type ForwardedHead = Pick<ForwardedAnswer, "headers" | "status">

/** Begins an answer, once its first byte is there. No other one follows. */
export type BeginAnswer = (head: ForwardedHead) => ByteSink

/**
 * Hands a request on, and the answer back. Whoever goes away closes the connection to the upstream. A failure before
 * the answer was begun leaves everything open; after that the answer has broken off.
 */
export type Forward = (asked: Forwarded, begin: BeginAnswer) => Effect.Effect<void, ModelError>

/** What stands around it. */
export interface ForwardingParts {
  readonly guard: GuardModelOptions
  readonly rate: RatedModelOptions
  readonly retry: RetryPolicy
  readonly meter: MeteredModelOptions
}

const isSuccess = ({ status }: ForwardedHead): boolean => status >= 200 && status < 300

/**
 * Where the bytes of an answer go before they are begun. Nobody can use a part of an answer that is not streamed: it is
 * kept until it is whole, so that it may still fail, or be asked for again, as a whole.
 */
const makeOutlet = (contentType: string, begin: () => ByteSink) => {
  if (contentType.includes("text/event-stream")) {
    const sink: ByteSink = {
      write: (bytes) => begin().write(bytes),
      onceDrained: (resume) => begin().onceDrained(resume)
    }
    return { sink, end: () => void begin() }
  }
  const pieces: Array<Uint8Array> = []
  const sink: ByteSink = {
    write: (bytes) => {
      pieces.push(bytes)
      return true
    },
    onceDrained: (resume) => resume()
  }
  const end = () => {
    const client = begin()
    for (const piece of pieces) client.write(piece)
  }
  return { sink, end }
}

/** Makes it for a provider whose API is that of Messages. Nothing is loaded before the first request. */
export const makeForward = Effect.fnUntraced(function* (provider: ResolvedProvider, parts: ForwardingParts) {
  const client = yield* HttpClient.HttpClient
  const findNativeBody = yield* NativeBodies
  const loaded = yield* Effect.cached(loadClaude(provider))
  const { name } = provider
  const record = recordCall(parts.meter)
  const guarded = guardAnswer(parts.guard)
  const rated = rateAnswer({ ...parts.rate, provider: name })
  const again = retryAnswer(parts.retry)

  /** Hands the bytes over, and looks at them by the way. */
  const deliver = Effect.fnUntraced(function* (
    answer: ForwardedAnswer,
    model: string | undefined,
    begin: () => ByteSink
  ) {
    const { watchUsage } = yield* loaded
    const { "content-type": contentType = "" } = answer.headers
    const { end, sink } = makeOutlet(contentType, begin)
    if (!isSuccess(answer)) {
      yield* answer.drain(sink)
      return end()
    }
    const usage = watchUsage(contentType, { provider: name, model: model ?? "" })
    const watched: ByteSink = {
      ...sink,
      write: (bytes) => {
        usage.note(bytes)
        return sink.write(bytes)
      }
    }
    yield* answer.drain(watched).pipe(
      Effect.onExit(() => {
        const said = model === undefined ? undefined : usage.reported()
        if (model === undefined || said === undefined) return Effect.void
        return record({ asked: model, answered: said.model, usage: said.usage })
      })
    )
    const fault = usage.fault()
    if (fault !== undefined) return yield* Effect.fail(fault)
    end()
  })

  const forward: Forward = (asked, begin) =>
    Effect.suspend(() => {
      let sink: ByteSink | undefined
      const attempt = Effect.flatMap(loaded, (claude) =>
        Effect.flatMap(
          claude.forward({
            client,
            findNativeBody,
            options: claude.options,
            request: asked.request,
            keyMode: asked.keyMode
          }),
          (answer) => deliver(answer, asked.model, () => (sink ??= begin(answer)))
        )
      ).pipe(Effect.scoped)
      // What has been begun is not repeated: its failure passes the retries as the end that it is.
      const settled = Effect.matchEffect(rated(guarded(attempt)), {
        onSuccess: () => Effect.succeed(Exit.void),
        onFailure: (error) => (sink === undefined ? Effect.fail(error) : Effect.succeed(Exit.fail(error)))
      })
      return Effect.flatten(again(settled))
    })
  return forward
})
