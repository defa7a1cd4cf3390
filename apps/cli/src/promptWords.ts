/**
 * `[SERVER] PROMPT [JSON | key=value …]`: what the words of `prompts get` mean. Arguments of prompts are texts.
 */
import { Effect } from "effect"
import { InvalidUsage } from "./errors.ts"
import { pair, readNames } from "./namedWords.ts"
import { parseJsonObject } from "./toolCallWords.ts"

const invalid = (reason: string) => new InvalidUsage({ command: "signalbox prompts get", reason })

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** Reads the words. */
export const readPrompt = Effect.fnUntraced(function* (words: ReadonlyArray<string>, servers: ReadonlyArray<string>) {
  const { name, rest, server } = yield* readNames(words, servers, { invalid, wish: "Name the prompt." })
  const [only = ""] = rest
  const json = rest.length === 1 ? parseJsonObject(only) : undefined
  if (json !== undefined) {
    return { server, name, args: Object.fromEntries(Object.entries(json).map(([key, value]) => [key, asText(value)])) }
  }
  const args: Array<readonly [string, string]> = []
  for (const word of rest) {
    const [, key, value] = pair.exec(word) ?? []
    if (key === undefined || value === undefined) return yield* invalid(`"${word}" is neither JSON nor key=value.`)
    args.push([key, value])
  }
  return { server, name, args: Object.fromEntries(args) }
})
