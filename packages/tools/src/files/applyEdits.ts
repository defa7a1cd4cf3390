/**
 * Edits of a text: old pieces are found exactly as they are given and replaced. Nothing is changed unless everything
 * fits. Pure.
 */
import { Result } from "effect"

/** One edit. */
export interface TextEdit {
  readonly oldText: string
  readonly newText: string
  /** How often the old text has to occur; all are replaced then. */
  readonly expected: number | "any"
}

/** The text after all edits, and how many pieces were replaced. */
export interface Edited {
  readonly text: string
  readonly count: number
}

/** What is wrong with an edit; the first has number 1. */
export interface EditProblem {
  readonly edit: number
  readonly reason: string
  /** The new text stands there already, and the old one does not. */
  readonly isApplied: boolean
}

const countOf = (text: string, piece: string): number => {
  let count = 0
  for (let at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + piece.length)) count++
  return count
}

/** A file with Windows line ends is edited by models that only know the others. */
const withLineEnds = (text: string, piece: string): string =>
  text.includes("\r\n") && !piece.includes("\r") && !text.includes(piece) ? piece.replaceAll("\n", "\r\n") : piece

const times = (count: number): string => `${count} time${count === 1 ? "" : "s"}`

/** Applies edits one after the other, each to what the one before has left. */
export const applyEdits = (text: string, edits: ReadonlyArray<TextEdit>): Result.Result<Edited, EditProblem> => {
  let current = text
  let total = 0
  for (const [index, { expected, newText, oldText }] of edits.entries()) {
    const problem = (reason: string, isApplied = false) => Result.fail({ edit: index + 1, reason, isApplied })
    if (oldText === "") return problem("the old text is empty")
    if (oldText === newText) return problem("the old and the new text are the same")
    const old = withLineEnds(current, oldText)
    const added = old === oldText ? newText : newText.replaceAll(/\r?\n/g, "\r\n")
    const count = countOf(current, old)
    if (count === 0) {
      const isApplied = newText !== "" && current.includes(withLineEnds(current, newText))
      return problem("the old text does not occur in it", isApplied)
    }
    if (expected !== "any" && count !== expected)
      return problem(
        `the old text occurs ${times(count)}, and ${times(expected)} ${expected === 1 ? "was" : "were"} expected (replace_all replaces each; more of the text around it names one)`
      )
    current = current.split(old).join(added)
    total += count
  }
  return Result.succeed({ text: current, count: total })
}
