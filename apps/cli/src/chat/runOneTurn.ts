/**
 * One turn of a chat, printed as it happens. The first Ctrl-C stops it and says what was stopped.
 */
import type { SendOptions, TurnResult } from "@signalbox/conversation"
import type { ContentBlock, Interaction } from "@signalbox/model"
import { Clock, Duration, Effect, Stream } from "effect"
import { Output } from "../Output.ts"
import { printTurn } from "../render/renderTurn.ts"
import { Setting } from "../Setting.ts"
import { type Chat, contextOf } from "./Chat.ts"
import { askingBelow } from "./askingBelow.ts"
import { untilInterrupted } from "./untilInterrupted.ts"
import { costSince, followWork, isWorkShown, noWork, summaryLine, whatRuns } from "./working.ts"

export type TurnEnd = { readonly _tag: "Finished"; readonly result: TurnResult } | { readonly _tag: "Stopped" }

export interface TurnView {
  readonly streams: boolean
  /** Whether Markdown stays as the model writes it, also on a terminal. */
  readonly isPlain: boolean
  readonly isLast: boolean
  readonly interaction: Interaction
}

/** What is said, and what is different in the turn that answers it. */
export interface TurnMessage {
  readonly content: string | ReadonlyArray<ContentBlock>
  readonly send?: Pick<SendOptions, "answeredBy" | "limits" | "tools">
}

/** The message with the files that go along, which come first: models look at them better so. */
const contentOf = ({ state: { attachments } }: Chat, { content }: TurnMessage): TurnMessage["content"] =>
  attachments.length === 0
    ? content
    : [
        ...attachments.map(({ block }) => block),
        ...(typeof content === "string" ? [{ type: "text" as const, text: content }] : content)
      ]

/** How text is shown: as it is, or its Markdown on a terminal with colours. */
const textView = Effect.fnUntraced(function* ({ diffs }: Chat, { isPlain, streams }: TurnView) {
  const { columns, isJson, style } = yield* Output
  const { isTerminal } = yield* Setting
  const view = { streams, changeOf: diffs.after }
  if (isPlain || isJson || !isTerminal.stdout || style.bold("x") === "x") return view
  const { makeMarkdown } = yield* Effect.promise(() => import("../render/markdown/Markdown.ts"))
  return { ...view, markdown: makeMarkdown(style, columns) }
})

/** Runs a turn of the session. A failure is handed on; Ctrl-C ends it as `Stopped`. */
export const runOneTurn = Effect.fnUntraced(function* (chat: Chat, message: TurnMessage, view: TurnView) {
  const output = yield* Output
  const { host, state } = chat
  let work = noWork
  let result: TurnResult | undefined
  const content = contentOf(chat, message)
  state.attachments = []
  const { interaction, isPrinted } = askingBelow(view.interaction)
  const events = state.session.send(content, { ...state.other?.send, ...message.send, interaction }).pipe(
    Stream.tap((event) =>
      Effect.sync(() => {
        work = followWork(work, event)
        if (event.type === "step_end") state.contextTokens = contextOf(event.summary.usage)
        if (event.type === "turn_end") result = event.result
      })
    )
  )
  const shown = output.isJson ? events : printTurn(yield* textView(chat, view))(events)
  const turn = Stream.tap(shown, isPrinted)
  const isShown = yield* isWorkShown
  const usedBefore = yield* host.models.ledger.summary
  const begin = yield* Clock.currentTimeMillis
  const exit = yield* untilInterrupted(Stream.runDrain(turn), view, isShown ? () => work : undefined)
  if (exit === undefined) {
    yield* output.status(`\n${output.errorStyle.yellow("■")} stopped: ${whatRuns(work)}`)
    return { _tag: "Stopped" } satisfies TurnEnd
  }
  yield* exit
  if (result === undefined) return { _tag: "Stopped" } satisfies TurnEnd
  if (isShown) {
    const took = Duration.millis((yield* Clock.currentTimeMillis) - begin)
    const cost = costSince(usedBefore, yield* host.models.ledger.summary)
    yield* output.status(output.errorStyle.dim(summaryLine(took, result, cost)))
  }
  return { _tag: "Finished", result } satisfies TurnEnd
})
