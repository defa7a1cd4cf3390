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

/** The kind of the provider that answers where nobody names a model, as long as no model of it was chosen. */
const freeKind = ({ model, providers }: HostOptions, standard: string) => {
  const entry = providers[standard]
  return entry === undefined || model.name !== "" ? undefined : kindOf(standard, entry)
}

/** `auto`: Claude knows the names that clients of its API ask for; who else answers has a model that was chosen. */
const unknownOf = (options: HostOptions, standard: string): RoutingOptions["unknown"] => {
  const { unknown } = options.routing
  if (unknown === "reject" || unknown === "default") return unknown
  return unknown === "passthrough" || freeKind(options, standard) === "claude" ? { upstream: standard } : "default"
}

/** `auto`: OpenRouter has what is called as it calls its models. */
const vendorRules = (options: HostOptions, standard: string): ReadonlyArray<RoutingRule> =>
  options.routing.unknown === "auto" && freeKind(options, standard) === "openrouter"
    ? [
        {
          match: { _tag: "Pattern", regex: "[^/]+/.+" },
          title: "vendor/model",
          upstream: standard,
          model: undefined
        }
      ]
    : []

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
    rules: [
      ...own,
      ...aliases,
      standardRule(standard),
      ...byProvider(upstreams),
      ...vendorRules(options, standard.upstream)
    ],
    unknown: unknownOf(options, standard.upstream),
    default: standard,
    fallbacks,
    upstreams
  })
}
