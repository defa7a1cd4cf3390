/**
 * Cuts the standard output of a server into JSON values, one per line (MCP transports, "stdio").
 * Linear in the size of a message, because an unfinished line is kept in pieces and joined once. What is
 * not JSON is skipped: many servers print a banner.
 */
import { Predicate, Result } from "effect"

/** What a framing reports. */
export interface FramingHandlers {
  readonly onValue: (value: unknown) => void
  /** A line, or the beginning of one, that is not JSON. */
  readonly onJunk: (text: string) => void
  /** A line over the limit was dropped; its ends may tell which request it answered. */
  readonly onOversize: (head: string, tail: string) => void
}

/** Takes bytes as they come, in any pieces. */
export interface Framing {
  readonly push: (bytes: Uint8Array) => void
}

const newline = 10
const sampleBytes = 512

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
export const makeFraming = (limitBytes: number, handlers: FramingHandlers): Framing => {
  const decoder = new TextDecoder()
  let pieces: Array<Uint8Array> = []
  let held = 0
  let dropped: { readonly head: Uint8Array; tail: Uint8Array } | undefined

  const onLine = (text: string) => {
    const parsed = parse(text)
    if (Result.isSuccess(parsed))
      return isMessage(parsed.success) ? handlers.onValue(parsed.success) : handlers.onJunk(text)
    const found = salvage(text)
    const junk = text.slice(0, Math.min(found?.start ?? text.length, sampleBytes))
    if (junk.trim() !== "") handlers.onJunk(junk)
    if (found !== undefined) handlers.onValue(found.value)
  }

  const take = (last: Uint8Array): Uint8Array => {
    if (pieces.length === 0) return last
    const line = new Uint8Array(held + last.length)
    let offset = 0
    for (const piece of pieces) {
      line.set(piece, offset)
      offset += piece.length
    }
    line.set(last, offset)
    pieces = []
    held = 0
    return line
  }

  const endOfLine = (last: Uint8Array) => {
    if (dropped === undefined && held + last.length > limitBytes) drop(last)
    if (dropped === undefined) return onLine(decoder.decode(take(last)))
    const tail = lastBytes(dropped.tail, last)
    handlers.onOversize(decoder.decode(dropped.head), decoder.decode(tail))
    dropped = undefined
  }

  const drop = (last: Uint8Array) => {
    const all = [...pieces, last]
    dropped = { head: firstBytes(all), tail: all.slice(-sampleBytes).reduce(lastBytes, new Uint8Array()) }
    pieces = []
    held = 0
  }

  const hold = (piece: Uint8Array) => {
    if (piece.length === 0) return
    if (dropped !== undefined) {
      dropped.tail = lastBytes(dropped.tail, piece)
    } else if (held + piece.length > limitBytes) {
      drop(piece)
    } else {
      pieces.push(piece)
      held += piece.length
    }
  }

  return {
    push: (bytes) => {
      let start = 0
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
        endOfLine(bytes.subarray(start, end))
        start = end + 1
      }
      hold(start === 0 ? bytes : bytes.subarray(start))
    }
  }
}

const firstBytes = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const head = new Uint8Array(sampleBytes)
  let length = 0
  for (const piece of pieces) {
    if (length === sampleBytes) break
    const part = piece.subarray(0, sampleBytes - length)
    head.set(part, length)
    length += part.length
  }
  return head.subarray(0, length)
}

const lastBytes = (before: Uint8Array, after: Uint8Array): Uint8Array => {
  if (after.length >= sampleBytes) return after.slice(-sampleBytes)
  const joined = new Uint8Array(before.length + after.length)
  joined.set(before)
  joined.set(after, before.length)
  return joined.slice(-sampleBytes)
}

/** The id of a message of which only the ends are known: members before the payload, or after it. */
export const idFromEnds = (head: string, tail: string): string | number | undefined => {
  const found =
    /^[^{]{0,64}\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)/.exec(head) ??
    /"id"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(tail)
  const id = found?.[1] === undefined ? undefined : parse(found[1])
  if (id === undefined || Result.isFailure(id)) return undefined
  return typeof id.success === "string" || typeof id.success === "number" ? id.success : undefined
}
