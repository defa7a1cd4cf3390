/**
 * The seam behind which every model lives: Claude, OpenAI and its kin, the offline model, a scripted one.
 * A stream that ends without `message_stop` is a failure; there is no clean end without the provider's own.
 */
import { Context, Effect, Layer, Stream } from "effect"
import { type ModelError, StreamInterrupted } from "./errors.ts"
import { emptyFold, foldEvent } from "./foldEvents.ts"
import type { ModelReply, ModelRequest } from "./Message.ts"
import type { ModelEvent } from "./ModelEvent.ts"

/** A model, or a decorator of one (routing, fallback, breaker). */
export class LanguageModel extends Context.Service<
  LanguageModel,
  {
    /** Who answers: `claude`, `openai`, `offline`. Named in errors and in the status line. */
    readonly provider: string
    /** The model asked when a request names none. */
    readonly defaultModel: string
    /** The answer as it is made. Ending the stream early aborts the request at the provider. */
    readonly stream: (request: ModelRequest) => Stream.Stream<ModelEvent, ModelError>
    /** The answer as a whole. */
    readonly generate: (request: ModelRequest) => Effect.Effect<ModelReply, ModelError>
    /** How many tokens the request has, counted by the provider; absent where only an estimate is possible. */
    readonly countTokens?: (request: ModelRequest) => Effect.Effect<number, ModelError>
  }
>()("@signalbox/model/LanguageModel") {
  /** A layer around a model that is already at hand. */
  static readonly layer = (model: LanguageModel["Service"]): Layer.Layer<LanguageModel> =>
    Layer.succeed(LanguageModel, model)
}

/** Reads a stream to its end. Fails with `StreamInterrupted` when the provider's own end is missing. */
export const collectReply = (
  provider: string,
  stream: Stream.Stream<ModelEvent, ModelError>
): Effect.Effect<ModelReply, ModelError> =>
  stream.pipe(
    Stream.runFold(
      () => emptyFold,
      (fold, event) => foldEvent(fold, event)
    ),
    Effect.flatMap((fold) =>
      fold.isComplete
        ? Effect.succeed(fold.reply)
        : Effect.fail(new StreamInterrupted({ provider, reason: "the stream ended before the answer did" }))
    )
  )

/** A model from its stream; `generate` is the fold of it unless the provider has a cheaper way. */
export const makeLanguageModel = (options: {
  readonly provider: string
  readonly defaultModel: string
  readonly stream: (request: ModelRequest) => Stream.Stream<ModelEvent, ModelError>
  readonly generate?: (request: ModelRequest) => Effect.Effect<ModelReply, ModelError>
  readonly countTokens?: LanguageModel["Service"]["countTokens"] | undefined
}): LanguageModel["Service"] => ({
  provider: options.provider,
  defaultModel: options.defaultModel,
  stream: options.stream,
  generate: options.generate ?? ((request) => collectReply(options.provider, options.stream(request))),
  ...(options.countTokens === undefined ? {} : { countTokens: options.countTokens })
})
