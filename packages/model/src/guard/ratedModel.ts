/**
 * Asks no more often than the upstream has said it will answer: once nothing remains, the next request waits until
 * the limit is reset.
 */
import { Duration, Effect, Stream } from "effect"
import { type ModelError, ProviderRateLimited } from "../errors.ts"
import { RateLimitObserver } from "../http/rateLimits.ts"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import { FallbackAhead, quickPause } from "../routing/FallbackAhead.ts"
import { CallerPatience } from "./CallerPatience.ts"
import type { RateBucket } from "./RateBucket.ts"

/** What a rated model is made from. */
export interface RatedModelOptions {
  /** One for all models that share a key. */
  readonly bucket: RateBucket
  /**
   * Who would have to wait longer, or longer than `CallerPatience`, fails with `ProviderRateLimited` at once; with a
   * fallback ahead nobody waits for long.
   */
  readonly maxWait: Duration.Input
}

/** Wraps a model. Put it between `retryModel` and `guardModel`: each attempt takes its turn, and waiting holds no place. */
export const ratedModel =
  ({ bucket, maxWait }: RatedModelOptions) =>
  (model: LanguageModel["Service"]): LanguageModel["Service"] => {
    const { countTokens } = model
    const turn = takeTurn(model.provider, bucket, Duration.toMillis(maxWait))
    const rated = rateAnswer({ bucket, maxWait, provider: model.provider })
    return makeLanguageModel({
      provider: model.provider,
      defaultModel: model.defaultModel,
      stream: (request) =>
        Stream.unwrap(Effect.as(turn, model.stream(request))).pipe(
          Stream.tapError((error) => noteRefusal(bucket, error)),
          Stream.provideService(RateLimitObserver, bucket.observe)
        ),
      generate: (request) => Effect.provideService(rated(model.generate(request)), RateLimitObserver, bucket.observe),
      countTokens
    })
  }

/**
 * The same for whatever else is asked of an upstream, but for what its answers say: the bucket is shown that by who
 * reads them. `provider` is named when nothing remains.
 */
export const rateAnswer = ({ bucket, maxWait, provider }: RatedModelOptions & { readonly provider: string }) => {
  const turn = takeTurn(provider, bucket, Duration.toMillis(maxWait))
  return <A, R>(answer: Effect.Effect<A, ModelError, R>): Effect.Effect<A, ModelError, R> =>
    Effect.tapError(Effect.andThen(turn, answer), (error) => noteRefusal(bucket, error))
}

/** A wait that is long enough for somebody to wonder is told in the log. */
const worthTelling = 1000

const takeTurn = (provider: string, bucket: RateBucket, maxWait: number): Effect.Effect<void, ModelError> => {
  const waitWithin = (wait: number, left: number): Effect.Effect<void, ModelError> => {
    const retryAfter = Duration.millis(wait)
    const reason = `nothing remains of its limit for ${Duration.format(retryAfter)}.`
    const limited = new ProviderRateLimited({ provider, reason, retryAfter })
    if (wait > left) return Effect.fail(limited)
    const told = wait < worthTelling ? Effect.void : Effect.logWarning(`Waiting: ${limited.message}`)
    const more = Effect.flatMap(bucket.take, (more) => (more === 0 ? Effect.void : waitWithin(more, left - wait)))
    return Effect.andThen(told, Effect.delay(more, wait))
  }
  const wait = (millis: number) =>
    Effect.flatMap(Effect.all([FallbackAhead, CallerPatience]), ([isAhead, patience]) =>
      waitWithin(
        millis,
        Math.min(maxWait, Duration.toMillis(patience), isAhead ? Duration.toMillis(quickPause) : Infinity)
      )
    )
  return Effect.flatMap(bucket.take, (millis) => (millis === 0 ? Effect.void : wait(millis)))
}

/** Whoever asks next with the same key is refused for as long. */
const noteRefusal = (bucket: RateBucket, error: ModelError): Effect.Effect<void> =>
  error._tag === "ProviderRateLimited" && error.retryAfter !== undefined ? bucket.block(error.retryAfter) : Effect.void
