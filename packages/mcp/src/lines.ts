/**
 * Cuts bytes into lines of bounded length. Linear in the size of a line, because an unfinished one is kept in
 * pieces and joined once. A line over the limit is dropped, and its two ends are reported in its place.
 */

/** What a reader of lines reports. */
export interface LineHandlers {
  readonly onLine: (text: string) => void
  /** A line over the limit was dropped; its ends may tell what it was. */
  readonly onOversize: (head: string, tail: string) => void
}

/** Takes bytes as they come, in any pieces. */
export interface LineReader {
  readonly push: (bytes: Uint8Array) => void
}

/** How much is kept of each end of a line that is dropped. */
export const sampleBytes = 512

/** Makes the reader of one stream. `limitBytes` is the largest line that is kept. */
export const makeLineReader = (limitBytes: number, handlers: LineHandlers): LineReader => {
  const decoder = new TextDecoder()
  const buffer = makeBuffer(limitBytes)

  const endOfLine = (last: Uint8Array) => {
    const line = buffer.take(last)
    if (line instanceof Uint8Array) handlers.onLine(decoder.decode(line))
    else handlers.onOversize(decoder.decode(line.head), decoder.decode(line.tail))
  }
  return {
    push: (bytes) => {
      let start = 0
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
        endOfLine(bytes.subarray(start, end))
        start = end + 1
      }
      buffer.hold(start === 0 ? bytes : bytes.subarray(start))
    }
  }
}

const newline = 10

interface Dropped {
  readonly head: Uint8Array
  tail: Uint8Array
}

/** The pieces of one unfinished line, or the ends of one that is too long. */
const makeBuffer = (limitBytes: number) => {
  let pieces: Array<Uint8Array> = []
  let held = 0
  let dropped: Dropped | undefined

  const drop = (last: Uint8Array): Dropped => {
    const all = [...pieces, last]
    pieces = []
    held = 0
    return { head: firstBytes(all), tail: all.slice(-sampleBytes).reduce(lastBytes, new Uint8Array()) }
  }
  const join = (last: Uint8Array): Uint8Array => {
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
  return {
    hold: (piece: Uint8Array) => {
      if (piece.length === 0) return
      if (dropped !== undefined) {
        dropped.tail = lastBytes(dropped.tail, piece)
      } else if (held + piece.length > limitBytes) {
        dropped = drop(piece)
      } else {
        pieces.push(piece)
        held += piece.length
      }
    },
    take: (last: Uint8Array): Uint8Array | Dropped => {
      if (dropped !== undefined) {
        const { head, tail } = dropped
        dropped = undefined
        return { head, tail: lastBytes(tail, last) }
      }
      return held + last.length > limitBytes ? drop(last) : join(last)
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
