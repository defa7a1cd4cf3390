/**
 * Patterns of servers. A regular expression can take for ever over a short text, and a call cannot wait for it: those that
 * may are left to the server, as are texts that are long for their pattern.
 */
import { Result } from "effect"

const longestPattern = 500

/** How often a part of the pattern may repeat without a limit, and the longest text that is looked at then. */
const longestText: ReadonlyArray<number> = [100_000, 10_000, 1000, 200]

/** A repeated group that repeats or chooses inside, or a reference to an earlier group. */
const isWild = (source: string): boolean =>
  source.length > longestPattern ||
  /\\[1-9k]/.test(source) ||
  (/\)\s*[*+{]/.test(source) && /[*+|]|\{\d+,\}/.test(inGroups(source)))

/** What stands inside of groups. */
const inGroups = (source: string): string => {
  let depth = 0
  let inside = ""
  for (const character of source.replaceAll(/\\./g, "").replaceAll(/\[[^\]]*\]/g, "")) {
    if (character === ")") depth -= 1
    if (depth > 0) inside += character
    if (character === "(") depth += 1
  }
  return inside
}

const compile = (source: string): RegExp | undefined => {
  const unicode = Result.try(() => new RegExp(source, "u"))
  const made = Result.isSuccess(unicode) ? unicode : Result.try(() => new RegExp(source))
  return Result.isSuccess(made) ? made.success : undefined
}

/** Whether texts match; nothing for a pattern that cannot be looked at. */
export const readPattern = (source: string): ((text: string) => boolean) | undefined => {
  const pattern = isWild(source) ? undefined : compile(source)
  const repeats = source.replaceAll(/\\./g, "").match(/[*+]|\{\d+,\}/g)?.length ?? 0
  const longest = longestText[repeats]
  if (pattern === undefined || longest === undefined) return undefined
  return (text) => text.length > longest || pattern.test(text)
}
