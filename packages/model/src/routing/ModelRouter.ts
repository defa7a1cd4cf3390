/**
 * All upstreams as one model, which looks up every request's name in a routing plan.
 */
import { Context, Effect, Layer, Result, Stream } from "effect"
import { type ModelError, ModelNotFound } from "../errors.ts"
import { type LanguageModel, makeLanguageModel } from "../LanguageModel.ts"
import type { ModelRequest } from "../Message.ts"
import { type FallbackCandidate, fallbackModel } from "./fallbackModel.ts"
import { listedModels, type ResolvedModel, resolveModel } from "./resolveModel.ts"
import type { ModelRoute, RoutingPlan, RoutingRule } from "./RoutingPlan.ts"

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
    /** The names that can be listed: those of exact rules in order, and the default's. */
    readonly models: ReadonlyArray<string>
    /** All rules, in the order in which they decide. */
    readonly rules: ReadonlyArray<RoutingRule>
    /** What becomes of a name that no rule is for. */
    readonly unknown: RoutingPlan["unknown"]
    readonly upstream: (name: string) => LanguageModel["Service"] | undefined
    /** The routed model. */
    readonly model: LanguageModel["Service"]
  }
>()("@signalbox/model/ModelRouter") {
  static readonly make = (options: RouteOptions): ModelRouter["Service"] => ({
    resolve: (name) => Effect.fromResult(resolveModel(options.plan, name)),
    models: listedModels(options.plan),
    rules: options.plan.rules,
    unknown: options.plan.unknown,
    upstream: (name) => options.upstreams.get(name),
    model: routeModels(options)
  })

  static readonly layer = (options: RouteOptions): Layer.Layer<ModelRouter> =>
    Layer.sync(ModelRouter, () => ModelRouter.make(options))
}

/**
 * A model that routes: the fallbacks of a route are asked after it. It counts tokens where every upstream does, or an
 * estimate is given.
 */
export const routeModels = (options: RouteOptions): LanguageModel["Service"] => {
  const { estimateTokens, plan } = options
  const upstreams =
    estimateTokens === undefined ? options.upstreams : new Map([...options.upstreams].map(counting(estimateTokens)))
  const routed = (request: ModelRequest): Result.Result<LanguageModel["Service"], ModelNotFound> =>
    Result.flatMap(resolveModel(plan, request.model), (resolved) => modelFor(upstreams, resolved))
  const counts = [...upstreams.values()].every(({ countTokens }) => countTokens !== undefined)
  return makeLanguageModel({
    provider: plan.default.upstream,
    defaultModel: plan.default.model === "" ? defaultModelOf(options) : plan.default.model,
    stream: (request) =>
      Stream.unwrap(Effect.map(Effect.fromResult(routed(request)), (model) => model.stream(request))),
    generate: (request) => Effect.flatMap(Effect.fromResult(routed(request)), (model) => model.generate(request)),
    countTokens: counts
      ? (request) =>
          Effect.flatMap(Effect.fromResult(routed(request)), ({ countTokens }) =>
            countTokens === undefined ? Effect.die(new Error("Every upstream counts.")) : countTokens(request)
          )
      : undefined
  })
}

const defaultModelOf = ({ plan, upstreams }: RouteOptions): string =>
  upstreams.get(plan.default.upstream)?.defaultModel ?? ""

/** An upstream that counts, by itself or by the estimate. */
const counting =
  (estimateTokens: (request: ModelRequest) => Effect.Effect<number, ModelError>) =>
  ([name, model]: readonly [string, LanguageModel["Service"]]) =>
    [name, model.countTokens === undefined ? { ...model, countTokens: estimateTokens } : model] as const

const modelFor = (
  upstreams: RouteOptions["upstreams"],
  { fallbacks, route }: ResolvedModel
): Result.Result<LanguageModel["Service"], ModelNotFound> => {
  const candidate = (of: ModelRoute): ReadonlyArray<FallbackCandidate> => {
    const model = upstreams.get(of.upstream)
    return model === undefined ? [] : [{ route: of, model }]
  }
  const [first] = candidate(route)
  return first === undefined
    ? Result.fail(missing(route))
    : Result.succeed(fallbackModel([first, ...fallbacks.flatMap(candidate)]))
}

const missing = ({ model, upstream }: ModelRoute): ModelNotFound =>
  new ModelNotFound({ provider: upstream, model, reason: "this upstream is not there." })
