/**
 * Read: a part of a text file by lines. It reads no further than it shows, so a large file costs no more than a small
 * one.
 */
import { Effect, Schema } from "effect"
import { builtIn } from "../BuiltIn.ts"
import { FileBinary } from "../errors.ts"
import type { OpenedFile } from "../paths/DirectFiles.ts"
import type { Place } from "../paths/PathPolicy.ts"
import { explainFault, type Workspace } from "../paths/Workspace.ts"
import { maxLineLength, shownLine } from "./paging.ts"

const defaultLimit = 2000
const chunkBytes = 64 * 1024

const Input = Schema.Struct({
  file_path: Schema.String.annotate({ description: "The file, as an absolute path or from the working directory." }),
  offset: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({ description: "The first line to show, from 1." })
  ),
  limit: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThan(0)).annotate({
      description: `How many lines to show; ${defaultLimit} by default.`
    })
  ),
  pages: Schema.optionalKey(
    Schema.String.annotate({ description: "Changes nothing: only text is shown, and no PDF." })
  ),
  allow_large: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Changes nothing: a large file is shown part by part." })
  )
})

interface Reading {
  readonly lines: Array<string>
  /** Characters that are shown so far, and how many there may be. */
  length: number
  line: number
  partial: string
  /** Characters of the line that is read now beyond what is kept of it, because no more of it is shown. */
  skipped: number
  isFull: boolean
}

/** Makes the tool. */
export const readTool = (workspace: Workspace, maxCharacters: number) =>
  builtIn({
    name: "Read",
    description:
      "Reads a text file and shows its lines with their numbers. Give offset and limit for a part of a long file.",
    input: Input,
    annotations: { title: "Read a file", readOnlyHint: true, openWorldHint: false },
    run: Effect.fnUntraced(function* ({ file_path, limit = defaultLimit, offset = 1 }) {
      const place = yield* workspace.decideFile(file_path, "read")
      const first = Math.max(1, offset)
      const { isFull, line, lines } = yield* Effect.scoped(
        Effect.flatMap(workspace.openFile(place), (file) => readLines(place, file, first, limit, maxCharacters))
      )
      const text = lines.map((line, index) => `${first + index}\t${line}`).join("\n")
      const next = first + lines.length
      const note = isFull ? `\n[The file goes on. Continue with offset ${next}.]` : ""
      return {
        text: lines.length === 0 ? beyondEnd(line - 1) : `${text}${note}`,
        data: { first_line: first, lines, has_more: isFull }
      }
    })
  })

/** There is no line to show. */
const beyondEnd = (count: number): string =>
  count === 0 ? "[The file is empty.]" : `[Nothing is there: the file has ${count} line${count === 1 ? "" : "s"}.]`

/** Room for the numbers of lines, and for the note. */
const overhead = 12

const readLines = Effect.fnUntraced(function* (
  place: Place,
  file: OpenedFile,
  first: number,
  limit: number,
  maxCharacters: number
) {
  const reading: Reading = { lines: [], length: 100, line: 1, partial: "", skipped: 0, isFull: false }
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false })
  const buffer = new Uint8Array(Math.max(1, Math.min(chunkBytes, file.size)))
  const take = (line: string) => {
    if (reading.line >= first && !reading.isFull) {
      const shown = shownLine(line.endsWith("\r") ? line.slice(0, -1) : line, reading.skipped)
      const needed = shown.length + overhead
      if (reading.lines.length >= limit || (reading.lines.length > 0 && reading.length + needed > maxCharacters))
        reading.isFull = true
      else {
        reading.lines.push(shown)
        reading.length += needed
      }
    }
    reading.line++
  }
  let position = 0
  // As long as it was when it was opened: to ask for what is behind the end costs as much as to read.
  for (let isEnd = false; !isEnd && !reading.isFull;) {
    const count = yield* Effect.mapError(file.read(buffer, position), explainFault(place))
    const bytes = buffer.subarray(0, count)
    position += count
    isEnd = count === 0 || position >= file.size
    const text = yield* Effect.try({
      try: () => decoder.decode(bytes, { stream: !isEnd }),
      catch: () => new FileBinary({ path: place.given })
    })
    if (text.includes("\0")) return yield* new FileBinary({ path: place.given })
    split(reading, text, take)
  }
  if (!reading.isFull && reading.partial !== "") take(reading.partial)
  return reading
})

const split = (reading: Reading, text: string, take: (line: string) => void): void => {
  let from = 0
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
    grow(reading, text.slice(from, end))
    take(reading.partial)
    reading.partial = ""
    reading.skipped = 0
    from = end + 1
  }
  grow(reading, text.slice(from))
}

/** A line without an end must not fill the memory: what is not shown of it is not kept. */
const grow = (reading: Reading, text: string): void => {
  if (reading.partial.length > maxLineLength * 2) reading.skipped += text.length
  else reading.partial += text
}
