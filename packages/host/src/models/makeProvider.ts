/**
 * The model of one provider, loaded when it is first asked: a program uses one of them, and one that only calls
 * tools uses none.
 */
import { type LanguageModel, makeLanguageModel, type ModelRequest } from "@signalbox/model"
import type { ClaudeOptions } from "@signalbox/provider-claude"
import type { OpenAiOptions } from "@signalbox/provider-openai"
import { Effect, Redacted, Stream } from "effect"
import type { HttpClient } from "effect/http"
import type { ProviderEntry, ProviderKind } from "../config/ProviderEntry.ts"

/** A provider of the configuration with what surrounds it resolved. */
export interface ResolvedProvider {
  readonly name: string
  readonly kind: ProviderKind
  readonly entry: ProviderEntry
  /** Absent where none is wanted. */
  readonly apiKey: Redacted.Redacted | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** Those that speak an API of OpenAI's. */
type OpenAiKind = Exclude<ProviderKind, "claude">

/** What an entry says of limits; what it does not say is as the package has it. */
const limitsOf = ({ idleTimeout, maxTokens, requestTimeout }: ProviderEntry) => ({
  ...(maxTokens === undefined ? {} : { maxTokens }),
  ...(requestTimeout === undefined ? {} : { requestTimeout }),
  ...(idleTimeout === undefined ? {} : { idleTimeout })
})

/** The package of Claude's API, and how this provider is reached with it. */
export const loadClaude = Effect.fnUntraced(function* ({ apiKey, entry, headers, name }: ResolvedProvider) {
  const claude = yield* Effect.promise(() => import("@signalbox/provider-claude"))
  const { baseUrl, model: defaultModel } = entry
  const options: ClaudeOptions = {
    ...claude.claudeDefaults,
    provider: name,
    // Whoever has no key is not asked; the type cannot know that.
    apiKey: apiKey ?? Redacted.make(""),
    baseUrl,
    defaultModel,
    headers,
    ...limitsOf(entry)
  }
  const { listModels, makeClaude, relay, watchUsage } = claude
  return { listModels, makeClaude, options, relay, watchUsage }
})

/** The package of OpenAI's APIs, and how this provider is reached with it. */
export const loadOpenAi = Effect.fnUntraced(function* (provider: ResolvedProvider, kind: OpenAiKind) {
  const { apiKey, entry, headers, name } = provider
  const { baseUrl, model: defaultModel } = entry
  const { listModels, makeOpenAi, openAiPresets } = yield* Effect.promise(() => import("@signalbox/provider-openai"))
  const { keyVariable: _variable, title: _title, ...preset } = openAiPresets[kind]
  const options: OpenAiOptions = {
    ...preset,
    provider: name,
    apiKey,
    baseUrl,
    defaultModel,
    headers: { ...preset.headers, ...headers },
    ...(entry.api === undefined ? {} : { api: entry.api }),
    ...limitsOf(entry)
  }
  return { listModels, makeOpenAi, options }
})

const load = Effect.fnUntraced(function* (provider: ResolvedProvider) {
  const { kind } = provider
  if (kind === "claude") {
    const { makeClaude, options } = yield* loadClaude(provider)
    return yield* makeClaude(options)
  }
  const { makeOpenAi, options } = yield* loadOpenAi(provider, kind)
  return yield* makeOpenAi(options)
})

/** The model. Nothing is loaded and nobody is asked before somebody asks it. */
export const makeProvider = Effect.fnUntraced(function* (
  provider: ResolvedProvider,
  estimateTokens: (request: ModelRequest) => Effect.Effect<number>
) {
  const client = yield* Effect.context<HttpClient.HttpClient>()
  const loaded = yield* Effect.cached(Effect.provideContext(load(provider), client))
  const model: LanguageModel["Service"] = makeLanguageModel({
    provider: provider.name,
    defaultModel: provider.entry.model,
    stream: (request) => Stream.unwrap(Effect.map(loaded, (own) => own.stream(request))),
    generate: (request) => Effect.flatMap(loaded, (own) => own.generate(request)),
    countTokens: (request) =>
      Effect.flatMap(loaded, ({ countTokens }) =>
        countTokens === undefined ? estimateTokens(request) : countTokens(request)
      )
  })
  return model
})
