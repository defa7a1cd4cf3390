/**
 * Limits the answers to requests that set no limit, by the length of the conversation. A limit cuts an answer short and
 * makes no model briefer: use it where short answers are what is wanted, or paid for.
 */
import { Effect, Stream } from "effect"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import type { ModelRequest } from "../Message.ts"
import { estimateResponseTokens, type ResponseBand } from "./responseBands.ts"

/** Wraps a model. What is not said in the conversation, instructions and tools, does not make it longer. */
export const bandedModel = (
  bands: ReadonlyArray<ResponseBand>,
  countTokens: (request: ModelRequest) => Effect.Effect<number>
) => {
  const estimate = estimateResponseTokens(bands)
  const limited = (request: ModelRequest): Effect.Effect<ModelRequest> =>
    request.maxTokens === undefined
      ? Effect.map(countTokens({ ...request, system: [], tools: [] }), (tokens) => ({
          ...request,
          maxTokens: estimate(tokens)
        }))
      : Effect.succeed(request)
  return (model: LanguageModel["Service"]): LanguageModel["Service"] =>
    makeLanguageModel({
      provider: model.provider,
      defaultModel: model.defaultModel,
      stream: (request) => Stream.unwrap(Effect.map(limited(request), model.stream)),
      generate: (request) => Effect.flatMap(limited(request), model.generate),
      countTokens: model.countTokens
    })
}
