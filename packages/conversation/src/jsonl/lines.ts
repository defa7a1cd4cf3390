/**
 * Lines out of pieces of a file. A piece may end anywhere, in the middle of a character too: lines are cut as bytes.
 */
import { joinBytes } from "@signalbox/model"

/** One line, and where the next one begins. */
export interface FileLine {
  readonly text: string
  readonly end: number
}

const newline = 10

/** Takes pieces in order and gives the lines that are complete. What comes after the last one is kept for the next piece. */
export const makeLineCutter = (start: number): ((piece: Uint8Array) => ReadonlyArray<FileLine>) => {
  const decoder = new TextDecoder()
  let rest: ReadonlyArray<Uint8Array> = []
  let position = start
  return (piece) => {
    const lines: Array<FileLine> = []
    let from = 0
    for (let at = piece.indexOf(newline); at !== -1; at = piece.indexOf(newline, from)) {
      const bytes = joinBytes([...rest, piece.subarray(from, at)])
      rest = []
      from = at + 1
      position += bytes.length + 1
      lines.push({ text: decoder.decode(bytes), end: position })
    }
    if (from < piece.length) rest = [...rest, piece.slice(from)]
    return lines
  }
}
