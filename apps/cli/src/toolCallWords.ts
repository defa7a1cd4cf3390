/**
 * `[SERVER] TOOL [JSON | key=value …]`: what the words of `tools call` mean.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { Effect } from "effect"
import { InvalidUsage } from "./errors.ts"

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox tools call", reason })

export interface ToolCallWords {
  readonly server: string | undefined
  readonly tool: string
  readonly input: JsonObject
}

const pair = /^([A-Za-z_][\w.-]*)=(.*)$/s

const isInput = (word: string): boolean => word.startsWith("{") || word.startsWith("[") || pair.test(word)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // A value that is no JSON is a text.
    return text
  }
}

/** The object that a text is the JSON of, or nothing. */
export const parseJsonObject = (text: string): JsonObject | undefined => {
  const value = parse(text)
  return isJsonObject(value) ? value : undefined
}

const readInput = Effect.fnUntraced(function* (words: ReadonlyArray<string>) {
  const [only] = words
  if (words.length === 1 && only !== undefined && /^[{[]/.test(only)) {
    const value = parse(only)
    if (isJsonObject(value)) return value
    return yield* invalid(`The arguments are not a JSON object: ${only}`)
  }
  const entries: Array<readonly [string, unknown]> = []
  for (const word of words) {
    const [, key, value] = pair.exec(word) ?? []
    if (key === undefined || value === undefined) {
      return yield* invalid(`"${word}" is neither JSON nor key=value.`)
    }
    entries.push([key, parse(value)])
  }
  return Object.fromEntries(entries)
})

/** Reads the words; the first one is a server when it is one and a tool follows. */
export const readCall = Effect.fnUntraced(function* (words: ReadonlyArray<string>, servers: ReadonlyArray<string>) {
  const split = words.findIndex(isInput)
  const names = split === -1 ? words : words.slice(0, split)
  const [first, second] = names
  const input = yield* readInput(split === -1 ? [] : words.slice(split))
  if (first === undefined) return yield* invalid("Name the tool to call.")
  if (names.length > 2) return yield* invalid(`"${names[2]}" is neither JSON nor key=value.`)
  if (second !== undefined) return { server: first, tool: second, input } satisfies ToolCallWords
  const [server, ...rest] = first.split("__")
  const isQualified = server !== undefined && rest.length > 0 && servers.includes(server)
  return (
    isQualified ? { server, tool: rest.join("__"), input } : { server: undefined, tool: first, input }
  ) satisfies ToolCallWords
})
