/**
 * Where a command prints: answers to stdout, everything about how they came about to stderr.
 * With `--json`, stdout holds one JSON object and nothing else.
 */
import { type Outcome, toJson } from "@signalbox/errors"
import { Context, Effect } from "effect"
import { printable, type Style } from "./render/style.ts"

export class Output extends Context.Service<
  Output,
  {
    readonly isJson: boolean
    readonly style: Style
    readonly errorStyle: Style
    /** Characters in a line of the terminal that shows the work. */
    readonly width: number
    /** Characters in a line of the terminal that shows the answer; no limit where that is a pipe or a file. */
    readonly columns: number
    readonly write: (text: string) => Effect.Effect<void>
    readonly line: (text: string) => Effect.Effect<void>
    /** A line about the work, to stderr. A prompt that stands there moves below it. */
    readonly status: (text: string) => Effect.Effect<void>
    /** The same at once, for the logger. */
    readonly writeStatus: (text: string) => void
    /** Says how the prompt is drawn again while one stands on the terminal. */
    readonly setPrompt: (redraw: (() => void) | undefined) => void
  }
>()("signalbox/Output") {}

const write = (text: string) => Effect.sync(() => void process.stdout.write(text))

const eraseLine = "\r\u001b[K"

/** Writes to the process's streams. */
export const makeOutput = (options: {
  readonly isJson: boolean
  readonly style: Style
  readonly errorStyle: Style
}): Output["Service"] => {
  let redrawPrompt: (() => void) | undefined
  const writeStatus = (text: string) => {
    process.stderr.write(redrawPrompt === undefined ? `${text}\n` : `${eraseLine}${text}\n`)
    redrawPrompt?.()
  }
  return {
    isJson: options.isJson,
    style: options.style,
    errorStyle: options.errorStyle,
    // A terminal that does not know its size says 0.
    width: process.stderr.columns || process.stdout.columns || 100,
    columns: process.stdout.columns || Number.POSITIVE_INFINITY,
    write,
    line: (text) => write(`${text}\n`),
    status: (text) => Effect.sync(() => writeStatus(text)),
    writeStatus,
    setPrompt: (redraw) => {
      redrawPrompt = redraw
    }
  }
}

/** An error for a person: what happened, its code, and the next step. Its texts may come from a server. */
export const renderError = (error: unknown, style: Style): string => {
  const { error_code: code, error_type: type, hint, message } = toJson(error)
  const next = hint === undefined ? "" : `\n${style.dim("→")} ${printable(hint)}`
  return `${style.red("error")} ${style.dim(`[${code}]`)} ${printable(message === "" ? type : message)}${next}`
}

/**
 * One line of JSON for an outcome. Errors in it have been masked by `toJson`; data is the person's own. JSON
 * itself leaves the control characters from U+007F on as they are, and a terminal obeys some of them.
 */
export const renderOutcome = (outcome: Outcome<unknown>): string =>
  JSON.stringify(outcome).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
