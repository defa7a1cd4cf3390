/**
 * Lines that a person types, or that a pipe holds. On a terminal each prompt has its own readline interface,
 * so that Ctrl-C while a turn runs is a signal and not a key; the history goes on over all of them.
 */
import { Effect, type Scope } from "effect"
import type { StandingPrompt } from "../../Output.ts"
import { createInterface, type Interface } from "node:readline"
import { PassThrough } from "node:stream"
import { StringDecoder } from "node:string_decoder"
import { bracketedPaste, makeKeyReader } from "./keyReader.ts"
import { lineBreakMark, makePastes, type Pastes } from "./Pastes.ts"

/** How a prompt was answered. */
export type Read =
  /** As it was edited: see `Lines.pastes`. */
  | { readonly _tag: "Line"; readonly line: string }
  /** Ctrl-C, with what stood on the line. */
  | { readonly _tag: "Interrupt"; readonly line: string }
  | { readonly _tag: "End" }

/** Words that may stand at the end of the line, each with what is before it: the whole line that it would make. */
export type Complete = (line: string) => Promise<ReadonlyArray<string>>

/** What a prompt begins with and offers. */
export interface ReadOptions {
  /** What stands on the line already. */
  readonly initial?: string
  readonly complete?: Complete
}

export interface Lines {
  /** The next line; nothing at the end of input, and after Ctrl-C at the prompt. */
  readonly next: (prompt: string) => Effect.Effect<string | undefined>
  readonly read: (prompt: string, options?: ReadOptions) => Effect.Effect<Read>
  /** Puts a line where the arrow up finds it first. */
  readonly remember: (line: string) => void
  readonly pastes: Pastes
}

/** Is told how to draw the prompt again, for as long as one stands on the terminal. */
type SetPrompt = (prompt: StandingPrompt | undefined) => void

const historySize = 500

/** Standard input for readline, which gets keys alone: what is pasted comes as what stands for it in the line. */
const openTerminal = (decode: (chunk: Buffer) => string, pastes: Pastes, isLineEmpty: () => boolean) => {
  const { stdin } = process
  const readKeys = makeKeyReader()
  const keys = Object.assign(new PassThrough(), { setRawMode: (isRaw: boolean) => stdin.setRawMode(isRaw) })
  const onData = (chunk: Buffer) => {
    for (const typed of readKeys(decode(chunk))) {
      if (typed._tag === "Keys") keys.write(typed.text)
      else if (typed._tag === "Paste") keys.write(pastes.shorten(typed.text))
      else keys.write(typed.isEnter && isLineEmpty() ? "\r" : lineBreakMark)
    }
  }
  const onEnd = () => keys.end()
  stdin.on("data", onData).on("end", onEnd).resume()
  // A terminal that obeys nothing would show what it is asked for.
  const marksPastes = process.env["TERM"] !== "dumb"
  if (marksPastes) process.stderr.write(bracketedPaste.on)
  return {
    keys,
    close: () => {
      stdin.off("data", onData).off("end", onEnd).pause()
      if (marksPastes) process.stderr.write(bracketedPaste.off)
    }
  }
}

/** Reads from a terminal with editing and history. */
const terminalLines = (setPrompt: SetPrompt, kept: ReadonlyArray<string>): Lines => {
  const pastes = makePastes()
  const decoder = new StringDecoder("utf8")
  // The newest first, as readline has them.
  let history: ReadonlyArray<string> = kept
  // What came with the line that was read, as when several are pasted: lines of their own, and a last one unfinished.
  const ahead: Array<string> = []
  let unfinished = ""

  const read = (prompt: string, { complete, initial = "" }: ReadOptions = {}) =>
    Effect.callback<Read>((resume) => {
      const waiting = ahead.shift()
      if (waiting !== undefined) {
        process.stderr.write(`${prompt}${waiting}\n`)
        return resume(Effect.succeed({ _tag: "Line", line: waiting }))
      }
      const terminal = openTerminal(
        (chunk) => decoder.write(chunk),
        pastes,
        () => reader.line === ""
      )
      const reader: Interface = createInterface({
        input: terminal.keys,
        output: process.stderr,
        terminal: true,
        history: [...history],
        historySize,
        ...(complete === undefined
          ? {}
          : {
              completer: (line: string, done: (error: null, result: [Array<string>, string]) => void) =>
                void complete(line).then((lines) => done(null, [[...lines], line]))
            })
      })
      let isDone = false
      const close = () => {
        isDone = true
        setPrompt(undefined)
        reader.close()
        terminal.close()
      }
      const finish = (value: Read) => {
        if (isDone) return
        isDone = true
        // Not at once: the rest of what was pasted is still being read.
        setImmediate(() => {
          unfinished = value._tag === "Line" ? reader.line : ""
          close()
          // Whoever leaves by a key leaves in the middle of a line.
          if (value._tag !== "Line") process.stderr.write("\n")
          resume(Effect.succeed(value))
        })
      }
      reader.on("SIGINT", () => finish({ _tag: "Interrupt", line: reader.line }))
      reader.on("close", () => finish({ _tag: "End" }))
      reader.on("line", (line) => (isDone ? void ahead.push(line) : finish({ _tag: "Line", line })))
      setPrompt({ rowsAbove: () => reader.getCursorPos().rows, draw: () => reader.prompt(true) })
      reader.setPrompt(prompt)
      reader.prompt()
      const begun = initial + unfinished
      unfinished = ""
      if (begun !== "") reader.write(begun)
      return Effect.sync(close)
    })

  return {
    read,
    next: (prompt) => Effect.map(read(prompt), (typed) => (typed._tag === "Line" ? typed.line : undefined)),
    remember: (line) => {
      history = [line, ...history.filter((other) => other !== line)].slice(0, historySize)
    },
    pastes
  }
}

/** Reads from a pipe or a file. */
const pipedLines = (reader: Interface): Lines => {
  const iterator = reader[Symbol.asyncIterator]()
  const next = Effect.map(
    Effect.promise(() => iterator.next()),
    (result) => (result.done === true ? undefined : result.value)
  )
  return {
    next: () => next,
    read: () => Effect.map(next, (line): Read => (line === undefined ? { _tag: "End" } : { _tag: "Line", line })),
    remember: () => undefined,
    pastes: makePastes()
  }
}

/** Lines of standard input, edited where prompts are seen as well. `history` has the newest line first. */
export const makeLines = (
  isTerminal: boolean,
  setPrompt: SetPrompt,
  history: ReadonlyArray<string> = []
): Effect.Effect<Lines, never, Scope.Scope> =>
  isTerminal && process.stderr.isTTY
    ? Effect.sync(() => terminalLines(setPrompt, history))
    : Effect.acquireRelease(
        Effect.sync(() => createInterface({ input: process.stdin })),
        (reader) => Effect.sync(() => reader.close())
      ).pipe(Effect.map(pipedLines))
