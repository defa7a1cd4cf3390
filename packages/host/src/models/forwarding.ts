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
import { type ByteSink, DirectHttp } from "@signalbox/model/http"
import type { ForwardedHead, ForwardRequest, KeyMode, PassingUsage } from "@signalbox/provider-claude"
import type { RetryPolicy } from "@signalbox/resilience"
import { Effect } from "effect"
import { HttpClient } from "effect/http"
import { loadClaude, type ResolvedProvider } from "./makeProvider.ts"

/** What may be handed on. */
export interface Forwarded {
  readonly request: ForwardRequest & { readonly body: Uint8Array }
  /** The model that the request names, for the ledger; absent where nothing is used. */
  readonly model: string | undefined
  /** For whom, in the ledger. */
  readonly principal: string
  /** `forward` hands on the caller's own key. */
  readonly keyMode: KeyMode
}

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

interface Outlet {
  readonly sink: ByteSink
  /** All bytes have come. */
  readonly end: () => void
}

/**
 * Where the bytes of an answer go before they are begun. Nobody can use a part of an answer that is not streamed: it is
 * kept until it is whole, so that it may still fail, or be asked for again, as a whole.
 */
const makeOutlet = (contentType: string, begin: () => ByteSink): Outlet => {
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
  const direct = yield* DirectHttp
  const loaded = yield* Effect.cached(
    Effect.all({ claude: loadClaude(provider), send: direct ?? Effect.succeed(undefined) })
  )
  const { name } = provider
  const record = recordCall(parts.meter)
  const guarded = guardAnswer(parts.guard)
  const rated = rateAnswer({ ...parts.rate, provider: name })
  const again = retryAnswer(parts.retry)

  const forward: Forward = (asked, begin) =>
    Effect.suspend(() => {
      // There from the first byte on, or the end of an answer without any.
      let sink: ByteSink | undefined
      const attempt = Effect.flatMap(loaded, ({ claude, send }) => {
        let usage: PassingUsage | undefined
        let outlet: Outlet | undefined
        const relayed = claude.relay({
          client,
          direct: send,
          options: claude.options,
          request: asked.request,
          keyMode: asked.keyMode,
          observe: parts.rate.bucket.observe,
          begin: (head) => {
            const { "content-type": contentType = "" } = head.headers
            const opened = makeOutlet(contentType, () => (sink ??= begin(head)))
            outlet = opened
            if (!isSuccess(head)) return opened.sink
            const watching = claude.watchUsage(contentType, { provider: name, model: asked.model ?? "" })
            usage = watching
            return {
              ...opened.sink,
              write: (bytes) => {
                watching.note(bytes)
                return opened.sink.write(bytes)
              }
            }
          }
        })
        return Effect.andThen(
          Effect.onExit(relayed, () => recordUsed(asked, usage)),
          Effect.suspend(() => {
            // What is no answer fails, whoever has read it by then.
            const fault = usage?.fault()
            if (fault !== undefined) return Effect.fail(fault)
            outlet?.end()
            return Effect.void
          })
        )
      })
      // What has been begun is not repeated.
      return again(rated(guarded(attempt)), () => sink === undefined)
    })

  const recordUsed = ({ model: asked, principal }: Forwarded, usage: PassingUsage | undefined): Effect.Effect<void> => {
    const said = usage?.reported()
    if (asked === undefined || said === undefined) return Effect.void
    return record({ asked, answered: said.model, usage: said.usage, principal })
  }
  return forward
})
