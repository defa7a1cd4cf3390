/**
 * `[SERVER] NAME [JSON | key=value …]`: which words are names, and which are what follows them.
 */
import { Effect } from "effect"
import type { InvalidUsage } from "./errors.ts"

/** `key=value` */
export const pair = /^([A-Za-z_][\w.-]*)=(.*)$/s

export interface NamedWords {
  readonly server: string | undefined
  readonly name: string
  /** What stands behind the names. */
  readonly rest: ReadonlyArray<string>
}

/** How wrong usage of the command is told, and what it is that is named. */
export interface Naming {
  readonly invalid: (reason: string) => InvalidUsage
  /** As in "Name the tool to call." */
  readonly wish: string
}

const isInput = (word: string): boolean => word.startsWith("{") || word.startsWith("[") || pair.test(word)

/** The first word is a server when it is one and a name follows, also in `<server>__<name>`. */
export const readNames = Effect.fnUntraced(function* (
  words: ReadonlyArray<string>,
  servers: ReadonlyArray<string>,
  { invalid, wish }: Naming
) {
  const split = words.findIndex(isInput)
  const names = split === -1 ? words : words.slice(0, split)
  const rest = split === -1 ? [] : words.slice(split)
  const [first, second] = names
  if (first === undefined) return yield* invalid(wish)
  if (names.length > 2) return yield* invalid(`"${names[2]}" is neither JSON nor key=value.`)
  if (second !== undefined) return { server: first, name: second, rest } satisfies NamedWords
  const [server, ...parts] = first.split("__")
  const isQualified = server !== undefined && parts.length > 0 && servers.includes(server)
  return (
    isQualified ? { server, name: parts.join("__"), rest } : { server: undefined, name: first, rest }
  ) satisfies NamedWords
})
