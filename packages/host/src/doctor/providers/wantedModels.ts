/**
 * The models that a configuration wants of its providers, each with the key that asks for it.
 */
import { nearestName } from "@signalbox/model"
import type { ConfigPath } from "../../config/document.ts"
import type { HostOptions } from "../../config/HostOptions.ts"
import { modelOfProvider, readModelReference } from "../../models/modelReference.ts"

/** A model that may be asked for. */
export interface WantedModel {
  readonly provider: string
  readonly model: string
  readonly path: ConfigPath
}

/** Each model of a provider once, with the first key that asks for it. `standard` is who answers where nobody is named. */
export const wantedModels = (
  { agents, model: own, providers, routing }: HostOptions,
  standard: string
): ReadonlyArray<WantedModel> => {
  const known = new Set(Object.keys(providers))
  const wanted = new Map<string, WantedModel>()
  const add = (provider: string, model: string | undefined, ...path: ConfigPath) => {
    const key = JSON.stringify([provider, model])
    if (known.has(provider) && model !== undefined && model !== "" && !wanted.has(key))
      wanted.set(key, { provider, model, path })
  }
  const addReference = (text: string, ...path: ConfigPath) => {
    const { model, upstream } = readModelReference(text, known, standard)
    add(upstream, model, ...path)
  }
  const nameOf = (provider: string, name: string) =>
    own.provider === "auto"
      ? readModelReference(name, known, provider).model
      : modelOfProvider(name, provider, providers[provider]?.kind ?? provider)
  for (const [name, { model }] of Object.entries(providers)) add(name, model, "providers", name, "model")
  add(standard, nameOf(standard, own.name), "model", "name")
  routing.rules.forEach((rule, index) => add(rule.provider, rule.model, "routing", "rules", index, "model"))
  addReference(routing.big, "routing", "big")
  addReference(routing.small, "routing", "small")
  for (const [of, routes] of Object.entries(routing.fallbacks)) {
    routes.forEach((route, index) => addReference(route, "routing", "fallbacks", of, index))
  }
  for (const [agent, { model }] of Object.entries(agents)) {
    const provider = model?.provider ?? standard
    add(known.has(provider) ? provider : standard, model?.name, "agents", agent, "model", "name")
  }
  return [...wanted.values()]
}

/** Dates of versions: `-20250929`, `-2025-08-07`. */
const dated = /^-(\d{8}|\d{4}-\d\d-\d\d)$/

/** Whether a list has a model that is asked for by this name: lists have dates, tags and variants that names leave out. */
export const isListed = (model: string, listed: ReadonlyArray<string>): boolean => {
  const plain = model.replace(/^~/, "").replace(/-latest$/, "")
  const withoutVariant = plain.replace(/:[\w.-]+$/, "")
  return listed.some((entry) => {
    const id = entry.replace(/^models\//, "")
    if (id === model || id === plain || id === withoutVariant || id === `${model}:latest`) return true
    return id.startsWith(plain) && dated.test(id.slice(plain.length))
  })
}

/** The model of a list that was probably meant. */
export const nearestModel = (model: string, listed: ReadonlyArray<string>): string | undefined =>
  listed.find((id) => id.endsWith(`/${model}`)) ?? nearestName(model, listed)
