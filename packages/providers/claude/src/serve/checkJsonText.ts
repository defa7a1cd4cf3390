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

const quote = 0x22
const backslash = 0x5c
const open = { object: 0x7b, list: 0x5b }
const close = { object: 0x7d, list: 0x5d }
const colon = 0x3a
const comma = 0x2c

/** The index behind a string that begins at `start`. */
const afterString = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1)
  while (end !== -1) {
    let before = end - 1
    while (text.charCodeAt(before) === backslash) before--
    // An odd number of backslashes belongs to the quote itself.
    if ((end - before) % 2 === 1) return end + 1
    end = text.indexOf('"', end + 1)
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
  return text.charCodeAt(index) === colon
}

const pathOf = (frames: ReadonlyArray<Frame>): ReadonlyArray<string | number> => frames.map(({ at }) => at)

/** Takes a string; the error where it is a key that is there already. */
const takeString = (text: string, start: number, end: number, frames: Array<Frame>) => {
  const frame = frames.at(-1)
  if (frame?.keys === undefined || !isKey(text, end)) return undefined
  const key = stringValue(text.slice(start, end))
  frame.at = key
  if (frame.keys.has(key)) return invalid(pathOf(frames), "the key is there twice")
  frame.keys.add(key)
  return undefined
}

/** Takes a bracket or a comma, and passes over everything else. */
const takeCode = (code: number, frames: Array<Frame>): void => {
  if (code === open.object) frames.push({ keys: new Set(), at: "" })
  else if (code === open.list) frames.push({ keys: undefined, at: 0 })
  else if (code === close.object || code === close.list) frames.pop()
  else if (code === comma) {
    const frame = frames.at(-1)
    if (typeof frame?.at === "number") frame.at++
  }
}

/** The first thing that is wrong with a text. */
const firstIssue = (text: string, { maxDepth }: JsonTextLimits): InvalidMessagesRequest | undefined => {
  const frames: Array<Frame> = []
  let index = 0
  while (index < text.length) {
    const code = text.charCodeAt(index)
    const start = index
    index = code === quote ? afterString(text, start) : start + 1
    const twice = code === quote ? takeString(text, start, index, frames) : undefined
    if (twice !== undefined) return twice
    takeCode(code, frames)
    if (frames.length > maxDepth) return invalid([], `The request body is nested more than ${maxDepth} levels deep.`)
  }
  return undefined
}

/** Refuses the text of a body that is nested too deep, or in which an object has a key twice, naming the place. */
export const checkJsonText = (text: string, limits: JsonTextLimits): Effect.Effect<void, InvalidMessagesRequest> =>
  Effect.suspend(() => {
    const issue = firstIssue(text, limits)
    return issue === undefined ? Effect.void : Effect.fail(issue)
  })
