/**
 * `[SERVER] TOOL [JSON | key=value …]`: what the words of `tools call` mean.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"
import { toolNames } from "@signalbox/tools"
import { Effect } from "effect"
import { InvalidUsage } from "./errors.ts"
import { pair, readNames } from "./namedWords.ts"

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox tools call", reason })

export interface ToolCallWords {
  readonly server: string | undefined
  readonly tool: string
  readonly input: JsonObject
  /** Values of `key=value` that are JSON, as they were typed. */
  readonly typed: Readonly<Record<string, string>>
}

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

/** `key=42` is the text where the tool takes nothing else: who types it does not think of JSON. */
export const asTaken = ({ input, typed }: Pick<ToolCallWords, "input" | "typed">, schema: JsonObject): JsonObject => {
  const { properties } = schema
  const isText = (key: string): boolean => {
    const property = isJsonObject(properties) ? properties[key] : undefined
    return isJsonObject(property) && property["type"] === "string"
  }
  return { ...input, ...Object.fromEntries(Object.entries(typed).filter(([key]) => isText(key))) }
}

const readInput = Effect.fnUntraced(function* (words: ReadonlyArray<string>) {
  const [only] = words
  if (words.length === 1 && only !== undefined && /^[{[]/.test(only)) {
    const value = parse(only)
    if (isJsonObject(value)) return { input: value, typed: {} }
    return yield* invalid(`The arguments are not a JSON object: ${only}`)
  }
  const entries: Array<readonly [string, unknown]> = []
  const typed: Record<string, string> = {}
  for (const word of words) {
    const [, key, value] = pair.exec(word) ?? []
    if (key === undefined || value === undefined) {
      return yield* invalid(`"${word}" is neither JSON nor key=value.`)
    }
    const parsed = parse(value)
    entries.push([key, parsed])
    if (typeof parsed !== "string") typed[key] = value
  }
  return { input: Object.fromEntries(entries), typed }
})

/** Reads the words; the first one is a server when it is one and a tool follows. */
export const readCall = Effect.fnUntraced(function* (words: ReadonlyArray<string>, servers: ReadonlyArray<string>) {
  const { name, rest, server } = yield* readNames(words, servers, { invalid, wish: "Name the tool to call." })
  // A built-in tool with its argument behind it looks like a server with a tool.
  if (server !== undefined && !servers.includes(server) && toolNames.some((each) => each === server))
    return yield* invalid(`"${name}" is neither JSON nor key=value.`)
  return { server, tool: name, ...(yield* readInput(rest)) } satisfies ToolCallWords
})
