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
    readonly setPrompt: (prompt: StandingPrompt | undefined) => void
    /** The line that says what is going on, for as long as it does; see `drawWorking`. */
    readonly setWorking: (line: (() => string) | undefined) => void
    /** Draws that line anew below what was printed, unless text stands unfinished there or somebody is asked. */
    readonly drawWorking: Effect.Effect<void>
  }
>()("signalbox/Output") {}

/** A prompt that waits for an answer. */
export interface StandingPrompt {
  /** Rows of the terminal above the one where the cursor is. */
  readonly rowsAbove: () => number
  /** Draws it, those rows above the cursor included. */
  readonly draw: () => void
}

const eraseLine = "\r\u001b[K"

const upBy = (rows: number): string => (rows === 0 ? "" : `\u001b[${rows}A`)

/** Writes to the process's streams. */
export const makeOutput = (options: {
  readonly isJson: boolean
  readonly style: Style
  readonly errorStyle: Style
}): Output["Service"] => {
  let prompt: StandingPrompt | undefined
  let working: (() => string) | undefined
  let isWorkingDrawn = false
  // Of the text on stdout, which may share the terminal.
  let isLineOpen = false
  const eraseWorking = () => {
    if (isWorkingDrawn) process.stderr.write(eraseLine)
    isWorkingDrawn = false
  }
  const writeStatus = (text: string) => {
    eraseWorking()
    if (prompt === undefined) return void process.stderr.write(`${text}\n`)
    const rows = prompt.rowsAbove()
    // The prompt is drawn from as far above the cursor as it was.
    process.stderr.write(`${upBy(rows)}\r\u001b[J${text}\n${"\n".repeat(rows)}`)
    prompt.draw()
  }
  const write = (text: string) =>
    Effect.sync(() => {
      eraseWorking()
      if (text !== "") isLineOpen = !text.endsWith("\n")
      process.stdout.write(text)
    })
  return {
    isJson: options.isJson,
    style: options.style,
    errorStyle: options.errorStyle,
    // A terminal that does not know its size says 0, and one may get another size.
    get width() {
      return process.stderr.columns || process.stdout.columns || 100
    },
    get columns() {
      return process.stdout.columns || Number.POSITIVE_INFINITY
    },
    write,
    line: (text) => write(`${text}\n`),
    status: (text) => Effect.sync(() => writeStatus(text)),
    writeStatus,
    setPrompt: (standing) => {
      eraseWorking()
      prompt = standing
    },
    setWorking: (line) => {
      eraseWorking()
      working = line
    },
    drawWorking: Effect.sync(() => {
      if (working === undefined || prompt !== undefined || isLineOpen) return
      process.stderr.write(`${eraseLine}${working()}`)
      isWorkingDrawn = true
    })
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
