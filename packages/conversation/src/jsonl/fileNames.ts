/**
 * Names of files for ids of any content. Capitals are escaped too: on many systems two names that differ in nothing else
 * are one file.
 */
import { Effect, Option } from "effect"
import { digestText } from "../store/digestText.ts"

const suffix = ".jsonl"

/** Longer names are cut, and end in a digest instead. File systems take 255 bytes; locks and drafts add to the name. */
const longest = 160

const escaped = (id: string): string =>
  Array.from(new TextEncoder().encode(id), (byte) => {
    const character = String.fromCharCode(byte)
    return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`
  }).join("")

/** The name of the file of a conversation. */
export const fileNameOf = (id: string): Effect.Effect<string> => {
  const name = escaped(id)
  if (name.length <= longest) return Effect.succeed(`${name}${suffix}`)
  return Effect.map(digestText(id), (hex) => `${name.slice(0, 80)}~${hex.slice(0, 40)}${suffix}`)
}

/** The id behind a name. Nothing where the name is no conversation's, `cut` where only the file can tell. */
export const idOfFileName = (name: string): { readonly id: string } | "cut" | undefined => {
  if (!name.endsWith(suffix)) return undefined
  const stem = name.slice(0, -suffix.length)
  if (stem.includes("~")) return "cut"
  if (!/^(?:[a-z0-9_-]|%[0-9a-f]{2})+$/.test(stem)) return undefined
  return Option.getOrUndefined(Option.map(decodeName(stem), (id) => ({ id })))
}

/** Throws where the bytes are no text, which no name of ours does. */
const decodeName = Option.liftThrowable(decodeURIComponent)
