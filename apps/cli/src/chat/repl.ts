/**
 * A conversation line by line. An error of a turn is told and the conversation goes on; `/exit`, `quit`, `exit`, `q` or the
 * end of input leave.
 */
import { makeCorrelationId, toOutcome, withCorrelationId } from "@signalbox/errors"
import { conversationFolder } from "@signalbox/host/node"
import type { ApprovalRequired } from "@signalbox/model"
import { Cause, Effect, Exit } from "effect"
import { Output, renderError, renderOutcome } from "../Output.ts"
import type { Signals } from "../process/Signals.ts"
import { withShortfall } from "../report.ts"
import { Setting } from "../Setting.ts"
import type { Approving } from "./approving.ts"
import { attachTyped } from "./attachments/attachTyped.ts"
import { problemTogether } from "./attachments/readAttachment.ts"
import type { Chat } from "./Chat.ts"
import type { CommandNeeds } from "./commands/ChatCommand.ts"
import { completeCommand, runCommand } from "./commands/chatCommands.ts"
import { readCommand } from "./commands/readCommand.ts"
import { type Lines, makeLines } from "./input/Lines.ts"
import { noHistory, openHistory } from "./input/promptHistory.ts"
import { asLines, readMessage } from "./input/readMessage.ts"
import { runOneTurn, type TurnMessage } from "./runOneTurn.ts"
import { turnJson } from "./turnJson.ts"
import { untilInterrupted } from "./untilInterrupted.ts"
import { isWorkShown, noWork } from "./working.ts"

/** How a conversation goes on. */
export interface ReplOptions {
  readonly streams: boolean
  readonly isPlain: boolean
  /** Whom the next turn asks for approval. */
  readonly approving: () => Approving
}

type ReplNeeds = CommandNeeds | Signals

const leaving = new Set(["quit", "exit", "q"])

/** Tells what became of something that went wrong; a signal goes on. */
const tellFailure = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
  const output = yield* Output
  if (Cause.hasInterruptsOnly(cause)) return yield* Effect.interrupt
  if (Cause.hasDies(cause)) yield* Effect.logError("Internal error", cause)
  yield* output.status(renderError(Cause.squash(cause), output.errorStyle))
})

const answer = Effect.fnUntraced(function* (chat: Chat, message: TurnMessage, options: ReplOptions) {
  const output = yield* Output
  const { interaction, unasked } = options.approving()
  const turn = runOneTurn(chat, message, { ...options, interaction, isLast: false })
  if (output.isJson) {
    const finished = Effect.flatMap(turn, (end) =>
      end._tag === "Finished" ? Effect.succeed(turnJson(end.result)) : Effect.interrupt
    )
    const outcome = yield* toOutcome(finished)
    const short = unasked()
    yield* output.line(renderOutcome(short === undefined ? outcome : withShortfall(outcome, short)))
    return short
  }
  const exit = yield* Effect.exit(turn)
  if (Exit.isFailure(exit)) yield* tellFailure(exit.cause)
  return unasked()
})

/** Runs a command and shows what came of it. What goes on with it is handed back. */
const command = Effect.fnUntraced(function* (chat: Chat, name: string, argument: string) {
  const output = yield* Output
  const work = { ...noWork, standard: `/${name}` }
  const run = runCommand(chat, name, argument)
  const exit = yield* untilInterrupted(run, { isLast: false }, (yield* isWorkShown) ? () => work : undefined)
  if (exit === undefined) return yield* output.status(`\n${output.errorStyle.yellow("■")} stopped: /${name}`)
  const next = Exit.isSuccess(exit) ? exit.value.next : undefined
  // A line has one object: that of the turn, where one follows.
  if (output.isJson && next?._tag !== "Send")
    yield* output.line(renderOutcome(yield* toOutcome(Effect.map(exit, ({ data }) => data))))
  else if (Exit.isFailure(exit)) yield* tellFailure(exit.cause)
  else if (exit.value.text !== "") yield* output.line(exit.value.text)
  return next
})

/**
 * Puts the files that a person has named beside the message. What cannot be used is told, and then `false` says so, unless it
 * is to go without that.
 */
const attach = Effect.fnUntraced(function* ({ state }: Chat, text: string, lines: Lines, goesWithout: boolean) {
  const { errorStyle, status } = yield* Output
  const { directory } = yield* Setting
  const { files, problem } = yield* attachTyped({ directory, text, wasPasted: lines.pastes.wasPasted })
  const attachments = [...state.attachments, ...files]
  const wrong = goesWithout ? undefined : (problem ?? problemTogether(attachments))
  if (wrong !== undefined) {
    yield* status(renderError(wrong, errorStyle))
    return false
  }
  state.attachments = attachments
  if (attachments.length > 0) yield* status(errorStyle.dim(`With ${attachments.map(({ name }) => name).join(", ")}`))
  return true
})

/** Lines of a person, with their history. */
const openInput = Effect.fnUntraced(function* (chat: Chat) {
  const output = yield* Output
  const { isTerminal } = yield* Setting
  const folder = conversationFolder(chat.host.config)
  const history = isTerminal.stdin && folder !== undefined ? yield* openHistory(folder) : noHistory
  const lines = yield* makeLines(isTerminal.stdin, output.setPrompt, asLines(history.messages))
  const complete = (line: string) => Effect.runPromise(completeCommand(chat, line))
  const reader = { lines, history, complete }
  return {
    lines,
    next: (initial: string) => (isTerminal.stdin ? readMessage(reader, initial) : lines.next(""))
  }
})

/** What a line leads to: the end of the chat, or a message that could not be sent as it is. */
interface Handled {
  readonly leaves: boolean
  readonly refused: string
}

const goOn: Handled = { leaves: false, refused: "" }

/** Runs until the person leaves. Answers with the first call that needed an approval, and nobody could be asked. */
export const repl = Effect.fnUntraced(function* (chat: Chat, options: ReplOptions) {
  const { isTerminal } = yield* Setting
  const input = yield* openInput(chat)
  let short: ApprovalRequired | undefined
  const send = (message: TurnMessage) =>
    Effect.map(answer(chat, message, options), (unasked) => {
      short ??= unasked
    })

  const handle = Effect.fnUntraced(function* (
    line: string,
    refused: string
  ): Effect.fn.Return<Handled, never, ReplNeeds> {
    const said = readCommand(line)
    if (said._tag === "Command") {
      const next = yield* command(chat, said.name, said.argument)
      if (next?._tag === "Leave") return { leaves: true, refused: "" }
      if (next?._tag === "Send") yield* send(next.message)
      return goOn
    }
    // A message with a file that cannot be sent stands at the prompt again; as it is, it goes without the file.
    if (isTerminal.stdin && !(yield* attach(chat, said.text, input.lines, refused === line)))
      return { leaves: false, refused: line }
    yield* send({ content: said.text })
    return goOn
  })

  let handled = goOn
  while (!handled.leaves) {
    const { refused } = handled
    const line = yield* input.next(refused === "" ? "" : input.lines.pastes.shorten(refused))
    if (line === undefined || leaving.has(line.trim().toLowerCase())) return short
    if (line.trim() !== "") handled = yield* handle(line, refused).pipe(withCorrelationId(yield* makeCorrelationId))
  }
  return short
}, Effect.scoped)
