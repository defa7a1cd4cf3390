/**
 * What is counted of hooks, in the registry of the caller: how often one was asked at an event, what came of it, and how
 * long it took.
 */
import type { HookRefused } from "@signalbox/conversation"
import { outcomeNumbers } from "@signalbox/resilience"
import { Clock, Effect, Exit, Metric, Option } from "effect"
import type { HookEvent } from "../../config/HookOptions.ts"
import type { HookTrouble } from "./runHook.ts"

const runs = Metric.counter("hook_runs_total", {
  description: "Times that a hook was asked, by event and outcome: ok, refused, failed or cancelled",
  incremental: true
})
const durations = Metric.histogram("hook_duration_ms", {
  description: "How long hooks took, by event",
  boundaries: [1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 30_000, 60_000]
})

type Ending = "ok" | "refused" | "failed" | "cancelled"

const outcomeOf = (exit: Exit.Exit<unknown, HookRefused | HookTrouble>): Ending => {
  if (Exit.isSuccess(exit)) return "ok"
  if (Exit.hasInterrupts(exit)) return "cancelled"
  const { _tag } = Option.getOrElse(Exit.findErrorOption(exit), () => ({ _tag: "Defect" }))
  return _tag === "HookRefused" ? "refused" : "failed"
}

/** Counts one question to a hook: as failed also where the others go on without it. */
export const countRun = <A, R>(
  event: HookEvent,
  asked: Effect.Effect<A, HookRefused | HookTrouble, R>
): Effect.Effect<A, HookRefused | HookTrouble, R> =>
  Effect.flatMap(Clock.currentTimeMillis, (begun) =>
    Effect.onExit(asked, (exit) =>
      Effect.flatMap(Clock.currentTimeMillis, (ended) =>
        Effect.andThen(
          Metric.update(Metric.withAttributes(runs, { event, outcome: outcomeOf(exit) }), 1),
          Metric.update(Metric.withAttributes(durations, { event }), ended - begun)
        )
      )
    )
  )

/** What was counted at one event. */
export interface HookNumbers extends Readonly<Record<Ending, number>> {
  readonly average_ms: number | null
}

/** What was counted in the registry of the caller, by event; those at which no hook was asked are not there. */
export const hookNumbers: Effect.Effect<Readonly<Record<string, HookNumbers>>> = Effect.map(
  outcomeNumbers({ label: "event", counts: runs, times: durations }),
  (numbers) =>
    Object.fromEntries(
      [...numbers].map(([event, { average, outcomes }]) => [
        event,
        { ok: 0, refused: 0, failed: 0, cancelled: 0, ...outcomes, average_ms: average }
      ])
    )
)
