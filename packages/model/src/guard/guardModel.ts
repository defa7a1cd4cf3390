/**
 * Keeps requests away from an upstream that fails, and from one that has enough to do.
 * A stream holds its place until it has ended or is left, and its failure counts whenever it comes; a caller who goes
 * away says nothing about the upstream.
 */
import { codeOf, isSignalboxError } from "@signalbox/errors"
import type { Bulkhead, BulkheadError, CircuitBreaker, CircuitOpen } from "@signalbox/resilience"
import { Duration, Effect } from "effect"
import { type ModelError, ProviderBusy, ProviderCircuitOpen, ProviderRateLimited } from "../errors.ts"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import { holdPlace } from "./holdPlace.ts"

/** What guards an upstream: parts are shared between all models of it. */
export interface GuardModelOptions {
  /** The name of the circuit and of the compartment. */
  readonly upstream: string
  /** This decorator brings its own rule of what counts: `isUpstreamFault`. */
  readonly circuits?: CircuitBreaker["Service"]
  readonly bulkhead?: Bulkhead["Service"]
  /** What a caller who was turned away is told to wait, where nothing better is known. Default: 1 second. */
  readonly busyFor?: Duration.Input
}

/**
 * Whether a failure speaks against the upstream: one that may pass, or a time-out; not what was turned away here, and no
 * limit of the rate of requests. That is no outage: the upstream answers, and says itself when to come again.
 */
export const isUpstreamFault = (error: unknown): boolean =>
  isSignalboxError(error) &&
  error.retryable &&
  !(error instanceof ProviderCircuitOpen) &&
  !(error instanceof ProviderBusy) &&
  !(error instanceof ProviderRateLimited)

/**
 * Wraps the model of an upstream. Put it inside of `retryModel`, whose pauses then hold no place; what is turned away
 * here is not retried.
 */
export const guardModel =
  (options: GuardModelOptions) =>
  (model: LanguageModel["Service"]): LanguageModel["Service"] => {
    const { countTokens } = model
    const guarded = guardAnswer(options)
    const held = holdPlace<ModelError, never>(guarded)
    return makeLanguageModel({
      provider: model.provider,
      defaultModel: model.defaultModel,
      stream: (request) => held(model.stream(request)),
      generate: (request) => guarded(model.generate(request)),
      countTokens: countTokens === undefined ? undefined : (request) => guarded(countTokens(request))
    })
  }

/**
 * The same for whatever else is asked of an upstream, such as bytes that are only handed on: an effect that takes the
 * answer to its end holds its place as long, and its failure counts whenever it comes.
 */
export const guardAnswer = ({ bulkhead, busyFor = "1 second", circuits, upstream }: GuardModelOptions) => {
  const openCircuit = ({ cause, retryAfter }: CircuitOpen) => {
    if (retryAfter === undefined) {
      return new ProviderCircuitOpen({ provider: upstream, reason: "its circuit was opened by hand." })
    }
    const wait = Duration.format(Duration.seconds(Math.ceil(Duration.toSeconds(retryAfter))))
    const reason = `it has failed repeatedly, and is asked again in ${wait}.`
    const failed = isSignalboxError(cause)
      ? { cause, lastFailure: { code: codeOf(cause), message: cause.message } }
      : {}
    return new ProviderCircuitOpen({ provider: upstream, reason, retryAfter, ...failed })
  }
  const busy = ({ message, retryAfter }: BulkheadError) =>
    new ProviderBusy({
      provider: upstream,
      reason: message,
      retryAfter: retryAfter ?? Duration.fromInputUnsafe(busyFor)
    })
  const turnedAway = (error: ModelError | CircuitOpen | BulkheadError): ModelError => {
    switch (error._tag) {
      case "CircuitOpen":
        return openCircuit(error)
      case "BulkheadFull":
      case "BulkheadTimeout":
      case "RateExceeded":
        return busy(error)
      default:
        return error
    }
  }
  return <A>(effect: Effect.Effect<A, ModelError>): Effect.Effect<A, ModelError> => {
    const watched = circuits === undefined ? effect : circuits.protect(upstream, effect, isUpstreamFault)
    const placed = bulkhead === undefined ? watched : bulkhead.run(upstream, watched)
    // An open circuit is asked about first: it costs nobody a place or a wait.
    const asked = circuits === undefined ? placed : Effect.andThen(circuits.check(upstream), placed)
    return Effect.mapError(asked, turnedAway)
  }
}
