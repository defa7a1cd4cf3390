/**
 * The last lines of a text stream: what a server said on standard error before it died.
 * Bounded in lines and in their length, because a server may write megabytes without a line end.
 */

/** Keeps the end of a stream of bytes. */
export interface LineTail {
  readonly push: (bytes: Uint8Array) => void
  /** The last lines, oldest first, the unfinished one included. */
  readonly lines: () => ReadonlyArray<string>
}

const maxLineCharacters = 2000

const shorten = (line: string): string =>
  line.length > maxLineCharacters ? `${line.slice(0, maxLineCharacters)}…` : line

/** Makes an empty tail that keeps `limit` lines. */
export const makeLineTail = (limit: number): LineTail => {
  const decoder = new TextDecoder()
  let finished: Array<string> = []
  let unfinished = ""
  return {
    push: (bytes) => {
      const parts = decoder.decode(bytes, { stream: true }).split(/\r?\n/)
      parts[0] = unfinished + (parts[0] ?? "")
      unfinished = (parts.pop() ?? "").slice(0, maxLineCharacters + 1)
      if (parts.length > 0) finished = [...finished, ...parts.slice(-limit).map(shorten)].slice(-limit)
    },
    lines: () => (unfinished === "" ? finished : [...finished, shorten(unfinished)].slice(-limit))
  }
}
