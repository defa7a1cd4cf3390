/**
 * The providers of a configuration, and whether each can be asked.
 */
import { kindOf, variablesIn } from "@signalbox/host"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { readModels } from "./readModels.ts"

/** Says nothing of a key but whether it is there. */
export const providersList = Effect.gen(function* () {
  const { config, models } = yield* readModels
  const providers = Object.entries(config.options.providers).map(([name, entry]) => {
    const upstream = models.upstreams.get(name)
    const variable = variablesIn(entry.apiKey ?? "")[0] ?? null
    return {
      name,
      kind: kindOf(name, entry) ?? name,
      baseUrl: entry.baseUrl,
      model: entry.model,
      key: upstream === undefined ? "missing" : upstream.apiKey === undefined ? "none wanted" : "set",
      variable,
      isDefault: models.chosen.upstream === name
    }
  })
  return { providers }
}).pipe(
  report({
    render: ({ providers }) =>
      Effect.gen(function* () {
        const { line, style } = yield* Output
        const rows = providers.map(({ baseUrl, isDefault, key, kind, model, name, variable }) => [
          style.bold(name),
          kind === name ? "" : kind,
          key === "missing" ? style.yellow(`key missing${variable === null ? "" : ` (${variable})`}`) : `key ${key}`,
          model,
          style.dim(isDefault ? `${baseUrl}  answers where nobody names a model` : baseUrl)
        ])
        yield* line(renderTable(rows))
      })
  })
)
