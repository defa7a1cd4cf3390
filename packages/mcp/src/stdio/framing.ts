/**
 * Cuts the standard output of a server into JSON values, one per line (MCP transports, "stdio").
 * What is not JSON is skipped: many servers print a banner.
 */
import { Predicate, Result } from "effect"
import { type LineReader, makeLineReader, sampleBytes } from "../lines.ts"

/** What a framing reports. */
export interface FramingHandlers {
  readonly onValue: (value: unknown) => void
  /** A line, or the beginning of one, that is not JSON. */
  readonly onJunk: (text: string) => void
  /** A line over the limit was dropped; its ends may tell which request it answered. */
  readonly onOversize: (head: string, tail: string) => void
}

/** How a message begins. */
const messageStart = /\{\s*"(?:jsonrpc|result|id|method|error|params)"\s*:/g
/** More beginnings than this are not tried in one line, so that a large one stays cheap. */
const maxAttempts = 4

const parse = (text: string): Result.Result<unknown, unknown> => Result.try(() => JSON.parse(text))

const isMessage = (value: unknown): boolean => typeof value === "object" && value !== null

/** A message behind something else on its line: text without a line end, or half of an earlier message. */
const salvage = (text: string): { readonly start: number; readonly value: unknown } | undefined => {
  let attempts = 0
  for (const { index: start } of text.matchAll(messageStart)) {
    if (start === 0) continue
    const parsed = parse(text.slice(start))
    if (Result.isSuccess(parsed) && Predicate.hasProperty(parsed.success, "jsonrpc"))
      return { start, value: parsed.success }
    attempts += 1
    if (attempts === maxAttempts) return undefined
  }
  return undefined
}

/** Makes the framing of one connection. `limitBytes` is the largest line that is kept. */
export const makeFraming = (limitBytes: number, handlers: FramingHandlers): LineReader =>
  makeLineReader(limitBytes, {
    onOversize: handlers.onOversize,
    onLine: (text) => {
      const parsed = parse(text)
      if (Result.isSuccess(parsed))
        return isMessage(parsed.success) ? handlers.onValue(parsed.success) : handlers.onJunk(text)
      const found = salvage(text)
      const junk = text.slice(0, Math.min(found?.start ?? text.length, sampleBytes))
      if (junk.trim() !== "") handlers.onJunk(junk)
      if (found !== undefined) handlers.onValue(found.value)
    }
  })

/** The id of a message of which only the ends are known: members before the payload, or after it. */
export const idFromEnds = (head: string, tail: string): string | number | undefined => {
  const found =
    /^[^{]{0,64}\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/.exec(head) ??
    /"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(tail)
  const id = found?.[1] === undefined ? undefined : parse(found[1])
  if (id === undefined || Result.isFailure(id)) return undefined
  return typeof id.success === "string" || typeof id.success === "number" ? id.success : undefined
}
