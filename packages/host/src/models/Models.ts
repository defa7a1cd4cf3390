/**
 * All upstreams of a configuration, and the choice among them: who answers where nobody names a model, and which
 * upstream a name stands for. Agents choose among the same ones, so that a circuit or a limit is one for all.
 */
import {
  type BudgetOptions,
  fallbackModel,
  type LanguageModel,
  ModelRouter,
  type ModelRoute,
  pricesFor,
  resolveModel,
  type RoutingPlan,
  UsageLedger
} from "@signalbox/model"
import { Context, Effect, Layer, Result } from "effect"
import { HttpClient } from "effect/http"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { HostOptions } from "../config/HostOptions.ts"
import type { ConfigInvalid, MissingApiKey } from "../errors.ts"
import { chooseModel, type ChosenModel } from "./chooseModel.ts"
import { withPlaces } from "./missingKeys.ts"
import { modelContext } from "./modelContext.ts"
import { resolveProviders, type ResolvedProviders } from "./resolveProviders.ts"
import { patternProblems, routingPlan } from "./routingPlan.ts"
import { turnBudget } from "./turnBudget.ts"
import {
  makeSharedParts,
  makeOfflineUpstream,
  makeUpstream,
  pricesOf,
  type SharedParts,
  type Upstream
} from "./Upstream.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** Use it where models are chosen by name. */
export class Models extends Context.Service<
  Models,
  {
    /** Those that can be asked: whose key is set, or who want none. */
    readonly upstreams: ReadonlyMap<string, Upstream>
    /** Who answers where nobody names a model. */
    readonly chosen: ChosenModel
    /** The same for other options, such as those of an agent, which differ in `model`. */
    readonly choose: (options: HostOptions) => Effect.Effect<ChosenModel, ConfigInvalid | MissingApiKey>
    /** Who answers to a name. */
    readonly router: ModelRouter["Service"]
    /** What one turn over the router may spend; `undefined` where nothing is limited. */
    readonly budget: BudgetOptions | undefined
    /** What was used since the program began. */
    readonly ledger: UsageLedger["Service"]
    /** One for each upstream, by its name. */
    readonly circuits: SharedParts["circuits"]
  }
>()("@signalbox/host/Models") {
  /** Asks no provider anything, but for what a local one has. Fails when a key is missing that the configuration needs. */
  static readonly make = Effect.fn("Models.make")(makeModels)
  static readonly layer = (config: LoadedConfig, environment: Environment) =>
    Layer.effect(Models, Models.make(config, environment))
}

/** Everyone whom a plan may ask must have a key. */
const requireKeys = (plan: RoutingPlan, { missing }: ResolvedProviders) => {
  const routes = [plan.default, ...plan.fallbacks.flatMap(({ routes }) => routes)]
  // A rule for the names of one provider is there for each; only those that a person wrote ask for it.
  const own = plan.rules.filter(({ match, upstream }) => match._tag !== "Prefix" || match.text !== `${upstream}/`)
  const needed = [...routes, ...own].map(({ upstream }) => missing.get(upstream)).find((error) => error !== undefined)
  return needed === undefined ? Effect.void : Effect.fail(needed)
}

function* makeModels(config: LoadedConfig, environment: Environment) {
  const { options } = config
  const client = yield* HttpClient.HttpClient
  const ledger = yield* UsageLedger.make
  const shared = yield* makeSharedParts(options, ledger)
  const resolved = resolveProviders(options, environment)
  const providers = { ...resolved, missing: withPlaces(resolved.missing, config) }
  const upstreams = new Map<string, Upstream>()
  for (const [name, provider] of providers.ready) upstreams.set(name, yield* makeUpstream(options, provider, shared))
  const offline = makeOfflineUpstream(shared)
  upstreams.set(offline.name, offline)
  const services = new Map<string, LanguageModel["Service"]>()
  for (const [name, { service }] of upstreams) services.set(name, service)
  const names = [...Object.keys(options.providers), offline.name]

  const serviceOf = (route: ModelRoute) => ({
    route,
    model: services.get(route.upstream) ?? offline.service
  })

  const prices = pricesOf(options)
  /** A fallback may cost something else; what a turn may cost is judged by whom it asks first. */
  const priceOf = ({ model, upstream }: ModelRoute) =>
    pricesFor(prices, upstream, model === "" ? (upstreams.get(upstream)?.defaultModel ?? "") : model)

  /** Who answers by these options, and the plan over that. */
  const plan = Effect.fnUntraced(
    function* (own: HostOptions) {
      const { reason, route } = yield* chooseModel(own, providers)
      const wrong = patternProblems(own)
      if (wrong.length > 0) return yield* config.invalid(wrong)
      const made = yield* Effect.orDie(Effect.fromResult(routingPlan(own, route, names)))
      yield* requireKeys(made, providers)
      const { fallbacks } = yield* Effect.orDie(Effect.fromResult(resolveModel(made, "")))
      const service = fallbackModel([serviceOf(route), ...fallbacks.map(serviceOf)])
      const budget = turnBudget(own, () => priceOf(route))
      const context = modelContext(own, {
        route,
        defaultModel: upstreams.get(route.upstream)?.defaultModel ?? "",
        services,
        estimateTokens: shared.estimateTokens
      })
      const chosen: ChosenModel = { service, upstream: route.upstream, model: route.model, reason, budget, context }
      return { chosen, plan: made }
    },
    Effect.provideService(HttpClient.HttpClient, client)
  )

  const own = yield* plan(options)
  return {
    upstreams,
    chosen: own.chosen,
    choose: (other: HostOptions) => Effect.map(plan(other), ({ chosen }) => chosen),
    router: ModelRouter.make({ upstreams: services, plan: own.plan }),
    budget: turnBudget(options, (name) =>
      Result.getOrUndefined(Result.map(resolveModel(own.plan, name), ({ route }) => priceOf(route)))
    ),
    ledger,
    circuits: shared.circuits
  }
}
