/**
 * The route of a name: a pure function of the plan, so that `models resolve` shows what a request would do.
 */
import { type Result } from "effect"
import { type ModelNotFound } from "../errors.ts"
import { type ModelRoute, type RoutingPlan, type RoutingRule } from "./RoutingPlan.ts"

/** What a name stands for. */
export interface ResolvedModel {
  readonly requested: string
  readonly route: ModelRoute
  /** The rule that decided; absent for the default and for names that are passed on. */
  readonly rule?: RoutingRule
  readonly fallbacks: ReadonlyArray<ModelRoute>
}

/** Resolves a name; the empty one stands for the default. */
export declare const resolveModel: (plan: RoutingPlan, name: string) => Result.Result<ResolvedModel, ModelNotFound>
