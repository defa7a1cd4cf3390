/**
 * The section `routing` of a configuration as a plan, over the choice of who answers where nobody names a model.
 */
import {
  aliasRules,
  linearPattern,
  makeRoutingPlan,
  type ModelMatch,
  type ModelRoute,
  type RouteFallbacks,
  type RoutingOptions,
  type RoutingRule
} from "@signalbox/model"
import { Result } from "effect"
import type { HostOptions } from "../config/HostOptions.ts"
import type { FoundProblem } from "../config/layers.ts"
import { kindOf } from "../config/ProviderEntry.ts"
import type { RoutingRuleEntry } from "../config/RoutingOptions.ts"
import { readModelReference } from "./modelReference.ts"

const matchOf = ({ name, pattern, prefix, strip = false }: RoutingRuleEntry): ModelMatch => {
  if (name !== undefined) return { _tag: "Exact", text: name }
  if (prefix !== undefined) return { _tag: "Prefix", text: prefix, strip }
  return { _tag: "Pattern", regex: pattern ?? "" }
}

/** The default can be asked for by the name under which it is listed, whatever becomes of unknown names. */
const standardRule = ({ model, upstream }: ModelRoute): RoutingRule => ({
  match: { _tag: "Exact", text: model === "" ? upstream : model },
  upstream,
  model: model === "" ? undefined : model
})

/** Every provider's models can be asked for as `provider/model`; what a person has written comes first. */
const byProvider = (providers: Iterable<string>): ReadonlyArray<RoutingRule> =>
  [...providers].map((upstream) => ({
    match: { _tag: "Prefix", text: `${upstream}/`, strip: true },
    upstream,
    model: undefined
  }))

/** `auto`: Claude knows the names that clients of its API ask for; who else answers has a model that was chosen. */
const unknownOf = ({ model, providers, routing }: HostOptions, standard: string): RoutingOptions["unknown"] => {
  if (routing.unknown === "reject" || routing.unknown === "default") return routing.unknown
  if (routing.unknown === "passthrough") return { upstream: standard }
  const entry = providers[standard]
  const isClaude = entry !== undefined && kindOf(standard, entry) === "claude"
  return isClaude && model.name === "" ? { upstream: standard } : "default"
}

/** Patterns that cannot be used, each at its place. */
export const patternProblems = ({ routing }: HostOptions): ReadonlyArray<FoundProblem> =>
  routing.rules.flatMap(({ pattern }, index) => {
    const read = linearPattern(pattern ?? "")
    return Result.isSuccess(read) ? [] : [{ path: ["routing", "rules", index, "pattern"], message: read.failure }]
  })

/** Both can be asked for by the words of the configuration, too. */
const namesOfSizes = (sizes: Readonly<Record<"big" | "small", ModelRoute>>): ReadonlyArray<RoutingRule> =>
  (["big", "small"] as const).map((text) => ({ match: { _tag: "Exact", text }, ...sizes[text] }))

/** The plan. It cannot fail where `patternProblems` has found nothing, and names of providers were checked. */
export const routingPlan = (options: HostOptions, standard: ModelRoute, upstreams: ReadonlyArray<string>) => {
  const { routing } = options
  const known = new Set(upstreams)
  const read = (text: string) => readModelReference(text, known, standard.upstream)
  const big = routing.big === "" ? undefined : read(routing.big)
  const small = routing.small === "" ? undefined : read(routing.small)
  const either = big ?? small
  const sizes = either === undefined ? undefined : { big: big ?? either, small: small ?? either }
  const aliases = sizes === undefined ? [] : [...namesOfSizes(sizes), ...aliasRules(sizes)]
  const own = routing.rules.map((rule): RoutingRule => ({
    match: matchOf(rule),
    upstream: rule.provider,
    model: rule.model
  }))
  const fallbacks = Object.entries(routing.fallbacks).map(([of, routes]): RouteFallbacks => {
    const { model, upstream } = read(of)
    return { upstream, model: model === "" ? undefined : model, routes: routes.map(read) }
  })
  return makeRoutingPlan({
    rules: [...own, ...aliases, standardRule(standard), ...byProvider(upstreams)],
    unknown: unknownOf(options, standard.upstream),
    default: standard,
    fallbacks,
    upstreams
  })
}
