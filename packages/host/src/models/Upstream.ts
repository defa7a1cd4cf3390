/**
 * A provider of the configuration as everything here asks it: with retries, a circuit, a limit of requests at the same
 * time, the limits that it tells itself, and a record of what it costs. All that ask it share these.
 */
import {
  guardModel,
  isUpstreamFault,
  type LanguageModel,
  makeLanguageModel,
  makeRateBucket,
  meteredModel,
  type ModelRequest,
  type PriceEntry,
  ratedModel,
  retryModel,
  type UsageLedger
} from "@signalbox/model"
import { Bulkhead, CircuitBreaker, retryPolicy } from "@signalbox/resilience"
import { Duration, Effect, type Redacted, Stream } from "effect"
import type { HostOptions } from "../config/HostOptions.ts"
import type { ProviderKind } from "../config/ProviderEntry.ts"
import { type Forward, makeForward } from "./forwarding.ts"
import { leavingOut } from "./leavingOut.ts"
import { makeProvider, type ResolvedProvider } from "./makeProvider.ts"

/** An upstream that can be asked. */
export interface Upstream {
  readonly name: string
  readonly kind: ProviderKind | "offline"
  readonly baseUrl: string
  readonly apiKey: Redacted.Redacted | undefined
  /** Asked when nobody names a model; empty where it must be found out, or there is but one. */
  readonly defaultModel: string
  readonly service: LanguageModel["Service"]
  /** Hands a request of the Messages API on as it came; absent where the upstream speaks another API. */
  readonly forward?: Forward
  /** Lowers what requests ask for. */
  readonly maxTokens?: number
}

/** What all upstreams of a program share. */
export interface SharedParts {
  readonly circuits: CircuitBreaker["Service"]
  readonly bulkhead: Bulkhead["Service"]
  readonly ledger: UsageLedger["Service"]
  /** For upstreams that do not count themselves. */
  readonly estimateTokens: (request: ModelRequest) => Effect.Effect<number>
}

/** It uses no tokens; that it was asked is told all the same. */
const offlineMeter = { upstream: "offline", prices: [{ model: "*", input: 0, output: 0 }] }

/** The offline model is one, too: it needs no guard, and costs nothing. */
export const makeOfflineUpstream = ({ estimateTokens, ledger }: SharedParts): Upstream => ({
  name: "offline",
  kind: "offline",
  baseUrl: "",
  apiKey: undefined,
  defaultModel: "",
  service: meteredModel({ ...offlineMeter, ledger })(
    leavingOut(
      "offline",
      makeLanguageModel({
        provider: "offline",
        defaultModel: "offline",
        stream: (request) =>
          Stream.unwrap(
            Effect.map(
              Effect.promise(() => import("@signalbox/model/offline")),
              ({ offlineModel }) => offlineModel().stream(request)
            )
          ),
        countTokens: estimateTokens
      })
    )
  )
})

/** The vocabulary is loaded at the first count. */
const makeEstimate = Effect.map(
  Effect.cached(
    Effect.flatMap(
      Effect.promise(() => import("@signalbox/model/tokens")),
      ({ TokenCounter }) => TokenCounter.make()
    )
  ),
  (counter) => (request: ModelRequest) => Effect.flatMap(counter, ({ countRequest }) => countRequest(request))
)

/** The circuits and places of all upstreams, each under its name. */
export const makeSharedParts = Effect.fnUntraced(function* (
  { model: { breaker, maxConcurrentRequests, maxQueuedRequests } }: HostOptions,
  ledger: UsageLedger["Service"]
) {
  const circuits = yield* CircuitBreaker.make({
    settings: () => ({
      failureThreshold: breaker.failures,
      openFor: breaker.openFor,
      successThreshold: breaker.successes,
      maxProbes: breaker.probes,
      probeTimeout: breaker.probeTimeout
    }),
    counts: isUpstreamFault
  })
  const bulkhead = yield* Bulkhead.make({
    settings: () => ({
      maxConcurrent: maxConcurrentRequests,
      maxQueued: maxQueuedRequests,
      queueTimeout: Duration.minutes(10)
    })
  })
  return { circuits, bulkhead, ledger, estimateTokens: yield* makeEstimate } satisfies SharedParts
})

/** What models cost by the configuration. */
export const pricesOf = ({ model }: HostOptions): ReadonlyArray<PriceEntry> =>
  model.prices.map(({ provider, ...price }) => ({
    ...price,
    ...(provider === undefined ? {} : { upstream: provider })
  }))

const retryOf = ({ model: { retry } }: HostOptions) =>
  retryPolicy({
    attempts: retry.attempts,
    base: retry.firstDelay,
    factor: retry.factor,
    cap: retry.maxDelay,
    jitter: "equal"
  })

/** The model with the limits of answers that the configuration has, if it has any. */
const bandedBy = (
  { model: { responseBands } }: HostOptions,
  model: LanguageModel["Service"],
  estimateTokens: SharedParts["estimateTokens"]
) => {
  if (responseBands.length === 0) return Effect.succeed(model)
  const bands = responseBands.map(({ below, tokens }) => ({ below: below === "unlimited" ? Infinity : below, tokens }))
  return Effect.map(
    Effect.promise(() => import("@signalbox/model/tokens")),
    ({ bandedModel }) => bandedModel(bands, estimateTokens)(model)
  )
}

/** Makes the upstream of a provider. */
export const makeUpstream = Effect.fnUntraced(function* (
  options: HostOptions,
  provider: ResolvedProvider,
  { bulkhead, circuits, estimateTokens, ledger }: SharedParts
) {
  const { entry, kind, name } = provider
  const bucket = yield* makeRateBucket
  const made = yield* makeProvider(provider, estimateTokens)
  const own = kind === "openai" && entry.api === "responses" ? made : leavingOut(name, made)
  const isGuarded = options.model.breaker.enabled
  const guard = { upstream: name, bulkhead, ...(isGuarded ? { circuits } : {}) }
  // Whoever looks at the circuits sees it before it is asked for the first time.
  if (isGuarded) yield* circuits.stats(name)
  const rate = { bucket, maxWait: options.model.retry.maxDelay }
  const retry = retryOf(options)
  const meter = { upstream: name, ledger, prices: pricesOf(options) }
  const asked = retryModel(retry)(ratedModel(rate)(guardModel(guard)(own)))
  const limited = yield* bandedBy(options, asked, estimateTokens)
  const upstream: Upstream = {
    name,
    kind,
    baseUrl: entry.baseUrl,
    apiKey: provider.apiKey,
    defaultModel: entry.model,
    // Told of what was used in the end, however often it was asked.
    service: meteredModel(meter)(limited),
    ...(kind === "claude" ? { forward: yield* makeForward(provider, { guard, rate, retry, meter }) } : {}),
    ...(entry.maxTokens === undefined ? {} : { maxTokens: entry.maxTokens })
  }
  return upstream
})
