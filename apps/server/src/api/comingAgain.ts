/**
 * Clients of the model APIs come again by themselves when they are told when: the official ones read `retry-after`, and
 * say so to the person in front of them. An upstream that asks for a pause is not waited for behind their back.
 */
import { CallerPatience, type LanguageModel, updateStreamContext } from "@signalbox/model"
import { Duration, Effect, Stream, Context } from "effect"

/** Two such pauses end before a stream is opened, so that a refusal still has a status of its own. */
const patience = Duration.seconds(2)

/** What is asked of an upstream before anything has been answered. */
export const untilComingAgain = Effect.provideService(CallerPatience, patience)

/**
 * The model of one turn, whose first call is such. Tools may have been run by the time of the others: for the sake of
 * what they did, these wait.
 */
export const comingAgain = (model: LanguageModel["Service"]): LanguageModel["Service"] => {
  let isFirst = true
  return {
    ...model,
    stream: (request) =>
      Stream.suspend(() => {
        if (!isFirst) return model.stream(request)
        isFirst = false
        return updateStreamContext(Context.add(CallerPatience, patience))(model.stream(request))
      })
  }
}
