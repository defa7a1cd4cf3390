/**
 * Which upstream and model a name of a model stands for: rules in order, the first that fits decides.
 * A route is two fields, never a prefix of a string; prefixes are understood where somebody else's names have them.
 */
import { Result } from "effect"
import { RoutingPlanInvalid } from "../errors.ts"
import { nearestName } from "../nearestName.ts"
import { linearPattern } from "../patterns/linearPattern.ts"

/** Where a request goes: the name of an upstream, and the name that this upstream has for the model. */
export interface ModelRoute {
  readonly upstream: string
  /** Empty for the upstream's default. */
  readonly model: string
}

/** Which names a rule is for. */
export type ModelMatch =
  | { readonly _tag: "Exact"; readonly text: string }
  /** `strip` takes the prefix off the name where the rule names no model. */
  | { readonly _tag: "Prefix"; readonly text: string; readonly strip?: boolean }
  /** A regular expression that fits the whole name, in the syntax of `linearPattern`: takes linear time on any name. */
  | { readonly _tag: "Pattern"; readonly regex: string }

/** One rule. */
export interface RoutingRule {
  readonly match: ModelMatch
  readonly upstream: string
  /** `undefined`: as asked, without the prefix where the rule strips it. */
  readonly model: string | undefined
  /** What a person calls such names, where the match itself says little. */
  readonly title?: string
}

/** What is asked next when a route fails before its answer began. */
export interface RouteFallbacks {
  readonly upstream: string
  /** `undefined`: for every model of the upstream that has no entry of its own. */
  readonly model: string | undefined
  readonly routes: ReadonlyArray<ModelRoute>
}

/** What a plan is made from. */
export interface RoutingOptions {
  readonly rules: ReadonlyArray<RoutingRule>
  /** What becomes of a name that no rule is for: refused, the default route, or passed on as it is to an upstream. */
  readonly unknown: "reject" | "default" | { readonly upstream: string }
  /** Where requests go that name no model. */
  readonly default: ModelRoute
  readonly fallbacks: ReadonlyArray<RouteFallbacks>
  /** The names that the upstreams have; a rule that names another is a problem. */
  readonly upstreams: ReadonlyArray<string>
}

/** Checked rules. */
export interface RoutingPlan extends RoutingOptions {
  /** For each rule, whether it is for a name. */
  readonly matchers: ReadonlyArray<(name: string) => boolean>
}

/** Checks the rules; all problems are reported at once. */
export const makeRoutingPlan = (options: RoutingOptions): Result.Result<RoutingPlan, RoutingPlanInvalid> => {
  const tests = options.rules.map(({ match }) => testOf(match))
  const problems = [
    ...tests.flatMap((test, index) => (Result.isFailure(test) ? [`rule ${index + 1}: ${test.failure}`] : [])),
    ...unknownUpstreams(options)
  ]
  if (problems.length > 0) return Result.fail(new RoutingPlanInvalid({ problems }))
  return Result.succeed({ ...options, matchers: tests.map(Result.getOrElse(() => fitsNothing)) })
}

const fitsNothing = () => false

const testOf = (match: ModelMatch): Result.Result<(name: string) => boolean, string> => {
  switch (match._tag) {
    case "Exact":
      return Result.succeed((name) => name === match.text)
    case "Prefix":
      return match.text === ""
        ? Result.fail("an empty prefix fits every name")
        : Result.succeed((name) => name.startsWith(match.text))
    case "Pattern":
      return Result.mapError(linearPattern(match.regex), (problem) => `the pattern "${match.regex}": ${problem}`)
  }
}

const unknownUpstreams = ({ default: route, fallbacks, rules, unknown, upstreams }: RoutingOptions) => {
  const named: ReadonlyArray<readonly [where: string, upstream: string]> = [
    ...rules.map(({ upstream }, index) => [`rule ${index + 1}`, upstream] as const),
    ["the default", route.upstream],
    ...(typeof unknown === "string" ? [] : [["unknown models", unknown.upstream] as const]),
    ...fallbacks.flatMap(({ routes, upstream }) => [
      [`the fallbacks of "${upstream}"`, upstream] as const,
      ...routes.map((fallback) => [`the fallbacks of "${upstream}"`, fallback.upstream] as const)
    ])
  ]
  const known = new Set(upstreams)
  return named.flatMap(([where, upstream]) => {
    if (known.has(upstream)) return []
    const nearest = nearestName(upstream, upstreams)
    const meant = nearest === undefined ? "" : ` (did you mean "${nearest}"?)`
    return [`${where}: there is no upstream "${upstream}"${meant}`]
  })
}
