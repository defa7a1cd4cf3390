/**
 * What it takes to reach Anthropic, or a server that speaks its Messages API. Complete by type: nothing is
 * read from the environment, and what is usual stands in the preset.
 */
import { Duration, type Redacted } from "effect"

/** Everything that the Claude provider needs to know; nothing is read from the environment. */
export interface ClaudeOptions {
  /** Who answers, in errors and status lines: `claude`, or a name of yours where there are several. */
  readonly provider: string
  readonly apiKey: Redacted.Redacted
  /** How the key is sent: as `x-api-key`, which is the default, or as a bearer token, as some compatible servers want it. */
  readonly auth?: "bearer" | "x-api-key"
  /** Without the path: `https://api.anthropic.com`. */
  readonly baseUrl: string
  /** Sent as `anthropic-version`. */
  readonly apiVersion: string
  /** Asked when a request names no model. */
  readonly defaultModel: string
  /** Lowers the `maxTokens` of requests to what the model allows. */
  readonly maxTokens?: number
  /** Sent with every request, such as `anthropic-beta`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The longest silence within a streamed answer; the API pings well before a minute has passed. */
  readonly idleTimeout: Duration.Duration
  /** The longest wait for an answer: of a stream its head, of a single reply all of it. */
  readonly requestTimeout: Duration.Duration
}

/** Anthropic's own API. Add a key and a model: `{ ...claudeDefaults, apiKey, defaultModel }`. Models come and go, so none is preset. */
export const claudeDefaults = {
  provider: "claude",
  baseUrl: "https://api.anthropic.com",
  apiVersion: "2023-06-01",
  idleTimeout: Duration.seconds(60),
  requestTimeout: Duration.minutes(10)
} as const satisfies Omit<ClaudeOptions, "apiKey" | "defaultModel">
