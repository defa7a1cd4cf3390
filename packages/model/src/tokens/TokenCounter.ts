/**
 * How many tokens a text or a request has: exact for the models of OpenAI, an estimate that is rather too high for
 * others, since too low a count ends in a refused request.
 */
import { Context, type Effect, type Layer } from "effect"
import { type ModelRequest } from "../Message.ts"

/** The two published vocabularies. */
export type TokenEncoding = "o200k_base" | "cl100k_base"

/** What kind of model counts: `openai` exactly, the others by a factor. */
export type TokenFamily = "openai" | "claude" | "claude-old" | "llama" | "qwen" | "deepseek" | "other"

/** What a counter is made from. */
export interface TokenCounterOptions {
  /** How many counted texts are kept. Default: 2,000. */
  readonly cacheSize?: number
}

/** How the cache has fared. */
export interface TokenCounterStats {
  readonly hits: number
  readonly misses: number
  readonly entries: number
}

/** Use it to know the size of a request before it is sent. Its vocabulary is loaded at the first count. */
export class TokenCounter extends Context.Service<
  TokenCounter,
  {
    /** The tokens of a text. Default vocabulary: `o200k_base`. */
    readonly countText: (text: string, encoding?: TokenEncoding) => Effect.Effect<number>
    /** The tokens of a whole request: messages, tools, pictures, documents. Default family: by the request's model. */
    readonly countRequest: (request: ModelRequest, family?: TokenFamily) => Effect.Effect<number>
    /** Compares an estimate with what the provider has counted; later estimates for this model are the better for it. */
    readonly learn: (model: string, estimate: number, reported: number) => Effect.Effect<void>
    readonly stats: Effect.Effect<TokenCounterStats>
    readonly clear: Effect.Effect<void>
  }
>()("@signalbox/model/TokenCounter") {
  static readonly layer: (options?: TokenCounterOptions) => Layer.Layer<TokenCounter>
}
