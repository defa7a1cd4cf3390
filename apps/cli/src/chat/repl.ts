/**
 * A conversation line by line: one session from the first prompt to the last. An error of a turn is told and
 * the conversation goes on; `quit`, `exit`, `q` or the end of input leave.
 */
import { makeCorrelationId, toOutcome, withCorrelationId } from "@signalbox/errors"
import type { ConversationSession } from "@signalbox/conversation"
import { Cause, Effect, Exit } from "effect"
import { Output, renderError, renderOutcome } from "../Output.ts"
import { Setting } from "../Setting.ts"
import { withShortfall } from "../report.ts"
import type { Approving } from "./approving.ts"
import { makeLines } from "./Lines.ts"
import { runOneTurn } from "./runOneTurn.ts"
import { turnJson } from "./turnJson.ts"

/** How a conversation goes on. */
export interface ReplOptions {
  readonly streams: boolean
  /** Whom the next turn asks for approval. */
  readonly approving: () => Approving
}

const leaving = new Set(["quit", "exit", "q"])

const answer = Effect.fnUntraced(function* (session: ConversationSession, message: string, options: ReplOptions) {
  const output = yield* Output
  const { interaction, unasked } = options.approving()
  const turn = runOneTurn(session, message, { streams: options.streams, interaction, isLast: false })
  if (output.isJson) {
    const finished = Effect.flatMap(turn, (end) =>
      end._tag === "Finished" ? Effect.succeed(turnJson(end.result)) : Effect.interrupt
    )
    const outcome = yield* toOutcome(finished)
    const short = unasked()
    return yield* output.line(renderOutcome(short === undefined ? outcome : withShortfall(outcome, short)))
  }
  const exit = yield* Effect.exit(turn)
  if (Exit.isSuccess(exit)) return
  if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt
  if (Cause.hasDies(exit.cause)) yield* Effect.logError("Internal error", exit.cause)
  yield* output.status(renderError(Cause.squash(exit.cause), output.errorStyle))
})

/** Runs until the person leaves. */
export const repl = Effect.fnUntraced(function* (session: ConversationSession, options: ReplOptions) {
  const output = yield* Output
  const { isTerminal } = yield* Setting
  const lines = yield* makeLines(isTerminal.stdin, output.setPrompt)
  const prompt = isTerminal.stdin ? `${output.errorStyle.cyan("you ›")} ` : ""
  while (true) {
    const line = yield* lines.next(prompt)
    if (line === undefined || leaving.has(line.trim().toLowerCase())) return
    if (line.trim() === "") continue
    yield* answer(session, line, options).pipe(withCorrelationId(yield* makeCorrelationId))
  }
}, Effect.scoped)
