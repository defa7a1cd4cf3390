/**
 * The providers of a configuration with their keys and headers resolved, apart from those whose key is not set: such a
 * one only matters where the configuration names it.
 */
import type { HostOptions } from "../config/HostOptions.ts"
import { isKeyless, kindOf, type ProviderEntry, type ProviderKind } from "../config/ProviderEntry.ts"
import { resolveKey, resolveText, variablesIn } from "../config/secrets.ts"
import { MissingApiKey } from "../errors.ts"
import { Redacted } from "effect"
import type { ResolvedProvider } from "./makeProvider.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** Providers by name, and the error for each that lacks something. */
export interface ResolvedProviders {
  readonly ready: ReadonlyMap<string, ResolvedProvider>
  readonly missing: ReadonlyMap<string, MissingApiKey>
}

const missingKey = (name: string, { apiKey = "" }: ProviderEntry): MissingApiKey =>
  new MissingApiKey({ provider: name, variable: variablesIn(apiKey).join(", ") || `providers.${name}.apiKey` })

const wantsKey = (kind: ProviderKind, { apiKey = "" }: ProviderEntry): boolean => !isKeyless(kind) || apiKey !== ""

/** Headers as they are sent; `undefined` with the variable that is not set. */
const resolveHeaders = (headers: Readonly<Record<string, string>>, environment: Environment) => {
  const resolved: Record<string, string> = {}
  for (const [header, text] of Object.entries(headers)) {
    const value = resolveText(text, environment, "")
    if (value === undefined) return { unset: variablesIn(text).join(", ") }
    resolved[header] = typeof value === "string" ? value : Redacted.value(value)
  }
  return { headers: resolved }
}

/** Resolves all of them. Where callers bring their own keys, a provider needs none. */
export const resolveProviders = ({ providers, server }: HostOptions, environment: Environment): ResolvedProviders => {
  const areForwarded = server.auth.mode === "forward"
  const ready = new Map<string, ResolvedProvider>()
  const missing = new Map<string, MissingApiKey>()
  for (const [name, entry] of Object.entries(providers)) {
    const kind = kindOf(name, entry)
    // The schema has refused such entries.
    if (kind === undefined) continue
    const apiKey = resolveKey(entry.apiKey ?? "", environment)
    const { headers, unset } = resolveHeaders(entry.headers ?? {}, environment)
    if (unset !== undefined) missing.set(name, new MissingApiKey({ provider: name, variable: unset }))
    else if (apiKey === undefined && !areForwarded && wantsKey(kind, entry)) missing.set(name, missingKey(name, entry))
    else ready.set(name, { name, kind, entry, apiKey, headers })
  }
  return { ready, missing }
}
