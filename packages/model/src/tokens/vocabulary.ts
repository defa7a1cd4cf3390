/**
 * The one file that knows gpt-tokenizer: an optional peer, since its vocabulary takes 70 MB and a fifth of a second.
 * It is loaded at the first count, not when this is imported.
 */
import { Effect } from "effect"
import { TokenizerMissing } from "../errors.ts"

/** The two published vocabularies. */
export type TokenEncoding = "o200k_base" | "cl100k_base"

/** Counts the tokens of a short text. */
export type CountShort = (text: string) => number

interface Tokenizer {
  readonly countTokens: (text: string, options: { readonly disallowedSpecial: Set<string> }) => number
}

const load: Readonly<Record<TokenEncoding, () => Promise<Tokenizer>>> = {
  o200k_base: () => import("gpt-tokenizer/encoding/o200k_base"),
  cl100k_base: () => import("gpt-tokenizer/encoding/cl100k_base")
}

/** Somebody's text may contain `<|endoftext|>`, which is no special token there but as good as any other text. */
const ordinary = { disallowedSpecial: new Set<string>() }

/** Loads a vocabulary; again at once, the module system keeps it. */
export const loadVocabulary = (encoding: TokenEncoding): Effect.Effect<CountShort, TokenizerMissing> =>
  Effect.map(
    Effect.tryPromise({ try: load[encoding], catch: (cause) => new TokenizerMissing({ encoding, cause }) }),
    ({ countTokens }) =>
      (text) =>
        countTokens(text, ordinary)
  )
