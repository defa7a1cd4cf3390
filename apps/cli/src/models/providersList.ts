/**
 * The providers of a configuration, and whether each can be asked.
 */
import { isKeyless, kindOf, type ProviderEntry, type Upstream, variablesIn } from "@signalbox/host"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { readProviders } from "./readModels.ts"

/** Callers bring theirs where the server hands keys on. */
const keyOf = ({ apiKey, kind }: Upstream, entry: ProviderEntry) => {
  if (apiKey !== undefined) return "set"
  return kind !== "offline" && isKeyless(kind) && (entry.apiKey ?? "") === "" ? "none wanted" : "of the caller"
}

/** Says nothing of a key but whether it is there. */
export const providersList = Effect.gen(function* () {
  const { config, models } = yield* readProviders
  const providers = Object.entries(config.options.providers).map(([name, entry]) => {
    const upstream = models.upstreams.get(name)
    const kind = kindOf(name, entry) ?? name
    const variable = variablesIn(entry.apiKey ?? "")[0] ?? null
    return {
      name,
      kind,
      baseUrl: entry.baseUrl,
      model: entry.model,
      key: upstream === undefined ? "missing" : keyOf(upstream, entry),
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
