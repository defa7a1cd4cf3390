/**
 * One task for the host or one of its agents: no questions, no banner, one answer.
 */
import type { TurnEvent, TurnResult } from "@signalbox/conversation"
import { type SignalboxError, toJson } from "@signalbox/errors"
import { Host } from "@signalbox/host"
import { Interaction } from "@signalbox/model"
import { Deferred, Effect, Exit, Fiber, Option, Stream } from "effect"
import { type ApprovalChoice, makeApproving } from "../chat/approving.ts"
import { talkerOf } from "../chat/Talker.ts"
import { Output } from "../Output.ts"
import { Signals } from "../process/Signals.ts"
import { printTurn } from "../render/renderTurn.ts"
import { printable } from "../render/style.ts"
import { requireHistory } from "../sessions/requireHistory.ts"
import { Setting } from "../Setting.ts"
import { shortfallOfRun } from "./outcomeOfRun.ts"
import { eventJson } from "./streamJson.ts"

/** What is to be done, by whom. */
export interface Task {
  readonly text: string
  readonly agent: Option.Option<string>
  /** The name under which the conversation is kept. */
  readonly session: Option.Option<string>
  readonly approvals: ApprovalChoice
  /** Each event as a line of JSON. */
  readonly streamsJson: boolean
}

/** What came of it; `short` where the answer is not whole. */
export interface TaskEnd {
  readonly result: TurnResult
  readonly short: SignalboxError | undefined
}

/**
 * The turn as it is shown: on a terminal what the model says as it comes, else only its last words, for whoever reads
 * them. The work stands on standard error.
 */
const shown = Effect.fnUntraced(function* <E>(
  task: Task,
  events: Stream.Stream<TurnEvent, E>,
  shortfall: (result: TurnResult) => SignalboxError | undefined
) {
  const output = yield* Output
  const { isTerminal } = yield* Setting
  if (task.streamsJson) {
    return Stream.tap(events, (event) => {
      const json = eventJson(event, shortfall)
      return json === undefined ? Effect.void : output.line(JSON.stringify(json))
    })
  }
  if (output.isJson) return events
  const printed = (some: Stream.Stream<TurnEvent, E>) =>
    Stream.provideService(printTurn({ streams: true })(some), Output, output)
  if (isTerminal.stdout) return printed(events)
  const work = Stream.filter(events, ({ type }) => type !== "model")
  return Stream.tap(printed(work), (event) =>
    event.type === "turn_end" ? output.line(printable(event.result.text)) : Effect.void
  )
})

/** Runs the turn; the first Ctrl-C stops it everywhere, and ends the program. */
export const runTask = Effect.fnUntraced(function* (task: Task) {
  const host = yield* Host
  const signals = yield* Signals
  if (Option.isSome(task.session)) yield* requireHistory(host.config)
  const worker = yield* talkerOf(task.agent)
  yield* worker.usable
  const session = yield* worker.conversations.start(Option.isNone(task.session) ? {} : { id: task.session.value })
  const { interaction, unasked } = makeApproving(task.approvals, Interaction.decline)
  let result: TurnResult | undefined
  const shortfall = (ended: TurnResult) => shortfallOfRun(ended, unasked())
  const events = Stream.tap(session.send(task.text, { interaction }), (event) =>
    Effect.sync(() => {
      if (event.type === "turn_end") result = event.result
    })
  )
  const stop = yield* Deferred.make<void>()
  const fiber = yield* Effect.forkScoped(Stream.runDrain(yield* shown(task, events, shortfall)))
  const exit = yield* signals.withInterrupt(() => Deferred.doneUnsafe(stop, Exit.void), { isLast: true })(
    Effect.raceFirst(Fiber.await(fiber), Deferred.await(stop))
  )
  if (exit === undefined) {
    yield* Fiber.interrupt(fiber)
    return yield* Effect.interrupt
  }
  yield* exit
  if (result === undefined) return yield* Effect.interrupt
  return { result, short: shortfall(result) } satisfies TaskEnd
}, Effect.scoped)

/** A failure as the last line of the events. */
export const tellFailure = Effect.fnUntraced(function* (error: unknown) {
  const { line } = yield* Output
  yield* line(JSON.stringify({ type: "error", error: toJson(error) }))
})
