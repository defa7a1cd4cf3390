/**
 * What clients can ask for: every name that stands in the routing, the rules for whatever else begins or looks like
 * something, and what becomes of all other names.
 */
import type { ModelRouter, RoutingRule } from "@signalbox/model"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { oneLine, type Style } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { readModels } from "./readModels.ts"

interface ShownRule {
  readonly type: "prefix" | "pattern"
  readonly text: string
  readonly title: string | null
  readonly provider: string
  /** As asked where it is null. */
  readonly model: string | null
  /** Whether the prefix is taken off a name that is passed on. */
  readonly strip: boolean
}

const shownRule = ({ match, model, title, upstream }: RoutingRule): ReadonlyArray<ShownRule> => {
  if (match._tag === "Exact") return []
  const to = { title: title ?? null, provider: upstream, model: model ?? null }
  return match._tag === "Prefix"
    ? [{ type: "prefix", text: match.text, ...to, strip: match.strip ?? false }]
    : [{ type: "pattern", text: match.regex, ...to, strip: false }]
}

/** Where a name goes that no rule is for; `refused` and `default` are no providers. */
const shownUnknown = ({ unknown }: ModelRouter["Service"]) => {
  if (unknown === "reject") return { type: "refused" as const, provider: null }
  if (unknown === "default") return { type: "default" as const, provider: null }
  return { type: "passed on" as const, provider: unknown.upstream }
}

/** The names of the routing, with the default first, and its rules in the order in which they decide. */
export const modelsList = Effect.gen(function* () {
  const { models } = yield* readModels
  const { chosen, router } = models
  const listed = yield* Effect.forEach(router.models, (name) =>
    Effect.map(router.resolve(name), ({ route }) => ({ name, provider: route.upstream, model: route.model }))
  )
  return {
    default: { provider: chosen.upstream, model: chosen.model, reason: chosen.reason },
    models: listed,
    rules: router.rules.flatMap(shownRule),
    unknown: shownUnknown(router)
  }
}).pipe(
  report({
    render: ({ default: standard, models, rules, unknown }) =>
      Effect.gen(function* () {
        const { line, style } = yield* Output
        yield* line(
          renderTable([
            [style.bold("(default)"), standard.provider, standard.model],
            ...models.map(({ model, name, provider }) => [style.bold(name), provider, model]),
            ...rules.map((rule) => ruleRow(rule, style)),
            [style.bold("(any other name)"), ...unknownCells(unknown)]
          ])
        )
        yield* line(style.dim(standard.reason))
      })
  })
)

const ruleRow = ({ model, provider, strip, text, title, type }: ShownRule, style: Style): ReadonlyArray<string> => {
  const names = type === "prefix" ? `${style.bold(text)}…` : style.bold(title ?? `pattern ${oneLine(text, 50)}`)
  return [names, provider, model ?? style.dim(strip ? `as asked, without ${text}` : "as asked")]
}

const unknownCells = ({ provider, type }: ReturnType<typeof shownUnknown>): ReadonlyArray<string> =>
  provider === null ? [type === "default" ? "as the default" : type, ""] : [provider, "as asked"]
