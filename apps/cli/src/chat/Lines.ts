/**
 * Lines that a person types, or that a pipe holds. On a terminal each prompt has its own readline interface,
 * so that Ctrl-C while a turn runs is a signal and not a key; the history goes on over all of them.
 */
import { Effect, type Scope } from "effect"
import { createInterface, type Interface } from "node:readline"

export interface Lines {
  /** The next line; nothing at the end of input, and after Ctrl-C at the prompt. */
  readonly next: (prompt: string) => Effect.Effect<string | undefined>
}

/** Is told how to draw the prompt again, for as long as one stands on the terminal. */
type SetPrompt = (redraw: (() => void) | undefined) => void

/** Reads from a terminal with editing and history. */
const terminalLines = (setPrompt: SetPrompt): Lines => {
  let history: Array<string> = []
  // What came with the line that was read, as when several are pasted: lines of their own, and a last one unfinished.
  const pasted: Array<string> = []
  let unfinished = ""
  return {
    next: (prompt) =>
      Effect.callback<string | undefined>((resume) => {
        const waiting = pasted.shift()
        if (waiting !== undefined) {
          process.stderr.write(`${prompt}${waiting}\n`)
          return resume(Effect.succeed(waiting))
        }
        const reader = createInterface({ input: process.stdin, output: process.stderr, history, historySize: 500 })
        let isDone = false
        const close = () => {
          isDone = true
          setPrompt(undefined)
          reader.close()
        }
        const finish = (value: string | undefined) => {
          if (isDone) return
          isDone = true
          // Not at once: the rest of what was pasted is still being read.
          setImmediate(() => {
            unfinished = value === undefined ? "" : reader.line
            close()
            // Whoever leaves by a key leaves in the middle of a line.
            if (value === undefined) process.stderr.write("\n")
            resume(Effect.succeed(value))
          })
        }
        reader.on("history", (lines: Array<string>) => {
          history = [...lines]
        })
        reader.on("SIGINT", () => finish(undefined))
        reader.on("close", () => finish(undefined))
        reader.on("line", (line) => (isDone ? void pasted.push(line) : finish(line)))
        reader.setPrompt(prompt)
        reader.prompt()
        if (unfinished !== "") reader.write(unfinished)
        unfinished = ""
        setPrompt(() => reader.prompt(true))
        return Effect.sync(close)
      })
  }
}

/** Reads from a pipe or a file. */
const pipedLines = (reader: Interface): Lines => {
  const iterator = reader[Symbol.asyncIterator]()
  return {
    next: () =>
      Effect.map(
        Effect.promise(() => iterator.next()),
        (result) => (result.done === true ? undefined : result.value)
      )
  }
}

/** Lines of standard input. */
export const makeLines = (isTerminal: boolean, setPrompt: SetPrompt): Effect.Effect<Lines, never, Scope.Scope> =>
  isTerminal
    ? Effect.sync(() => terminalLines(setPrompt))
    : Effect.acquireRelease(
        Effect.sync(() => createInterface({ input: process.stdin })),
        (reader) => Effect.sync(() => reader.close())
      ).pipe(Effect.map(pipedLines))
