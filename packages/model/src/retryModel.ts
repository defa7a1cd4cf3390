/**
 * A model that is asked again when it could not even begin to answer: rate limits, overload, a lost connection.
 * Once the first event is out nothing is repeated, because somebody has read it; that failure passes on.
 */
import { retryAfterFailure, type RetryPolicy, retryWhile } from "@signalbox/resilience"
import { Duration, Effect, Stream } from "effect"
import { begun } from "./begun.ts"
import { type ModelError, ProviderBusy, ProviderCircuitOpen, ProviderTimeout } from "./errors.ts"
import { CallerPatience } from "./guard/CallerPatience.ts"
import { type LanguageModel, makeLanguageModel } from "./LanguageModel.ts"
import { FallbackAhead, quickPause } from "./routing/FallbackAhead.ts"

/**
 * Wraps a model. Errors with `retryable: true` are retried as the policy says, but for `ProviderTimeout`: who has
 * waited that long once decides himself whether to wait again; and for what a guard turns away. With a fallback ahead
 * there is one retry at the most, after a moment. A pause that the provider asks for and that exceeds the policy's cap or
 * `CallerPatience` ends the attempts. After the last attempt the failure is that of the provider. Each retry is logged as
 * a warning with the pause that the provider asks for, since it keeps a person waiting.
 */
export const retryModel =
  (policy: RetryPolicy) =>
  (model: LanguageModel["Service"]): LanguageModel["Service"] => {
    const again = retryAnswer(policy)
    const { countTokens } = model
    return makeLanguageModel({
      provider: model.provider,
      defaultModel: model.defaultModel,
      stream: (request) => Stream.unwrap(again(begun(model.stream(request)))),
      generate: (request) => again(model.generate(request)),
      countTokens: countTokens === undefined ? undefined : (request) => again(countTokens(request))
    })
  }

/**
 * The same for whatever else is asked of an upstream. `mayRepeat` is asked after each failure: what somebody has begun
 * to read cannot be taken back.
 */
export const retryAnswer = (given: RetryPolicy) => {
  const patient = retryWhile((error) => given.while(error) && !isWaitedFor(error))(given)
  const quick = hurried(patient)
  return <A, R>(
    answer: Effect.Effect<A, ModelError, R>,
    mayRepeat: () => boolean = () => true
  ): Effect.Effect<A, ModelError, R> =>
    // What goes well pays for nothing of this.
    Effect.catch(answer, (first) =>
      Effect.flatMap(Effect.all([FallbackAhead, CallerPatience]), ([isAhead, patience]) => {
        const policy = isAhead ? quick : patient
        const longest = Math.min(policy.capMillis, Duration.toMillis(patience))
        const isWorthIt = (error: ModelError) => mayRepeat() && policy.while(error) && askedPause(error) <= longest
        let attempts = 0
        const tell = (error: ModelError) => {
          attempts++
          return attempts < policy.attempts && isWorthIt(error) ? warn(error, attempts, policy) : Effect.void
        }
        // It only sees failures of this very effect, and keeps the last one as its cause.
        const repeatable = retryWhile((error) => isWorthIt(error as ModelError))(policy)
        const repeated = retryAfterFailure(repeatable)(Effect.tapError(answer, tell))(first)
        return Effect.andThen(
          tell(first),
          Effect.catchTag(repeated, "RetryExhausted", ({ cause }) => Effect.fail(cause as ModelError))
        )
      })
    )
}

/** A person is kept waiting. */
const warn = (error: ModelError, attempts: number, policy: RetryPolicy) => {
  const pause = askedPause(error) === 0 ? "" : ` in ${Duration.format(Duration.millis(askedPause(error)))}, as it asks`
  return Effect.logWarning(`Trying again${pause} (attempt ${attempts + 1} of ${policy.attempts}): ${error.message}`)
}

/** The same policy for who can ask somebody else. */
const hurried = (policy: RetryPolicy): RetryPolicy => {
  const longest = Duration.toMillis(quickPause)
  return {
    ...policy,
    attempts: Math.min(policy.attempts, 2),
    baseMillis: Math.min(policy.baseMillis, longest),
    capMillis: Math.min(policy.capMillis, longest)
  }
}

/** The pause that a failure asks for, in milliseconds. */
const askedPause = ({ retryAfter }: ModelError): number =>
  retryAfter === undefined ? 0 : Duration.toMillis(retryAfter)

/** What has kept the caller waiting already, or is turned away so that he need not wait. */
const isWaitedFor = (error: unknown): boolean =>
  error instanceof ProviderTimeout || error instanceof ProviderCircuitOpen || error instanceof ProviderBusy
