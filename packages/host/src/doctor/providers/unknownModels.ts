/**
 * The models that a configuration wants of a provider and that it does not have.
 */
import type { ResolvedProvider } from "../../models/makeProvider.ts"
import type { ProviderFinding, Severity } from "../Finding.ts"
import { isListed, nearestModel, type WantedModel } from "./wantedModels.ts"

/** How many of the models that there are a person is shown. */
const shown = 5

const noModel = ({ entry, kind, name }: ResolvedProvider, severity: Severity): ProviderFinding => ({
  code: "NO_MODEL",
  severity,
  providerName: name,
  path: ["providers", name],
  message: `"${name}" runs at ${entry.baseUrl} and has no model.`,
  fix: kind === "ollama" ? 'Fetch one: "ollama pull llama3.2".' : "Load one there."
})

const fixOf = (model: string, listed: ReadonlyArray<string>, isOllama: boolean): string => {
  const nearest = nearestModel(model, listed)
  if (nearest !== undefined) return `Did you mean "${nearest}"?`
  const more = listed.length > shown ? `, and ${listed.length - shown} more` : ""
  const fetch = isOllama ? `Fetch it: "ollama pull ${model}". Or name` : "Name"
  return `${fetch} one that it has: ${listed.slice(0, shown).join(", ")}${more}.`
}

/** A finding for each of them; `listed` are the models that the provider has. */
export const unknownModels = (
  provider: ResolvedProvider,
  listed: ReadonlyArray<string>,
  wanted: ReadonlyArray<WantedModel>,
  severity: Severity
): ReadonlyArray<ProviderFinding> => {
  const { kind, name } = provider
  // There a name is that of a deployment of one's own, and what is listed are the models behind them.
  if (kind === "azure") return []
  if (listed.length === 0) return [noModel(provider, severity)]
  return wanted
    .filter((one) => one.provider === name && !isListed(one.model, listed))
    .map(({ model, path }) => ({
      code: "MODEL_UNKNOWN",
      severity,
      providerName: name,
      path,
      message: `"${name}" has no model "${model}", or not for this key.`,
      fix: fixOf(model, listed, kind === "ollama")
    }))
}
