/**
 * Asking the person at the terminal, one question at a time. Ctrl-C and the end of input leave a question without an
 * answer, which is not the same as a no.
 */
import { Effect, Semaphore } from "effect"
import { Output } from "../../Output.ts"
import { printable } from "../../render/style.ts"
import { makeLines } from "../input/Lines.ts"

export interface Asking {
  /** Shows a line of foreign text. */
  readonly show: (text: string) => Effect.Effect<void>
  /** Shows lines of ours, which have colours. */
  readonly tell: (text: string) => Effect.Effect<void>
  /** The answer without blanks around it; nothing where the person left the question. */
  readonly ask: (prompt: string) => Effect.Effect<string | undefined>
  /** `ifEmpty` is what Enter alone means. */
  readonly confirm: (question: string, ifEmpty: boolean) => Effect.Effect<boolean | undefined>
  /** Waits until no other question is open. */
  readonly inTurn: <A>(question: Effect.Effect<A>) => Effect.Effect<A>
}

/** Asks on the terminal. What is answered here is no part of the history of the chat. */
export const makeAsking = Effect.gen(function* () {
  const { errorStyle, setPrompt, status } = yield* Output
  const lines = yield* makeLines(true, setPrompt)
  const turn = Semaphore.makeUnsafe(1)
  const ask = (prompt: string) =>
    lines.next(`${errorStyle.yellow("?")} ${printable(prompt)} `).pipe(
      Effect.map((line) => line?.trim()),
      Effect.onInterrupt(() => status(`\n${errorStyle.dim("… the question was withdrawn")}`))
    )
  const confirm = (question: string, ifEmpty: boolean): Effect.Effect<boolean | undefined> =>
    Effect.flatMap(ask(`${question} [${ifEmpty ? "Y/n" : "y/N"}]`), (answer) => {
      if (answer === undefined) return Effect.undefined
      if (answer === "") return Effect.succeed(ifEmpty)
      if (/^y(es)?$/i.test(answer)) return Effect.succeed(true)
      return /^no?$/i.test(answer) ? Effect.succeed(false) : confirm(question, ifEmpty)
    })
  return {
    show: (text) => status(printable(text)),
    tell: status,
    ask,
    confirm,
    inTurn: (question) => turn.withPermit(question)
  } satisfies Asking
})
