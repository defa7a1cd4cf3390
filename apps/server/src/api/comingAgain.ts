/**
 * Clients of the model APIs come again by themselves when they are told when: the official ones read `retry-after`, and
 * say so to the person in front of them. An upstream that asks for a pause is not waited for behind their back.
 */
import { CallerPatience, type LanguageModel, updateStreamContext } from "@signalbox/model"
import { Context, Duration, Effect } from "effect"
import { firstCallBy } from "./firstCallBy.ts"

/** Two such pauses end before a stream is opened, so that a refusal still has a status of its own. */
const patience = Duration.seconds(2)

/** What is asked of an upstream before anything has been answered. */
export const untilComingAgain = Effect.provideService(CallerPatience, patience)

/**
 * The model of one turn, whose first call is such. Tools may have been run by the time of the others: for the sake of
 * what they did, these wait.
 */
export const comingAgain = (model: LanguageModel["Service"]): LanguageModel["Service"] =>
  firstCallBy(model, (request) => updateStreamContext(Context.add(CallerPatience, patience))(model.stream(request)))
