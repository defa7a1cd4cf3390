/**
 * Which providers a configuration names, and where: their keys must be set, and their names be right.
 */
import type { ConfigPath } from "../config/document.ts"
import type { HostOptions } from "../config/HostOptions.ts"
import { readModelReference } from "./modelReference.ts"

/** A provider that is named, and the key that names it. */
export interface NamedProvider {
  readonly name: string
  readonly path: ConfigPath
}

/** Each provider once, with the first key that names it. `auto` and `offline` are none. */
export const namedProviders = ({ model, providers, routing }: HostOptions): ReadonlyArray<NamedProvider> => {
  const known = new Set(Object.keys(providers))
  const named = new Map<string, ConfigPath>()
  const add = (name: string, ...path: ConfigPath) => {
    if (known.has(name) && !named.has(name)) named.set(name, path)
  }
  const addReference = (text: string, ...path: ConfigPath) => add(readModelReference(text, known, "").upstream, ...path)
  add(model.provider, "model", "provider")
  routing.rules.forEach((rule, index) => add(rule.provider, "routing", "rules", index, "provider"))
  addReference(routing.big, "routing", "big")
  addReference(routing.small, "routing", "small")
  for (const [of, routes] of Object.entries(routing.fallbacks)) {
    routes.forEach((route, index) => addReference(route, "routing", "fallbacks", of, index))
  }
  return [...named].map(([name, path]) => ({ name, path }))
}
