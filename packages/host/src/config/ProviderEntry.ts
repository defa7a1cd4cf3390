/**
 * One entry under `providers`: an upstream that has models. Its kind says what it speaks and how it is asked.
 */
import { Schema } from "effect"
import { ApiKey, PositiveDuration, PositiveInt, Url } from "./schemas.ts"

/**
 * What an upstream can be: `claude`, or one of the presets of those that speak an API of OpenAI's. Written out, because
 * a configuration is read by programs that ask no model, and should not load what speaks to one.
 */
export const providerKinds = [
  "claude",
  "openai",
  "openrouter",
  "ollama",
  "vllm",
  "llamacpp",
  "lmstudio",
  "groq",
  "azure",
  "gemini",
  "mistral",
  "deepseek"
] as const
export type ProviderKind = (typeof providerKinds)[number]

/** Those that run on machines of one's own and mostly want no key. */
const keylessKinds: ReadonlySet<ProviderKind> = new Set(["ollama", "vllm", "llamacpp", "lmstudio"])

/** Whether an upstream of a kind can do without a key, and without a model: it is asked what it has. */
export const isKeyless = (kind: ProviderKind): boolean => keylessKinds.has(kind)

export const isKind = (text: string): text is ProviderKind => providerKinds.some((kind) => kind === text)

/** The kind of an entry; `undefined` where neither it nor its name says one. */
export const kindOf = (name: string, { kind }: { readonly kind?: ProviderKind }): ProviderKind | undefined =>
  kind ?? (isKind(name) ? name : undefined)

/** An upstream. Where `kind` is missing, it is the name of the entry. */
export const ProviderEntry = Schema.Struct({
  kind: Schema.optionalKey(Schema.Literals(providerKinds)),
  /** Absent where the upstream wants none. */
  apiKey: Schema.optionalKey(ApiKey),
  baseUrl: Url,
  /** Asked when nobody names a model; empty where the upstream is asked what it has. */
  model: Schema.String,
  /** Which of OpenAI's APIs is spoken. */
  api: Schema.optionalKey(Schema.Literals(["chat", "responses"])),
  /** Sent with every request. */
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** Lowers what requests ask for to what the model allows. */
  maxTokens: Schema.optionalKey(PositiveInt),
  /** Tokens that it takes at once, where its model's name does not say it. */
  contextWindow: Schema.optionalKey(PositiveInt),
  /** The longest wait for an answer: of a stream its head, of a single reply all of it. */
  requestTimeout: Schema.optionalKey(PositiveDuration),
  /** The longest silence within a streamed answer. */
  idleTimeout: Schema.optionalKey(PositiveDuration)
})
export type ProviderEntry = typeof ProviderEntry.Type

/** Every key that an entry may have, for suggestions. */
export const providerKeys: ReadonlyArray<string> = Object.keys(ProviderEntry.fields)
