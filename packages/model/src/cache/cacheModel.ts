/**
 * Answers that were given before, for requests that leave nothing to chance: temperature 0 and no tools.
 * Identical requests at the same time are asked once.
 */
import { type Duration, type Effect } from "effect"
import { type LanguageModel } from "../LanguageModel.ts"
import { type ModelRequest } from "../Message.ts"

/** What a cache may hold. */
export interface ResponseCacheOptions {
  readonly maxEntries: number
  /** In bytes of JSON, all entries together. */
  readonly maxBytes: number
  readonly timeToLive: Duration.Input
}

/** Whether the answer to a request may be kept. */
export declare const isCacheable: (request: ModelRequest) => boolean

/** Makes an empty cache and gives the decorator that uses it. `CallNotes` hears whether an answer came from it. */
export declare const makeCacheModel: (
  options: ResponseCacheOptions
) => Effect.Effect<(model: LanguageModel["Service"]) => LanguageModel["Service"]>
