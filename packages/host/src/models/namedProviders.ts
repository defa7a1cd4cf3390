/**
 * Which providers a configuration names, and where: their keys must be set, and their names be right.
 */
import type { HostOptions } from "../config/HostOptions.ts"
import { readModelReference } from "./modelReference.ts"

/** A provider that is named. `who` is the key that does, as it is said to people. */
export interface NamedProvider {
  readonly name: string
  readonly who: string
}

/** Each provider once, with the first key that names it. `auto` and `offline` are none. */
export const namedProviders = ({ model, providers, routing }: HostOptions): ReadonlyArray<NamedProvider> => {
  const known = new Set(Object.keys(providers))
  const named = new Map<string, string>()
  const add = (name: string, who: string) => {
    if (known.has(name) && !named.has(name)) named.set(name, who)
  }
  const addReference = (text: string, who: string) => add(readModelReference(text, known, "").upstream, who)
  add(model.provider, "model.provider")
  routing.rules.forEach((rule, index) => add(rule.provider, `routing.rules.${index}`))
  addReference(routing.big, "routing.big")
  addReference(routing.small, "routing.small")
  for (const [of, routes] of Object.entries(routing.fallbacks)) {
    for (const route of routes) addReference(route, `routing.fallbacks.${of}`)
  }
  return [...named].map(([name, who]) => ({ name, who }))
}
