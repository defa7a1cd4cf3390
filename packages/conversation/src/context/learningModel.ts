/**
 * A model that is asked once more with less, when it says that it takes less than was thought. What it takes is then known
 * for as long as the program runs.
 */
import type { LanguageModel, ModelRequestRejected } from "@signalbox/model"
import { Effect, Stream } from "effect"
import type { ContextWindow, WindowRefusal } from "./ContextWindow.ts"

/** The sentence of Anthropic's API, which the adapters of other vendors say likewise. */
const sentence = /prompt is too long: (?:(\d+) tokens >|more than) (\d+) maximum/

const refusalIn = ({ reason }: ModelRequestRejected): WindowRefusal | undefined => {
  const [, asked, limit] = sentence.exec(reason) ?? []
  return limit === undefined
    ? undefined
    : { limit: Number(limit), ...(asked === undefined ? {} : { asked: Number(asked) }) }
}

/** Wraps the model of a conversation. A refusal comes before anything of an answer, so that nothing is shown twice. */
export const learningModel = (window: ContextWindow, model: LanguageModel["Service"]): LanguageModel["Service"] => ({
  ...model,
  stream: (request) =>
    Stream.catchTag(model.stream(request), "ModelRequestRejected", (error) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const refusal = refusalIn(error)
          if (refusal === undefined || !(yield* window.learn(request, refusal))) return Stream.fail(error)
          yield* Effect.logInfo("The model takes less than was thought", { limit: refusal.limit })
          const { request: smaller } = yield* window.fit(request)
          return model.stream(smaller)
        })
      )
    )
})
