/**
 * The text of a prompt with what was typed after its name: `$ARGUMENTS` all of it, `$1` to `$9` its words, `${2:-words}` a
 * word that may be absent, `@path` a file that goes along. What is put in is not read again: what was typed names no files
 * and no arguments.
 */
import { argumentWords } from "./argumentWords.ts"

/** A text that is filled in, and the files that it names, each once. */
export interface FilledText {
  readonly text: string
  readonly files: ReadonlyArray<string>
  /** Words that it needs and that were not typed, as the text names them: `$2`. */
  readonly missing: ReadonlyArray<string>
}

/** A place for what was typed: its name, and what stands there where nothing was. */
const place = String.raw`\$(?:(ARGUMENTS\b|[1-9](?!\d))|\{([1-9]):-([^{}\n]*)\})`

const places = new RegExp(place, "g")

const pathPart = String.raw`\$(?:ARGUMENTS\b|[1-9](?!\d)|\{[1-9]:-[^{}\n]*\})|[\w./~-]`

const special = new RegExp(String.raw`\\([$@])|${place}|(?<![\w@/.${"`"}])@((?:${pathPart})+)`, "g")

/** Whether a text has a place for what was typed. */
const takesArguments = (body: string): boolean => new RegExp(String.raw`(?<!\\)${place}`).test(body)

/** A full stop at the end of a sentence is no part of a path. */
const withoutStop = (path: string): string => path.replace(/[.]+$/, "")

/** Fills in. What was typed for a text that has no place for it comes after it. */
export const fillText = (body: string, typed: string): FilledText => {
  const all = typed.trim()
  const words = argumentWords(typed)
  const files = new Set<string>()
  const missing = new Set<string>()
  const argument = (name: string | undefined, optional = "", otherwise = ""): string => {
    if (name === "ARGUMENTS") return all
    if (name === undefined) return words[Number(optional) - 1] || otherwise
    const word = words[Number(name) - 1]
    if (word === undefined) missing.add(`$${name}`)
    return word ?? ""
  }
  const text = body.replace(
    special,
    (
      whole: string,
      escaped: string | undefined,
      name: string | undefined,
      optional: string | undefined,
      otherwise: string | undefined,
      path: string | undefined
    ) => {
      if (escaped !== undefined) return escaped
      if (name !== undefined || optional !== undefined) return argument(name, optional, otherwise)
      if (path === undefined) return whole
      const named = path.replace(places, (_, inner?: string, innerOptional?: string, innerOtherwise?: string) =>
        argument(inner, innerOptional, innerOtherwise)
      )
      if (withoutStop(named) !== "") files.add(withoutStop(named))
      return `@${named}`
    }
  )
  const isLeftOver = all !== "" && !takesArguments(body)
  return { text: isLeftOver ? `${text}\n\n${all}` : text, files: [...files], missing: [...missing].toSorted() }
}
