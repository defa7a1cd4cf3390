/**
 * What it takes to reach a server that speaks Chat Completions. Complete by type: nothing is read from the
 * environment, and what is usual for a vendor stands in its preset. A new compatible vendor is one more preset.
 */
import { Duration, type Redacted } from "effect"

/** Everything that a Chat Completions provider needs to know; nothing is read from the environment. */
export interface OpenAiOptions {
  /** The name in errors and status lines: `openai`, `openrouter`, `ollama`. */
  readonly provider: string
  /** Absent where the server wants none. */
  readonly apiKey: Redacted.Redacted | undefined
  /** With the version: `https://api.openai.com/v1`. Every request goes below it. */
  readonly baseUrl: string
  /** Asked when a request names no model. */
  readonly defaultModel: string
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** What the server calls the limit of an answer. OpenAI's newer models refuse the old name, most others know no new one. */
  readonly maxTokensField: "max_completion_tokens" | "max_tokens"
  /** Whether `top_k` may be sent: OpenAI itself refuses it. */
  readonly acceptsTopK: boolean
  /** Lowers the `maxTokens` of requests to what the model allows. */
  readonly maxTokens?: number
  /** The longest silence within a streamed answer; comments that keep it alive count. */
  readonly idleTimeout: Duration.Duration
  /** The longest wait for an answer: of a stream its head, of a single reply all of it. */
  readonly requestTimeout: Duration.Duration
}

const waiting = { idleTimeout: Duration.seconds(60), requestTimeout: Duration.minutes(10) } as const

/** OpenAI's own API. Add a key and a model: `{ ...openAiDefaults, apiKey, defaultModel }`. Models come and go, so none is preset. */
export const openAiDefaults = {
  provider: "openai",
  baseUrl: "https://api.openai.com/v1",
  headers: {},
  maxTokensField: "max_completion_tokens",
  acceptsTopK: false,
  ...waiting
} as const satisfies Omit<OpenAiOptions, "apiKey" | "defaultModel">

/** OpenRouter. Add a key and a model. Its fields (`provider`, `models`, `plugins`) go into `vendor.openai` of a request. */
export const openRouterDefaults = {
  provider: "openrouter",
  baseUrl: "https://openrouter.ai/api/v1",
  headers: { "x-openrouter-title": "Signalbox" },
  maxTokensField: "max_tokens",
  acceptsTopK: true,
  ...waiting
} as const satisfies Omit<OpenAiOptions, "apiKey" | "defaultModel">

/** Ollama on this machine: no key, and a model of yours that may have to be loaded before it says anything. */
export const ollamaDefaults = {
  provider: "ollama",
  apiKey: undefined,
  baseUrl: "http://127.0.0.1:11434/v1",
  headers: {},
  maxTokensField: "max_tokens",
  acceptsTopK: true,
  idleTimeout: Duration.minutes(5),
  requestTimeout: Duration.minutes(10)
} as const satisfies Omit<OpenAiOptions, "defaultModel">
