/**
 * Models as a configuration writes them: `provider/model`. Names of models may hold slashes themselves, so only what
 * is the name of a provider counts as one.
 */
import type { ModelRoute } from "@signalbox/model"

/** The route that a text means; without a known provider it is a model of `standard`. */
export const readModelReference = (text: string, providers: ReadonlySet<string>, standard: string): ModelRoute => {
  const slash = text.indexOf("/")
  const first = slash < 0 ? text : text.slice(0, slash)
  if (!providers.has(first)) return { upstream: standard, model: text }
  return { upstream: first, model: slash < 0 ? "" : text.slice(slash + 1) }
}

/** Those that resell have models of their own, which are called after them: `openrouter/auto`, `groq/compound`. */
const resellers: ReadonlySet<string | undefined> = new Set(["openrouter", "groq"])

/** The model that a name means at a provider: its own name before it is taken off, where what is behind it may be a model. */
export const modelOfProvider = (name: string, provider: string, kind: string | undefined): string => {
  const { model, upstream } = readModelReference(name, new Set([provider]), "")
  return upstream === "" || (resellers.has(kind) && name.includes("/") && !model.includes("/")) ? name : model
}
