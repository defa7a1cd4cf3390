/**
 * The text of a prompt with what was typed after its name: `$ARGUMENTS` all of it, `$1` to `$9` its words, `@path` a file
 * that goes along. What is put in is not read again: what was typed names no files and no arguments.
 */
import { argumentWords } from "./argumentWords.ts"

/** A text that is filled in, and the files that it names, each once. */
export interface FilledText {
  readonly text: string
  readonly files: ReadonlyArray<string>
}

const placeholder = /\\([$@])|\$(ARGUMENTS\b|[1-9](?!\d))|(?<![\w@/.`])@((?:\$(?:ARGUMENTS\b|[1-9](?!\d))|[\w./~-])+)/g

/** Whether a text has a place for what was typed. */
const takesArguments = (body: string): boolean => /(?<!\\)\$(?:ARGUMENTS\b|[1-9](?!\d))/.test(body)

/** A full stop at the end of a sentence is no part of a path. */
const withoutStop = (path: string): string => path.replace(/[.]+$/, "")

/** Fills in. What was typed for a text that has no place for it comes after it. */
export const fillText = (body: string, typed: string): FilledText => {
  const all = typed.trim()
  const words = argumentWords(typed)
  const files = new Set<string>()
  const argument = (name: string): string => (name === "ARGUMENTS" ? all : (words[Number(name) - 1] ?? ""))
  const text = body.replace(
    placeholder,
    (whole: string, escaped: string | undefined, name: string | undefined, path: string | undefined) => {
      if (escaped !== undefined) return escaped
      if (name !== undefined) return argument(name)
      if (path === undefined) return whole
      const named = path.replace(/\$(ARGUMENTS\b|[1-9](?!\d))/g, (_, inner: string) => argument(inner))
      if (withoutStop(named) !== "") files.add(withoutStop(named))
      return `@${named}`
    }
  )
  const isLeftOver = all !== "" && !takesArguments(body)
  return { text: isLeftOver ? `${text}\n\n${all}` : text, files: [...files] }
}
