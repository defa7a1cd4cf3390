/**
 * One turn of a chat, printed as it happens. The first Ctrl-C stops it and says what was stopped.
 */
import type { ConversationSession, TurnEvent, TurnResult } from "@signalbox/conversation"
import type { Interaction, ToolUseBlock } from "@signalbox/model"
import { Deferred, Effect, Exit, Fiber, Stream } from "effect"
import { Output } from "../Output.ts"
import { Signals } from "../process/Signals.ts"
import { printable } from "../render/style.ts"
import { printTurn } from "../render/renderTurn.ts"

export type TurnEnd = { readonly _tag: "Finished"; readonly result: TurnResult } | { readonly _tag: "Stopped" }

interface Running {
  /** What goes on, by the ids of the calls. */
  readonly tools: ReadonlyMap<string, string>
  readonly step: number
}

const nameOf = ({ name, runBy }: ToolUseBlock): string =>
  printable(`${name}${runBy?._tag === "Host" ? ` of ${runBy.source}` : ""}`)

const withTool = (running: Running, { id }: ToolUseBlock, what: string): Running => ({
  ...running,
  tools: new Map([...running.tools, [id, what]])
})

const follow = (running: Running, event: TurnEvent): Running => {
  switch (event.type) {
    case "step_start":
      return { ...running, step: event.step }
    case "tool_asked":
      return withTool(running, event.call, `the approval of ${nameOf(event.call)}`)
    case "tool_start":
      return withTool(running, event.call, nameOf(event.call))
    case "tool_end":
      return { ...running, tools: new Map([...running.tools].filter(([id]) => id !== event.callId)) }
    default:
      return running
  }
}

const whatStopped = ({ tools }: Running): string =>
  tools.size === 0 ? "the answer of the model" : [...tools.values()].join(", ")

/** Runs a turn of the session. A failure is handed on; Ctrl-C ends it as `Stopped`. */
export const runOneTurn = Effect.fnUntraced(function* (
  session: ConversationSession,
  message: string,
  options: { readonly streams: boolean; readonly isLast: boolean; readonly interaction: Interaction }
) {
  const output = yield* Output
  const signals = yield* Signals
  let running: Running = { tools: new Map(), step: 0 }
  let result: TurnResult | undefined
  const events = session.send(message, { interaction: options.interaction }).pipe(
    Stream.tap((event) =>
      Effect.sync(() => {
        running = follow(running, event)
        if (event.type === "turn_end") result = event.result
      })
    )
  )
  const turn = output.isJson ? events : printTurn(options)(events)
  const stop = yield* Deferred.make<void>()
  const fiber = yield* Effect.forkScoped(Stream.runDrain(turn))
  const exit = yield* signals.withInterrupt(
    () => Deferred.doneUnsafe(stop, Exit.void),
    options
  )(Effect.raceFirst(Fiber.await(fiber), Deferred.await(stop)))
  if (exit === undefined) {
    const stopped = whatStopped(running)
    yield* Fiber.interrupt(fiber)
    yield* output.status(`\n${output.errorStyle.yellow("■")} stopped: ${stopped}`)
    return { _tag: "Stopped" } satisfies TurnEnd
  }
  yield* exit
  return result === undefined
    ? ({ _tag: "Stopped" } satisfies TurnEnd)
    : ({ _tag: "Finished", result } satisfies TurnEnd)
}, Effect.scoped)
