/**
 * Two engines with a documented interface: SearXNG, which one runs oneself, and Brave, which wants a key.
 */
import { Effect, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { type SearchEngine, SearchFault } from "./SearchProvider.ts"

const text = Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("")))

const SearxngAnswer = Schema.Struct({
  results: Schema.Array(Schema.Struct({ title: text, url: Schema.String, content: text }))
})
const BraveAnswer = Schema.Struct({
  web: Schema.optionalKey(
    Schema.Struct({ results: Schema.Array(Schema.Struct({ title: text, url: Schema.String, description: text })) })
  )
})

const timeout = "10 seconds"

const ask = <A>(request: HttpClientRequest.HttpClientRequest, schema: Schema.Codec<A, unknown>) =>
  HttpClient.HttpClient.use((client) =>
    client.execute(request).pipe(
      Effect.flatMap(HttpClientResponse.filterStatusOk),
      Effect.flatMap(HttpClientResponse.schemaBodyJson(schema)),
      Effect.scoped,
      Effect.timeout(timeout),
      Effect.mapError((error) => new SearchFault({ reason: error.message }))
    )
  )

/** A SearXNG server; its settings must allow the format `json`. */
export const searxng = (url: string): Effect.Effect<SearchEngine, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) => ({
    name: "SearXNG",
    search: (query) =>
      ask(
        HttpClientRequest.get(`${url.replace(/\/$/, "")}/search`, { urlParams: { q: query, format: "json" } }),
        SearxngAnswer
      ).pipe(
        Effect.map(({ results }) => results.map(({ content, title, url }) => ({ title, url, excerpt: content }))),
        Effect.provideService(HttpClient.HttpClient, client)
      )
  }))

/** The address of Brave's interface. */
export const braveUrl = "https://api.search.brave.com/res/v1/web/search"

/** Brave Search with a key. */
export const brave = (
  key: Redacted.Redacted,
  url: string = braveUrl
): Effect.Effect<SearchEngine, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) => ({
    name: "Brave",
    search: (query) =>
      ask(
        HttpClientRequest.get(url, {
          urlParams: { q: query, count: 20 },
          headers: { accept: "application/json", "x-subscription-token": Redacted.value(key) }
        }),
        BraveAnswer
      ).pipe(
        Effect.map(({ web }) =>
          (web?.results ?? []).map(({ description, title, url }) => ({ title, url, excerpt: description }))
        ),
        Effect.provideService(HttpClient.HttpClient, client)
      )
  }))
