/**
 * Which model answers: the one that the configuration names, or with `auto` the first provider that has a
 * key, else an Ollama that answers, else the offline model. The choice always says why, and how to choose otherwise.
 */
import { type LanguageModel, makeLanguageModel, retryModel } from "@signalbox/model"
import { retryPolicy } from "@signalbox/resilience"
import { Effect, Predicate, type Redacted, Stream } from "effect"
import { HttpClient } from "effect/http"
import type { HostOptions } from "./config/HostOptions.ts"
import { resolveKey, variablesIn } from "./config/secrets.ts"
import { MissingApiKey } from "./errors.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** The model in use and the reason for it, in words for a person. */
export interface ChosenModel {
  readonly service: LanguageModel["Service"]
  /** The provider's name for the model; empty for the offline model. */
  readonly model: string
  readonly reason: string
}

/** Providers that need a key, in the order in which `auto` tries them. */
const keyed = ["claude", "openai", "openrouter"] as const
type Keyed = (typeof keyed)[number]

const retrying = ({ model: { retry } }: HostOptions) =>
  retryModel(
    retryPolicy({
      attempts: retry.attempts,
      base: retry.firstDelay,
      factor: retry.factor,
      cap: retry.maxDelay,
      jitter: "equal"
    })
  )

const howToChoose = "choose another with --provider and --model"

const keyOf = (options: HostOptions, provider: Keyed, environment: Environment): Redacted.Redacted | undefined =>
  resolveKey(options.providers[provider].apiKey, environment)

// Each is loaded when it is chosen: a program uses one, and one that only calls tools uses none.
const claude = Effect.promise(() => import("@signalbox/provider-claude"))
const openAi = Effect.promise(() => import("@signalbox/provider-openai"))
const offlineModel = Effect.map(
  Effect.promise(() => import("@signalbox/model/offline")),
  ({ offlineModel }) => offlineModel()
)

const makeKeyed = Effect.fnUntraced(function* (
  options: HostOptions,
  provider: Keyed,
  apiKey: Redacted.Redacted,
  model: string
) {
  const { baseUrl } = options.providers[provider]
  if (provider === "claude") {
    const { claudeDefaults, makeClaude } = yield* claude
    return yield* makeClaude({ ...claudeDefaults, apiKey, baseUrl, defaultModel: model })
  }
  const { makeOpenAi, openAiDefaults, openRouterDefaults } = yield* openAi
  const defaults = provider === "openai" ? openAiDefaults : openRouterDefaults
  return yield* makeOpenAi({ ...defaults, apiKey, baseUrl, defaultModel: model })
})

const chooseKeyed = Effect.fnUntraced(function* (
  options: HostOptions,
  provider: Keyed,
  environment: Environment,
  why: string
) {
  const { apiKey: reference, model: configured } = options.providers[provider]
  const apiKey = keyOf(options, provider, environment)
  if (apiKey === undefined) {
    const variable = variablesIn(reference).join(", ") || `providers.${provider}.apiKey`
    return yield* new MissingApiKey({ provider, variable })
  }
  const model = options.model.name === "" ? configured : options.model.name
  const service = retrying(options)(yield* makeKeyed(options, provider, apiKey, model))
  return { service, model, reason: `${why}; ${howToChoose}` } satisfies ChosenModel
})

const ollamaModels = Effect.fnUntraced(
  function* (baseUrl: string) {
    const client = yield* HttpClient.HttpClient
    const response = yield* client.get(`${baseUrl}/models`)
    const body = yield* response.json
    const data = Predicate.hasProperty(body, "data") && Array.isArray(body.data) ? body.data : []
    return data.flatMap((entry: unknown) =>
      Predicate.hasProperty(entry, "id") && typeof entry.id === "string" ? [entry.id] : []
    )
  },
  // Something else on that port, or nothing: either way there is no Ollama to talk to.
  Effect.timeoutOption("400 millis"),
  Effect.orElseSucceed(() => undefined),
  Effect.map((found) => (found?._tag === "Some" ? found.value : undefined))
)

const chooseOllama = Effect.fnUntraced(function* (options: HostOptions, models: ReadonlyArray<string>, why: string) {
  const { baseUrl, model: configured } = options.providers.ollama
  const model = options.model.name || configured || models[0] || ""
  const { makeOpenAi, ollamaDefaults } = yield* openAi
  const service = retrying(options)(
    yield* makeOpenAi({ ...ollamaDefaults, apiKey: undefined, baseUrl, defaultModel: model })
  )
  return { service, model, reason: `${why}; ${howToChoose}` } satisfies ChosenModel
})

const offline = (why: string): ChosenModel => ({
  service: makeLanguageModel({
    provider: "offline",
    defaultModel: "offline",
    stream: (request) => Stream.unwrap(Effect.map(offlineModel, (model) => model.stream(request)))
  }),
  model: "",
  reason: why
})

/** Chooses the model. Asks no provider anything, but for whether an Ollama is there when `auto` comes to it. */
export const chooseModel = Effect.fn("chooseModel")(function* (options: HostOptions, environment: Environment) {
  const { provider } = options.model
  if (provider === "offline") return offline("the configuration says so")
  if (provider === "ollama") {
    const models = (yield* ollamaModels(options.providers.ollama.baseUrl)) ?? []
    return yield* chooseOllama(options, models, "the configuration names it")
  }
  if (provider !== "auto") return yield* chooseKeyed(options, provider, environment, "the configuration names it")
  for (const candidate of keyed) {
    if (keyOf(options, candidate, environment) === undefined) continue
    const variables = variablesIn(options.providers[candidate].apiKey).join(", ")
    return yield* chooseKeyed(options, candidate, environment, `${variables || "its key"} is set`)
  }
  const models = yield* ollamaModels(options.providers.ollama.baseUrl)
  if (models !== undefined && models.length > 0) {
    return yield* chooseOllama(options, models, `an Ollama answers at ${options.providers.ollama.baseUrl}`)
  }
  return offline("no key is set and no Ollama answers")
})
