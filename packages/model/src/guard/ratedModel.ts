/**
 * Asks no more often than the upstream has said it will answer: once nothing remains, the next request waits until
 * the limit is reset.
 */
import { Duration, Effect, Stream } from "effect"
import { type ModelError, ProviderRateLimited } from "../errors.ts"
import { RateLimitObserver } from "../http/rateLimits.ts"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import { FallbackAhead, quickPause } from "../routing/FallbackAhead.ts"
import type { RateBucket } from "./RateBucket.ts"

/** What a rated model is made from. */
export interface RatedModelOptions {
  /** One for all models that share a key. */
  readonly bucket: RateBucket
  /** Who would have to wait longer fails with `ProviderRateLimited` at once; with a fallback ahead nobody waits for long. */
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

const takeTurn = (provider: string, bucket: RateBucket, patience: number): Effect.Effect<void, ModelError> => {
  const waitWithin = (wait: number, left: number): Effect.Effect<void, ModelError> => {
    if (wait > left) {
      const retryAfter = Duration.millis(wait)
      const reason = `nothing remains of its limit for ${Duration.format(retryAfter)}.`
      return Effect.fail(new ProviderRateLimited({ provider, reason, retryAfter }))
    }
    return Effect.andThen(
      Effect.sleep(wait),
      Effect.flatMap(bucket.take, (more) => (more === 0 ? Effect.void : waitWithin(more, left - wait)))
    )
  }
  return Effect.flatMap(bucket.take, (wait) =>
    wait === 0
      ? Effect.void
      : Effect.flatMap(FallbackAhead, (isAhead) =>
          waitWithin(wait, isAhead ? Math.min(patience, Duration.toMillis(quickPause)) : patience)
        )
  )
}

/** Whoever asks next with the same key is refused for as long. */
const noteRefusal = (bucket: RateBucket, error: ModelError): Effect.Effect<void> =>
  error._tag === "ProviderRateLimited" && error.retryAfter !== undefined ? bucket.block(error.retryAfter) : Effect.void
