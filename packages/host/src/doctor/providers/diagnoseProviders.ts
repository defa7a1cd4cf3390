/**
 * Finds out what is wrong with the providers of a configuration: whether each that is wanted can be reached, takes its key
 * and has the models that are asked of it. Nothing that costs anything is asked.
 */
import { Duration, Effect, Result } from "effect"
import type { LoadedConfig } from "../../config/ConfigFile.ts"
import type { ConfigPath } from "../../config/document.ts"
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

/** What suits a person who waits: the list of models is all that is asked for. */
export const providerDefaults = {
  timeout: Duration.seconds(10)
} as const satisfies Partial<DiagnoseProvidersOptions>

/** What was found. */
export interface ProviderDiagnosis {
  /** The providers that were looked at: whether one answers, and how many models it has, where it lists them. */
  readonly providers: ReadonlyArray<{
    readonly name: string
    readonly works: boolean
    readonly models: number | undefined
  }>
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

const keyMissing = (providerName: string, path: ConfigPath, why: string, wish = ""): ProviderFinding => ({
  code: "KEY_MISSING",
  severity: "error",
  providerName,
  path,
  message: `"${providerName}" cannot be asked: ${why}.`,
  fix: `Set it in your shell or in a file .env here${wish}.`
})

/** Those that cannot be asked, of those that are needed and of those that are asked about. */
const withoutKey = (
  config: LoadedConfig,
  { missing }: ResolvedProviders,
  { environment, only }: DiagnoseProvidersOptions
): ReadonlyArray<ProviderFinding> => {
  const places = new Map(namedProviders(config.options).map(({ name, path }) => [path.join("."), name]))
  const needed = missingKeys(config, environment).map(({ message, path, suggestion }) => {
    const name = places.get(path.join(".")) ?? String(path[1])
    return keyMissing(name, path, message, suggestion === undefined ? "" : ` (${suggestion})`)
  })
  if (only === undefined) return needed
  return only.flatMap((name) => {
    const lacking = missing.get(name)
    if (lacking === undefined) return []
    const known = needed.find(({ providerName }) => providerName === name)
    return [known ?? keyMissing(name, ["providers", name, "apiKey"], `${lacking.variable} is not set`)]
  })
}

/** Where callers bring their keys, a refusal of who has none is as it should be. */
const isWelcome = ({ outcome, provider }: ProviderProbe, { config }: Wishes): boolean =>
  Result.isSuccess(outcome) ||
  (outcome.failure._tag === "ProviderAuthFailed" &&
    provider.apiKey === undefined &&
    config.options.server.auth.mode === "forward")

const findingsOf = (probe: ProviderProbe, wishes: Wishes): ReadonlyArray<ProviderFinding> => {
  const { betterUrl, outcome, provider } = probe
  const { name } = provider
  const isNeeded = wishes.isNeeded(name)
  if (Result.isSuccess(outcome)) {
    const listed = outcome.success
    return listed === undefined ? [] : unknownModels(provider, listed, wishes.models, isNeeded ? "error" : "warning")
  }
  if (isWelcome(probe, wishes)) return []
  const { path, severity, ...explained } = explainProvider(outcome.failure, provider, betterUrl)
  return [
    {
      ...explained,
      providerName: name,
      path: ["providers", name, ...path],
      severity: isNeeded ? severity : "warning",
      message: outcome.failure.message
    }
  ]
}

/** Looks at providers, all at the same time. Never fails for what is wrong with one. */
export const diagnoseProviders = Effect.fn("diagnoseProviders")(function* (
  config: LoadedConfig,
  options: DiagnoseProvidersOptions
) {
  const { environment, only, timeout } = options
  const resolved = resolveProviders(config.options, environment)
  const wishes = yield* wishesOf(config, resolved)
  const missing = withoutKey(config, resolved, options)
  const isAsked = (name: string) => only?.includes(name) ?? wishes.isNeeded(name)
  const asked = [...resolved.ready.values()].filter(
    ({ apiKey, kind, name }) => isAsked(name) || (only === undefined && (apiKey !== undefined || isKeyless(kind)))
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
      ...missing.map(({ providerName: name }) => ({ name, works: false, models: undefined })),
      ...shown.map((probe) => ({
        name: probe.provider.name,
        works: isWelcome(probe, wishes),
        models: Result.isSuccess(probe.outcome) ? probe.outcome.success?.length : undefined
      }))
    ],
    findings: [...missing, ...shown.flatMap((probe) => findingsOf(probe, wishes))]
  } satisfies ProviderDiagnosis
})
