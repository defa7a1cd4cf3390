/**
 * The next message of a person at a terminal, which may have several rows. Ctrl-C takes back what has been typed; where
 * nothing has been, it says how to leave, and leaves the next time.
 */
import { Effect } from "effect"
import { Output } from "../../Output.ts"
import type { Complete, Lines, Read, ReadOptions } from "./Lines.ts"
import { lineBreakMark } from "./Pastes.ts"
import type { PromptHistory } from "./promptHistory.ts"
import { addRow, noRows, type Rows } from "./rows.ts"

/** What a message is read with. */
export interface MessageReader {
  readonly lines: Lines
  readonly history: PromptHistory
  readonly complete: Complete
}

/** Messages as lines, for the arrow keys: what has a tab cannot be edited there. */
export const asLines = (messages: ReadonlyArray<string>): ReadonlyArray<string> =>
  messages.filter((message) => !message.includes("\t")).map((message) => message.replaceAll("\n", lineBreakMark))

/** What came of one prompt. */
type Step =
  | { readonly _tag: "Message"; readonly text: string }
  | { readonly _tag: "Left" }
  | { readonly _tag: "More"; readonly rows: Rows; readonly isWarned: boolean }

const nothing: Step = { _tag: "More", rows: noRows, isWarned: false }

/** Ctrl-C. */
const interrupted = Effect.fnUntraced(function* (
  isEmpty: boolean,
  isWarned: boolean
): Effect.fn.Return<Step, never, Output> {
  if (!isEmpty) return nothing
  if (isWarned) return { _tag: "Left" }
  const { errorStyle, status } = yield* Output
  yield* status(errorStyle.dim("Ctrl-C once more leaves; so do Ctrl-D and /exit."))
  return { ...nothing, isWarned: true }
})

/** Keeps the message for the arrow keys, unless there is none. */
const finished = Effect.fnUntraced(function* (
  { history, lines }: MessageReader,
  typed: string
): Effect.fn.Return<Step> {
  const text = lines.pastes.expand(typed)
  if (text.trim() === "") return nothing
  lines.remember(typed.replaceAll("\n", lineBreakMark))
  if (!lines.pastes.isShortened(typed)) yield* history.add(text)
  return { _tag: "Message", text }
})

/** The message; nothing where the person leaves. `initial` stands there already. */
export const readMessage = Effect.fnUntraced(function* (reader: MessageReader, initial: string) {
  const { errorStyle: style } = yield* Output
  let step: Step = nothing
  let begun = initial
  while (step._tag === "More") {
    const { isWarned, rows }: Omit<Extract<Step, { _tag: "More" }>, "_tag"> = step
    const isFirst: boolean = rows === noRows
    const offered: ReadOptions = isFirst ? { initial: begun, complete: reader.complete } : {}
    const typed: Read = yield* reader.lines.read(style.cyan(isFirst ? "you › " : "  … "), offered)
    begun = ""
    if (typed._tag === "End") return undefined
    if (typed._tag === "Interrupt") step = yield* interrupted(isFirst && typed.line === "", isWarned)
    else {
      const more = addRow(rows, typed.line)
      step = more._tag === "Open" ? { ...nothing, rows: more } : yield* finished(reader, more.text)
    }
  }
  return step._tag === "Message" ? step.text : undefined
})
