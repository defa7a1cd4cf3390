/**
 * What a request for one name would do.
 */
import type { ModelRoute, RoutingRule } from "@signalbox/model"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { oneLine } from "../render/style.ts"
import { report } from "../report.ts"
import { readModels } from "./readModels.ts"

const ruleWords = ({ match }: RoutingRule): string =>
  match._tag === "Pattern"
    ? `pattern ${oneLine(match.regex, 60)}`
    : `${match._tag === "Exact" ? "name" : "prefix"} ${match.text}`

const routeWords = ({ model, upstream }: ModelRoute): string => (model === "" ? upstream : `${upstream}/${model}`)

/** The provider and the model behind a name, the rule that decided, and what is asked next when it fails. */
export const modelsResolve = (name: string) =>
  Effect.gen(function* () {
    const { models } = yield* readModels
    const { fallbacks, requested, route, rule } = yield* models.router.resolve(name)
    return {
      requested,
      provider: route.upstream,
      model: route.model,
      rule: rule === undefined ? null : ruleWords(rule),
      fallbacks: fallbacks.map(({ model, upstream }) => ({ provider: upstream, model }))
    }
  }).pipe(
    report({
      render: ({ fallbacks, model, provider, requested, rule }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          yield* line(`${style.bold(requested)} → ${routeWords({ upstream: provider, model })}`)
          yield* line(style.dim(rule === null ? "no rule is for it" : `by the rule: ${rule}`))
          for (const next of fallbacks) {
            yield* line(style.dim(`then ${routeWords({ upstream: next.provider, model: next.model })}`))
          }
        })
    })
  )
