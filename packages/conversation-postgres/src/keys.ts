/**
 * Texts of any content as keys of tables: PostgreSQL keeps no NUL and no half of a pair of surrogates, and an index takes
 * no long texts.
 */
import { digestText } from "@signalbox/conversation/store"
import { Effect, Option, Schema } from "effect"

/** Bytes in UTF-8 are at most three times as many, and an index takes 2,700. */
const longest = 200

/** The text itself where it has nothing odd. */
export const escapeText = (text: string): string => JSON.stringify(text).slice(1, -1)

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.String))

/** The text behind an escaped one. */
export const unescapeText = (escaped: string): string => Option.getOrElse(decode(`"${escaped}"`), () => escaped)

/** A short text that stands for this one alone. No escaped text begins with a quotation mark. */
export const keyOf = (text: string): Effect.Effect<string> => {
  const escaped = escapeText(text)
  if (escaped.length <= longest) return Effect.succeed(escaped)
  return Effect.map(digestText(escaped), (hex) => `"${hex}`)
}
