/**
 * Several models as one: the next is asked when one could not even begin, for a reason that another may not have.
 */
import { type ModelError } from "../errors.ts"
import { type LanguageModel } from "../LanguageModel.ts"
import { type ModelRoute } from "./RoutingPlan.ts"

/** A route, and the model of its upstream. `route.model` is what that is asked for. */
export interface FallbackCandidate {
  readonly route: ModelRoute
  readonly model: LanguageModel["Service"]
}

/** Whether another upstream may fare better. */
export declare const isWorthFallback: (error: ModelError) => boolean

/** Tries candidates in order. Each switch is logged as a warning; `CallNotes` hears who answers. */
export declare const fallbackModel: (
  candidates: readonly [FallbackCandidate, ...ReadonlyArray<FallbackCandidate>]
) => LanguageModel["Service"]
