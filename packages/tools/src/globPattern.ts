/**
 * Patterns of paths: `*`, `?`, `[a-z]`, `{a,b}` and `**`. They are matched in linear time, so no pattern that a model
 * thinks of can stop the program.
 */
import { linearPattern } from "@signalbox/model"
import { Effect, Result } from "effect"
import { PatternInvalid } from "./errors.ts"

/** Longer patterns are never meant. */
const maxPatternLength = 1000

const escaped = (char: string): string => (/[\\^$.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char)

const tokenPattern = /\*\*\/|\*\*|\*|\?|\[!?\]?(?:[^\]\\/]|\\.)*\]|[{},]|\\.|./gsu

interface Writing {
  text: string
  depth: number
}

const classOf = (token: string): string => {
  const negated = token.startsWith("[!") || token.startsWith("[^")
  const body = token.slice(negated ? 2 : 1, -1).replace(/[[\]^\\]/g, "\\$&")
  return `[${negated ? "^/" : ""}${body}]`
}

const translate = (state: Writing, token: string): string => {
  switch (token) {
    case "**/":
      return "(?:[^\\/]+\\/)*"
    case "**":
      return "(?:.|\\n)*"
    case "*":
      return "[^\\/]*"
    case "?":
      return "[^\\/]"
    case "{":
      state.depth++
      return "(?:"
    case "}":
      state.depth--
      return ")"
    case ",":
      return state.depth > 0 ? "|" : ","
    default:
      if (token.length > 2 && token.startsWith("[")) return classOf(token)
      return escaped(token.length > 1 && token.startsWith("\\") ? token.slice(1) : token)
  }
}

/** The test of a pattern over whole paths with slashes, or why it is none. */
export const globTest = (
  pattern: string,
  options: { readonly ignoresCase: boolean }
): Result.Result<(path: string) => boolean, string> => {
  if (pattern.length > maxPatternLength) return Result.fail(`it is longer than ${maxPatternLength} characters`)
  const state: Writing = { text: "", depth: 0 }
  for (const token of pattern.match(tokenPattern) ?? []) {
    state.text += translate(state, token)
    if (state.depth < 0) return Result.fail("a } has no {")
  }
  if (state.depth !== 0) return Result.fail("a { has no }")
  return linearPattern(state.text, options)
}

/** What nobody means who looks for files; in a policy it stands for itself. */
const slipIn = (pattern: string): string | undefined => {
  if (pattern === "") return "it is empty"
  const isOpen = (pattern.match(tokenPattern) ?? []).some((token) => token === "[" || token === "[]")
  return isOpen ? "a [ has no ]; write \\[ for the character itself" : undefined
}

/** The same as an effect that fails with the pattern in words, also where it can fit nothing that is meant. */
export const compileGlob = (pattern: string): Effect.Effect<(path: string) => boolean, PatternInvalid> => {
  const slip = slipIn(pattern)
  const test = slip === undefined ? globTest(pattern, { ignoresCase: false }) : Result.fail(slip)
  return Effect.mapError(Effect.fromResult(test), (reason) => new PatternInvalid({ pattern, reason }))
}
