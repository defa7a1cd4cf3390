/**
 * Which model answers where nobody names one: that of the configuration, or with `auto` the first provider that has a
 * key, else an Ollama that answers, else the offline model. The choice always says why, and how to choose otherwise.
 */
import type { BudgetOptions, LanguageModel, ModelRoute } from "@signalbox/model"
import { Effect } from "effect"
import type { HostOptions } from "../config/HostOptions.ts"
import { variablesIn } from "../config/secrets.ts"
import { MissingApiKey } from "../errors.ts"
import { listModels } from "./listModels.ts"
import type { ModelContext } from "./modelContext.ts"
import { modelOfProvider, readModelReference } from "./modelReference.ts"
import type { ResolvedProviders } from "./resolveProviders.ts"

/** The model in use and the reason for it, in words for a person. */
export interface ChosenModel {
  readonly service: LanguageModel["Service"]
  /** The name of its provider in the configuration, or `offline`. */
  readonly upstream: string
  /** The provider's name for the model; empty for the offline model. */
  readonly model: string
  readonly reason: string
  /** What one turn with it may spend; `undefined` where nothing is limited. */
  readonly budget: BudgetOptions | undefined
  /** How much it takes at once, and who writes summaries. */
  readonly context: ModelContext
}

/** A choice before there is anything that could be asked. */
export interface Choice {
  readonly route: ModelRoute
  readonly reason: string
}

/** The order in which `auto` tries providers; those of the configuration's own come after these. */
const order = ["claude", "openai", "openrouter"]

const howToChoose = "choose another with --provider and --model"

const offline = (reason: string): Choice => ({ route: { upstream: "offline", model: "" }, reason })

const chooseNamed = Effect.fnUntraced(function* (
  options: HostOptions,
  { missing, ready }: ResolvedProviders,
  name: string,
  why: string
) {
  const provider = ready.get(name)
  if (provider === undefined) {
    const error = missing.get(name)
    return error === undefined ? offline(`there is no provider "${name}"`) : yield* error
  }
  const { apiKey, entry } = provider
  const configured = options.model.name === "" ? entry.model : options.model.name
  const model = configured === "" && apiKey === undefined ? ((yield* listModels(entry.baseUrl))?.[0] ?? "") : configured
  return { route: { upstream: name, model }, reason: `${why}; ${howToChoose}` } satisfies Choice
})

/** The same with the name that the provider has for the model: its own name may stand before it. */
const withOwnName = (options: HostOptions, { ready }: ResolvedProviders): HostOptions => {
  const { name, provider } = options.model
  return { ...options, model: { ...options.model, name: modelOfProvider(name, provider, ready.get(provider)?.kind) } }
}

/** An Ollama that answers and has a model: that which is named, where one is. Ollama's names end with a tag. */
const chooseOllama = Effect.fnUntraced(function* (options: HostOptions, { ready }: ResolvedProviders) {
  const entry = ready.get("ollama")?.entry
  const models = entry === undefined ? [] : ((yield* listModels(entry.baseUrl)) ?? [])
  const [first] = models
  const { name } = options.model
  if (entry === undefined || first === undefined) return undefined
  if (name !== "" && !models.includes(name) && !models.includes(`${name}:latest`)) return undefined
  const model = [name, entry.model].find((one) => one !== "") ?? first
  const reason = `an Ollama answers at ${entry.baseUrl}; ${howToChoose}`
  return { route: { upstream: "ollama", model }, reason } satisfies Choice
})

/**
 * The provider of a model that is named as `provider/model`. The names of OpenRouter's models look the same, and are
 * meant where the provider that one begins with has no key.
 */
const chooseByName = Effect.fnUntraced(function* (options: HostOptions, providers: ResolvedProviders) {
  const { missing, ready } = providers
  const known = new Set([...ready.keys(), ...missing.keys()])
  const { model, upstream } = readModelReference(options.model.name, known, "")
  if (upstream === "" || model === "") return undefined
  if (missing.has(upstream) && ready.has("openrouter"))
    return yield* chooseNamed(options, providers, "openrouter", "the model is named as it names its models")
  const own = { ...options, model: { ...options.model, name: model } }
  return yield* chooseNamed(own, providers, upstream, "the model is named with it")
})

/** Who names a model does not want to be answered by what is none. */
const requireNoModel = ({ model: { name } }: HostOptions, { missing }: ResolvedProviders) => {
  const variable = [...missing.values()].map((error) => error.variable).join(", ")
  return name === "" ? Effect.void : Effect.fail(new MissingApiKey({ provider: "auto", variable, model: name }))
}

const isOffline = ({ model: { name, provider } }: HostOptions): boolean =>
  provider === "offline" || (provider === "auto" && name === "offline")

/** Chooses. Asks no provider anything, but for what a local one has and whether an Ollama is there. */
export const chooseModel = Effect.fn("chooseModel")(function* (options: HostOptions, providers: ResolvedProviders) {
  const { provider } = options.model
  if (isOffline(options)) return offline(provider === "auto" ? "it is named" : "the configuration says so")
  if (provider !== "auto")
    return yield* chooseNamed(withOwnName(options, providers), providers, provider, "the configuration names it")
  const byName = yield* chooseByName(options, providers)
  if (byName !== undefined) return byName
  const keyed = [...providers.ready].flatMap(([name, { apiKey }]) => (apiKey === undefined ? [] : [name]))
  const candidate = [...order, ...keyed].find((name) => keyed.includes(name))
  if (candidate === undefined) {
    const ollama = yield* chooseOllama(options, providers)
    if (ollama !== undefined) return ollama
    yield* requireNoModel(options, providers)
    return offline("no key is set and no Ollama answers")
  }
  const variables = variablesIn(providers.ready.get(candidate)?.entry.apiKey ?? "").join(", ")
  return yield* chooseNamed(options, providers, candidate, `${variables || "its key"} is set`)
})
