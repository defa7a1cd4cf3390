/**
 * The route of a name: a pure function of the plan, so that `models resolve` shows what a request would do.
 */
import { Result } from "effect"
import { ModelNotFound } from "../errors.ts"
import { nearestName } from "../nearestName.ts"
import type { ModelRoute, RoutingPlan, RoutingRule } from "./RoutingPlan.ts"

/** What a name stands for. */
export interface ResolvedModel {
  readonly requested: string
  readonly route: ModelRoute
  /** The rule that decided; absent for the default and for names that are passed on. */
  readonly rule?: RoutingRule
  readonly fallbacks: ReadonlyArray<ModelRoute>
}

/** Resolves a name; the empty one stands for the default. */
export const resolveModel = (plan: RoutingPlan, name: string): Result.Result<ResolvedModel, ModelNotFound> => {
  const resolved = (route: ModelRoute, rule?: RoutingRule) =>
    Result.succeed({
      requested: name,
      route,
      ...(rule === undefined ? {} : { rule }),
      fallbacks: fallbacksOf(plan, route)
    })
  if (name === "") return resolved(plan.default)
  const rule = plan.rules.find((_, index) => plan.matchers[index]?.(name))
  if (rule !== undefined) return resolved({ upstream: rule.upstream, model: modelOf(rule, name) }, rule)
  if (plan.unknown === "default") return resolved(plan.default)
  if (plan.unknown !== "reject") return resolved({ upstream: plan.unknown.upstream, model: name })
  return Result.fail(new ModelNotFound({ provider: "The routing plan", model: name, reason: reasonFor(plan, name) }))
}

const modelOf = ({ match, model }: RoutingRule, name: string): string => {
  if (model !== undefined) return model
  return match._tag === "Prefix" && match.strip === true ? name.slice(match.text.length) : name
}

const fallbacksOf = ({ fallbacks }: RoutingPlan, route: ModelRoute): ReadonlyArray<ModelRoute> => {
  const ofUpstream = fallbacks.filter(({ upstream }) => upstream === route.upstream)
  const entry =
    ofUpstream.find(({ model }) => model === route.model) ?? ofUpstream.find(({ model }) => model === undefined)
  return (entry?.routes ?? []).filter(({ model, upstream }) => upstream !== route.upstream || model !== route.model)
}

const reasonFor = (plan: RoutingPlan, name: string): string => {
  // Names come from outside; comparing long ones takes long.
  const nearest = name.length > 100 ? undefined : nearestName(name, listedModels(plan))
  return nearest === undefined ? "no rule is for it." : `no rule is for it. Did you mean "${nearest}"?`
}

/** The names that can be listed: those of exact rules in order, and the default's. */
export const listedModels = ({ default: route, rules }: RoutingPlan): ReadonlyArray<string> => {
  const exact = rules.flatMap(({ match }) => (match._tag === "Exact" ? [match.text] : []))
  return [...new Set([...exact, ...(route.model === "" ? [] : [route.model])])]
}
