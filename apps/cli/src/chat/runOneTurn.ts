/**
 * One turn of a chat, printed as it happens. The first Ctrl-C stops it and says what was stopped.
 */
import type { TurnResult } from "@signalbox/conversation"
import type { ContentBlock, Interaction } from "@signalbox/model"
import { Clock, Deferred, Duration, Effect, Exit, Fiber, Stream } from "effect"
import { Output } from "../Output.ts"
import { Signals } from "../process/Signals.ts"
import { printTurn } from "../render/renderTurn.ts"
import { Setting } from "../Setting.ts"
import { type Chat, contextOf } from "./Chat.ts"
import { costSince, followWork, noWork, showWork, summaryLine, whatRuns } from "./working.ts"

export type TurnEnd = { readonly _tag: "Finished"; readonly result: TurnResult } | { readonly _tag: "Stopped" }

export interface TurnView {
  readonly streams: boolean
  /** Whether Markdown stays as the model writes it, also on a terminal. */
  readonly isPlain: boolean
  readonly isLast: boolean
  readonly interaction: Interaction
}

/** The message with the files that go along, which come first: models look at them better so. */
const contentOf = ({ state: { attachments } }: Chat, message: string): string | ReadonlyArray<ContentBlock> =>
  attachments.length === 0 ? message : [...attachments.map(({ block }) => block), { type: "text", text: message }]

/** How text is shown: as it is, or its Markdown on a terminal with colours. */
const textView = Effect.fnUntraced(function* ({ isPlain, streams }: TurnView) {
  const { columns, isJson, style } = yield* Output
  const { isTerminal } = yield* Setting
  if (isPlain || isJson || !isTerminal.stdout || style.bold("x") === "x") return { streams }
  const { makeMarkdown } = yield* Effect.promise(() => import("../render/markdown/Markdown.ts"))
  return { streams, markdown: makeMarkdown(style, columns) }
})

/** Runs a turn of the session. A failure is handed on; Ctrl-C ends it as `Stopped`. */
export const runOneTurn = Effect.fnUntraced(function* (chat: Chat, message: string, view: TurnView) {
  const output = yield* Output
  const signals = yield* Signals
  const { isTerminal } = yield* Setting
  const { host, state } = chat
  let work = noWork
  let result: TurnResult | undefined
  const content = contentOf(chat, message)
  state.attachments = []
  const events = state.session.send(content, { ...state.other?.send, interaction: view.interaction }).pipe(
    Stream.tap((event) =>
      Effect.sync(() => {
        work = followWork(work, event)
        if (event.type === "step_end") state.contextTokens = contextOf(event.summary.usage)
        if (event.type === "turn_end") result = event.result
      })
    )
  )
  const turn = output.isJson ? events : printTurn(yield* textView(view))(events)
  const isShown = isTerminal.stdout && isTerminal.stderr && !output.isJson
  const usedBefore = yield* host.models.ledger.summary
  const begin = yield* Clock.currentTimeMillis
  const stop = yield* Deferred.make<void>()
  const run = Effect.scoped(
    Effect.gen(function* () {
      if (isShown) yield* showWork(() => work)
      yield* Stream.runDrain(turn)
    })
  )
  const fiber = yield* Effect.forkScoped(run)
  const exit = yield* signals.withInterrupt(
    () => Deferred.doneUnsafe(stop, Exit.void),
    view
  )(Effect.raceFirst(Fiber.await(fiber), Deferred.await(stop)))
  if (exit === undefined) {
    const stopped = whatRuns(work)
    yield* Fiber.interrupt(fiber)
    yield* output.status(`\n${output.errorStyle.yellow("■")} stopped: ${stopped}`)
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
}, Effect.scoped)
