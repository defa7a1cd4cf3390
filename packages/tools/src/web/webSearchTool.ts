/**
 * WebSearch: pages of the web by words, from the engine of the configuration.
 */
import { Effect, Result, Schema } from "effect"
import { builtIn } from "../BuiltIn.ts"
import { SearchFailed, SearchNotConfigured } from "../errors.ts"
import type { SearchEngine } from "./SearchProvider.ts"

const Domains = (description: string) => Schema.optionalKey(Schema.Array(Schema.String).annotate({ description }))

const Input = Schema.Struct({
  query: Schema.String.check(Schema.isMinLength(2)).annotate({ description: "What to look for." }),
  allowed_domains: Domains("Only pages of these domains and what is below them."),
  blocked_domains: Domains("No pages of these domains and what is below them.")
})

const mostResults = 10

/** Whole labels: evil-example.com is not below example.com. */
const isOf = (host: string, domains: ReadonlyArray<string>): boolean =>
  domains.some((domain) => {
    const name = domain.toLowerCase().replace(/^\*\./, "").replace(/\.$/, "")
    return host === name || host.endsWith(`.${name}`)
  })

const hostOf = (url: string): string | undefined => {
  const parsed = Result.try(() => new URL(url))
  return Result.isSuccess(parsed) && /^https?:$/.test(parsed.success.protocol)
    ? parsed.success.hostname.toLowerCase().replace(/\.$/, "")
    : undefined
}

/** Makes the tool. */
export const webSearchTool = (engine: SearchEngine | undefined) =>
  builtIn({
    name: "WebSearch",
    description: "Searches the web and shows the titles, addresses and excerpts of up to ten pages.",
    input: Input,
    annotations: { title: "Search the web", readOnlyHint: true, openWorldHint: true },
    run: Effect.fnUntraced(function* ({ allowed_domains, blocked_domains = [], query }) {
      if (engine === undefined) return yield* new SearchNotConfigured({})
      const found = yield* Effect.mapError(
        engine.search(query),
        ({ reason }) => new SearchFailed({ provider: engine.name, reason })
      )
      const hits = found
        .filter(({ url }) => {
          const host = hostOf(url)
          if (host === undefined || isOf(host, blocked_domains)) return false
          return allowed_domains === undefined || isOf(host, allowed_domains)
        })
        .slice(0, mostResults)
      const lines = hits.map(({ excerpt, title, url }, index) =>
        `${index + 1}. ${title}\n   ${url}\n   ${excerpt}`.trimEnd()
      )
      return { text: lines.length === 0 ? "No page was found." : lines.join("\n"), data: { results: hits } }
    })
  })
