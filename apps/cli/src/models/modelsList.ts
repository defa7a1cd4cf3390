/**
 * Every name that clients can ask for, and what it stands for.
 */
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { readModels } from "./readModels.ts"

/** The names of the routing, with the default first. */
export const modelsList = Effect.gen(function* () {
  const { models } = yield* readModels
  const { chosen, router } = models
  const listed = yield* Effect.forEach(router.models, (name) =>
    Effect.map(router.resolve(name), ({ route }) => ({ name, provider: route.upstream, model: route.model }))
  )
  return { default: { provider: chosen.upstream, model: chosen.model, reason: chosen.reason }, models: listed }
}).pipe(
  report({
    render: ({ default: standard, models }) =>
      Effect.gen(function* () {
        const { line, style } = yield* Output
        const rows = models.map(({ model, name, provider }) => [style.bold(name), provider, model])
        yield* line(renderTable([[style.bold("(default)"), standard.provider, standard.model], ...rows]))
        yield* line(style.dim(standard.reason))
      })
  })
)
