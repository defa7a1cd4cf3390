/**
 * Finds out what is wrong with the providers of a configuration: whether each that is wanted can be reached, takes its key
 * and has the models that are asked of it. Nothing that costs anything is asked.
 */
import { type Duration, Effect, Result } from "effect"
import type { LoadedConfig } from "../../config/ConfigFile.ts"
import { isKeyless } from "../../config/ProviderEntry.ts"
import { chooseModel } from "../../models/chooseModel.ts"
import { missingKeys } from "../../models/missingKeys.ts"
import { namedProviders } from "../../models/namedProviders.ts"
import { resolveProviders, type ResolvedProviders } from "../../models/resolveProviders.ts"
import type { ProviderFinding } from "../Finding.ts"
import { explainProvider } from "./explainProvider.ts"
import { probeProvider, type ProviderProbe } from "./probeProvider.ts"
import { unknownModels } from "./unknownModels.ts"
import { type WantedModel, wantedModels } from "./wantedModels.ts"

/** What the doctor is told. */
export interface DiagnoseProvidersOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** How long one provider may take. */
  readonly timeout: Duration.Duration
  /** The providers that are looked at; all that are wanted, have a key or run on this machine when it is left out. */
  readonly only?: ReadonlyArray<string>
}

/** What was found. */
export interface ProviderDiagnosis {
  /** The providers that were looked at. `models` says how many one has, where it works and lists them. */
  readonly providers: ReadonlyArray<{ readonly name: string; readonly models: number | undefined }>
  readonly findings: ReadonlyArray<ProviderFinding>
}

/** What a configuration wants of its providers. */
interface Wishes {
  readonly config: LoadedConfig
  readonly models: ReadonlyArray<WantedModel>
  /** Whether it names a provider, or is answered by it where nobody names one. */
  readonly isNeeded: (name: string) => boolean
}

const wishesOf = Effect.fnUntraced(function* (config: LoadedConfig, resolved: ResolvedProviders) {
  const { options } = config
  const standard = yield* chooseModel(options, resolved).pipe(
    Effect.match({ onSuccess: ({ route }) => route.upstream, onFailure: () => options.model.provider })
  )
  const needed = new Set([standard, ...namedProviders(options).map(({ name }) => name)])
  const wishes: Wishes = { config, models: wantedModels(options, standard), isNeeded: (name) => needed.has(name) }
  return wishes
})

const withoutKey = (
  config: LoadedConfig,
  environment: DiagnoseProvidersOptions["environment"]
): ReadonlyArray<ProviderFinding> => {
  const places = new Map(namedProviders(config.options).map(({ name, path }) => [path.join("."), name]))
  return missingKeys(config, environment).map(({ message, path, suggestion }) => {
    const providerName = places.get(path.join(".")) ?? String(path[1])
    return {
      code: "KEY_MISSING",
      severity: "error",
      providerName,
      path,
      message: `"${providerName}" cannot be asked: ${message}.`,
      fix: `Set it in your shell or in a file .env here${suggestion === undefined ? "" : ` (${suggestion})`}.`
    }
  })
}

const findingsOf = (
  { betterUrl, outcome, provider }: ProviderProbe,
  { config, isNeeded, models }: Wishes
): ReadonlyArray<ProviderFinding> => {
  const { apiKey, name } = provider
  if (Result.isSuccess(outcome)) {
    const listed = outcome.success
    return listed === undefined ? [] : unknownModels(provider, listed, models, isNeeded(name) ? "error" : "warning")
  }
  const { _tag, message } = outcome.failure
  // Callers bring their keys: without one a refusal is as it should be.
  const isForwarded = apiKey === undefined && config.options.server.auth.mode === "forward"
  if (_tag === "ProviderAuthFailed" && isForwarded) return []
  const { path, severity, ...explained } = explainProvider(outcome.failure, provider, betterUrl)
  return [
    {
      ...explained,
      providerName: name,
      path: ["providers", name, ...path],
      severity: isNeeded(name) ? severity : "warning",
      message
    }
  ]
}

/** Looks at providers, all at the same time. Never fails for what is wrong with one. */
export const diagnoseProviders = Effect.fn("diagnoseProviders")(function* (
  config: LoadedConfig,
  { environment, only, timeout }: DiagnoseProvidersOptions
) {
  const resolved = resolveProviders(config.options, environment)
  const wishes = yield* wishesOf(config, resolved)
  const isWanted = (name: string) => only?.includes(name) ?? true
  const missing = withoutKey(config, environment).filter(({ providerName }) => isWanted(providerName))
  const isAsked = (name: string) => only !== undefined || wishes.isNeeded(name)
  const asked = [...resolved.ready.values()].filter(
    ({ apiKey, kind, name }) => isWanted(name) && (apiKey !== undefined || isKeyless(kind) || isAsked(name))
  )
  const probes = yield* Effect.forEach(asked, (provider) => probeProvider(provider, timeout), {
    concurrency: "unbounded"
  })
  // What does not run on this machine is nobody's business as long as nobody asks for it.
  const shown = probes.filter(
    ({ outcome, provider: { apiKey, name } }) => apiKey !== undefined || isAsked(name) || Result.isSuccess(outcome)
  )
  return {
    providers: [
      ...missing.map(({ providerName: name }) => ({ name, models: undefined })),
      ...shown.map(({ outcome, provider: { name } }) => ({
        name,
        models: Result.isSuccess(outcome) ? outcome.success?.length : undefined
      }))
    ],
    findings: [...missing, ...shown.flatMap((probe) => findingsOf(probe, wishes))]
  } satisfies ProviderDiagnosis
})
