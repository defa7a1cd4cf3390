/**
 * How many tokens a text or a request has: exact for the models of OpenAI, an estimate that is rather too high for
 * others, since too low a count ends in a refused request.
 * Texts are counted in slices between which others run, so the longest request holds nobody up.
 */
import { Context, Effect, Layer } from "effect"
import type { ModelRequest } from "../Message.ts"
import { type BoundedMap, makeBoundedMap } from "../boundedMap.ts"
import { encodingOf, familyCounts, familyOf, type TokenFamily } from "./families.ts"
import { partsOf } from "./parts.ts"
import { slicesOf } from "./slices.ts"
import { loadVocabulary, type TokenEncoding } from "./vocabulary.ts"

/** What a counter is made from. */
export interface TokenCounterOptions {
  /** How many counted texts of each vocabulary are remembered. Default: 2,000. */
  readonly cacheSize?: number
}

/** How the memory of counted texts has fared. */
export interface TokenCounterStats {
  readonly hits: number
  readonly misses: number
  readonly entries: number
}

/** Use it to know the size of a request before it is sent. Its vocabulary is loaded at the first count. */
export class TokenCounter extends Context.Service<
  TokenCounter,
  {
    /**
     * The tokens of a text. Default vocabulary: `o200k_base`. Dies with `TokenizerMissing` where gpt-tokenizer is not
     * installed. A run of more than 512 characters without any place to split counts for slightly more than it is, and so
     * may a byte order mark within a text, which regular expressions of JavaScript take for a space.
     */
    readonly countText: (text: string, encoding?: TokenEncoding) => Effect.Effect<number>
    /** The tokens of a whole request: messages, tools, pictures, documents. Default family: by the request's model. */
    readonly countRequest: (request: ModelRequest, family?: TokenFamily) => Effect.Effect<number>
    /** Compares an estimate with what the provider has counted; later estimates for this model are the better for it. */
    readonly learn: (model: string, estimate: number, reported: number) => Effect.Effect<void>
    readonly stats: Effect.Effect<TokenCounterStats>
    /** Forgets counted texts and their statistics, but not what was learned. */
    readonly clear: Effect.Effect<void>
  }
>()("@signalbox/model/TokenCounter") {
  static readonly make = (options: TokenCounterOptions = {}): Effect.Effect<TokenCounter["Service"]> =>
    Effect.sync(() => makeTokenCounter(options))

  static readonly layer = (options?: TokenCounterOptions): Layer.Layer<TokenCounter> =>
    Layer.effect(TokenCounter, TokenCounter.make(options))
}

/** Slices that are counted in a row: at most some twenty milliseconds in the slowest scripts. */
const slicesInARow = 4
/** Characters of the remembered texts of a vocabulary, all together: what is in no conversation any more must not fill the memory. */
const maxChars = 8_000_000
/** Names of models come from outside. */
const maxModels = 500
/** How much a single report changes what was learned, and how far it may lead. */
const weight = 0.2
const bounds = { least: 0.5, most: 3 }

const countsOf = (maxEntries: number): BoundedMap<number> =>
  makeBoundedMap({ maxEntries, maxSize: maxChars, sizeOf: (text) => text.length })

const makeTokenCounter = ({ cacheSize = 2000 }: TokenCounterOptions): TokenCounter["Service"] => {
  const counted: Readonly<Record<TokenEncoding, BoundedMap<number>>> = {
    o200k_base: countsOf(cacheSize),
    cl100k_base: countsOf(cacheSize)
  }
  const learned = countsOf(maxModels)
  let hits = 0
  let misses = 0

  const count = Effect.fnUntraced(function* (text: string, encoding: TokenEncoding) {
    const countShort = yield* Effect.orDie(loadVocabulary(encoding))
    let tokens = 0
    let inARow = 0
    for (const slice of slicesOf(text)) {
      if (inARow++ === slicesInARow) {
        yield* Effect.yieldNow
        inARow = 1
      }
      tokens += countShort(slice)
    }
    return tokens
  })

  const countText = (text: string, encoding: TokenEncoding = "o200k_base"): Effect.Effect<number> =>
    Effect.suspend(() => {
      const known = counted[encoding].get(text)
      if (known !== undefined) {
        hits++
        return Effect.succeed(known)
      }
      misses++
      return Effect.tap(count(text, encoding), (tokens) => Effect.sync(() => counted[encoding].set(text, tokens)))
    })

  const countRequest = Effect.fn("TokenCounter.countRequest")(function* (
    request: ModelRequest,
    family: TokenFamily = familyOf(request.model)
  ) {
    const { factor, perMessage, prime, toolUse } = familyCounts[family]
    const encoding = family === "openai" ? encodingOf(request.model) : "o200k_base"
    const { hasTools, media, messages, texts } = partsOf(request)
    let tokens = 0
    for (const text of texts) tokens += yield* countText(text, encoding)
    const estimate = tokens * factor + messages * perMessage + prime + media + (hasTools ? toolUse : 0)
    return Math.ceil(estimate * (learned.get(request.model) ?? 1))
  })

  const learn = (model: string, estimate: number, reported: number) =>
    Effect.sync(() => {
      if (!(estimate > 0 && reported > 0)) return
      const correction = (learned.get(model) ?? 1) * (1 + weight * (reported / estimate - 1))
      learned.set(model, Math.min(bounds.most, Math.max(bounds.least, correction)))
    })

  return TokenCounter.of({
    countText,
    countRequest,
    learn,
    stats: Effect.sync(() => ({ hits, misses, entries: counted.o200k_base.size() + counted.cl100k_base.size() })),
    clear: Effect.sync(() => {
      for (const map of Object.values(counted)) map.clear()
      hits = 0
      misses = 0
    })
  })
}
