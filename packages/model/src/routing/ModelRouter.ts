/**
 * All upstreams as one model, which looks up every request's name in a routing plan.
 */
import { Context, type Effect, type Layer } from "effect"
import { type ModelError, type ModelNotFound } from "../errors.ts"
import { type LanguageModel } from "../LanguageModel.ts"
import { type ModelRequest } from "../Message.ts"
import { type ResolvedModel } from "./resolveModel.ts"
import { type RoutingPlan } from "./RoutingPlan.ts"

/** What a routed model is made from. */
export interface RouteOptions {
  /** By the names that the plan uses. */
  readonly upstreams: ReadonlyMap<string, LanguageModel["Service"]>
  readonly plan: RoutingPlan
  /** Counts the tokens of requests to upstreams that do not count themselves. */
  readonly estimateTokens?: (request: ModelRequest) => Effect.Effect<number, ModelError>
}

/** Use it where requests name models and several upstreams have them. */
export class ModelRouter extends Context.Service<
  ModelRouter,
  {
    readonly resolve: (name: string) => Effect.Effect<ResolvedModel, ModelNotFound>
    /** The names that can be listed: those of exact rules, in order, and the default's. */
    readonly models: ReadonlyArray<string>
    readonly upstream: (name: string) => LanguageModel["Service"] | undefined
    /** The routed model. */
    readonly model: LanguageModel["Service"]
  }
>()("@signalbox/model/ModelRouter") {
  static readonly make: (options: RouteOptions) => ModelRouter["Service"]
  static readonly layer: (options: RouteOptions) => Layer.Layer<ModelRouter>
}

/** A model that routes: the fallbacks of a route are asked after it. */
export declare const routeModels: (options: RouteOptions) => LanguageModel["Service"]
