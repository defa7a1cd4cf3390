/**
 * What it takes to reach a server that speaks Chat Completions or Responses. Complete by type: nothing is read from
 * the environment, and what is usual for a vendor stands in its preset. A new compatible vendor is one more preset.
 */
import type { Duration, Redacted } from "effect"
import type { Dialect } from "./Dialect.ts"

/** Everything that the provider needs to know; nothing is read from the environment. */
export interface OpenAiOptions {
  /** The name in errors and status lines: `openai`, `openrouter`, `ollama`. */
  readonly provider: string
  /** Which API is spoken below the base URL; Chat Completions where nothing is said. */
  readonly api?: "chat" | "responses"
  /** Absent where the server wants none. */
  readonly apiKey: Redacted.Redacted | undefined
  /** The header that carries the key: `authorization` with `Bearer`, or (Azure) `api-key`. Default: the first. */
  readonly keyHeader?: "authorization" | "api-key"
  /** With the version: `https://api.openai.com/v1`. Every request goes below it. */
  readonly baseUrl: string
  /** Where requests go below the base URL, if not to `/chat/completions` or `/responses`; `{model}` is the model's name. */
  readonly path?: string
  /** A route that wants the key, for servers that show the list of their models to everybody: where it is tried. */
  readonly keyPath?: string
  /** Added to the URL of every request. */
  readonly query?: Readonly<Record<string, string>>
  /** Asked when a request names no model. */
  readonly defaultModel: string
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** What the server takes, where compatible servers differ. */
  readonly dialect: Dialect
  /** Lowers the `maxTokens` of requests to what the model allows, beside the limits that the dialect knows. */
  readonly maxTokens?: number
  /** The longest silence within a streamed answer; comments that keep it alive count. */
  readonly idleTimeout: Duration.Duration
  /** The longest wait for an answer: of a stream its head, of a single reply all of it. */
  readonly requestTimeout: Duration.Duration
}
