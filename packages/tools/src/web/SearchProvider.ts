/**
 * Who searches the web. Nobody by default: a search engine wants a key, or a server of one's own.
 */
import { Context, Data, type Effect } from "effect"

/** One page that was found. */
export interface SearchHit {
  readonly title: string
  readonly url: string
  readonly excerpt: string
}

/** The engine did not answer as it should. */
export class SearchFault extends Data.TaggedError("SearchFault")<{ readonly reason: string }> {}

/** Searches the web. */
export interface SearchEngine {
  readonly name: string
  readonly search: (query: string) => Effect.Effect<ReadonlyArray<SearchHit>, SearchFault>
}

/** The engine that WebSearch asks; nothing where none was configured. Provide `searxng` or `brave`, or your own. */
export const SearchProvider = Context.Reference<SearchEngine | undefined>("@signalbox/tools/SearchProvider", {
  defaultValue: () => undefined
})
