/**
 * `[SERVER] NAME [JSON | key=value …]`: which words are names, and which are what follows them.
 */
import { Effect } from "effect"
import type { InvalidUsage } from "./errors.ts"

/** `key=value`; names of some arguments begin with a dash. */
export const pair = /^(-{0,2}[A-Za-z_][\w.-]*)=(.*)$/s

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

/** Words that name something, and those behind them. */
const parted = (words: ReadonlyArray<string>) => {
  const split = words.findIndex(isInput)
  return split === -1 ? { names: words, rest: [] } : { names: words.slice(0, split), rest: words.slice(split) }
}

/** The server of `<server>__<name>`, when it is one. */
const qualifying = (name: string, servers: ReadonlyArray<string>): string | undefined => {
  const [server, ...parts] = name.split("__")
  return parts.length > 0 ? servers.find((each) => each === server) : undefined
}

/** Which of the servers the words name, before they are read in full. */
export const namedServer = (words: ReadonlyArray<string>, servers: ReadonlyArray<string>): string | undefined => {
  const [first = "", second] = parted(words).names
  return second === undefined ? qualifying(first, servers) : servers.find((each) => each === first)
}

/** The first word is a server when it is one and a name follows, also in `<server>__<name>`. */
export const readNames = Effect.fnUntraced(function* (
  words: ReadonlyArray<string>,
  servers: ReadonlyArray<string>,
  { invalid, wish }: Naming
) {
  const { names, rest } = parted(words)
  const [first, second] = names
  if (first === undefined) return yield* invalid(wish)
  if (names.length > 2) return yield* invalid(`"${names[2]}" is neither JSON nor key=value.`)
  if (second !== undefined) return { server: first, name: second, rest } satisfies NamedWords
  const server = qualifying(first, servers)
  const name = server === undefined ? first : first.slice(server.length + 2)
  return { server, name, rest } satisfies NamedWords
})
