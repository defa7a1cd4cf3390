/**
 * What a parser of JSON passes over in silence: nesting that exhausts the stack of whoever walks it later, and a
 * key that is there twice, of which each reader takes another one (RFC 8259 §4). The text need not be valid JSON;
 * what is not is left to the parser.
 */
import { readJson } from "@signalbox/model/http"
import { Effect } from "effect"
import { invalid } from "./invalid.ts"
import type { InvalidMessagesRequest } from "./InvalidMessagesRequest.ts"

/** How deep objects and lists may be nested. The API's own bodies stay below 20, schemas of tools below 50. */
export interface JsonTextLimits {
  readonly maxDepth: number
}

/** An object or a list that is being read. */
interface Frame {
  /** Of an object: the keys so far. */
  readonly keys: Set<string> | undefined
  /** Of an object: the key that is being read. Of a list: how many items came before. */
  at: string | number
}

const quote = 34
const backslash = 92

/** The index behind a string that begins at `start`. */
const afterString = (text: string, start: number): number => {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === backslash) index++
    else if (code === quote) return index + 1
  }
  return text.length
}

/** The text of a string with its quotes; escapes may spell any character. */
const stringValue = (raw: string): string => {
  const plain = raw.slice(1, -1)
  const value = plain.includes("\\") ? readJson(raw) : plain
  return typeof value === "string" ? value : plain
}

const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** Whether the string that ends before `end` is a key: a colon follows. */
const isKey = (text: string, end: number): boolean => {
  let index = end
  while (isSpace(text.charCodeAt(index))) index++
  return text.charCodeAt(index) === 58
}

const pathOf = (frames: ReadonlyArray<Frame>): ReadonlyArray<string | number> => frames.map(({ at }) => at)

/** The first thing that is wrong with a text. */
const firstIssue = (text: string, { maxDepth }: JsonTextLimits): InvalidMessagesRequest | undefined => {
  const frames: Array<Frame> = []
  let index = 0
  while (index < text.length) {
    const code = text.charCodeAt(index)
    const frame = frames.at(-1)
    if (code === quote) {
      const end = afterString(text, index)
      if (frame?.keys !== undefined && isKey(text, end)) {
        const key = stringValue(text.slice(index, end))
        frame.at = key
        if (frame.keys.has(key)) return invalid(pathOf(frames), "the key is there twice")
        frame.keys.add(key)
      }
      index = end
      continue
    }
    if (code === 123 || code === 91) {
      if (frames.length >= maxDepth) {
        return invalid([], `The request body is nested more than ${maxDepth} levels deep.`)
      }
      frames.push(code === 123 ? { keys: new Set(), at: "" } : { keys: undefined, at: 0 })
    } else if (code === 125 || code === 93) {
      frames.pop()
    } else if (code === 44 && typeof frame?.at === "number") {
      frame.at++
    }
    index++
  }
  return undefined
}

/** Refuses the text of a body that is nested too deep, or in which an object has a key twice, naming the place. */
export const checkJsonText = (text: string, limits: JsonTextLimits): Effect.Effect<void, InvalidMessagesRequest> =>
  Effect.suspend(() => {
    const issue = firstIssue(text, limits)
    return issue === undefined ? Effect.void : Effect.fail(issue)
  })
