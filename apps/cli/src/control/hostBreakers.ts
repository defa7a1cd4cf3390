/**
 * `breaker` at work: the circuits of the running host.
 */
import type { CircuitNumbers } from "@signalbox/orchestrator"
import { Duration, Effect } from "effect"
import { formatDuration } from "../duration.ts"
import { Output } from "../Output.ts"
import { circuitFailure } from "../render/circuitFailure.ts"
import type { Style } from "../render/style.ts"
import { renderTable } from "../render/table.ts"
import { report } from "../report.ts"
import { running } from "./runningHost.ts"

type Circuits = Readonly<Record<string, CircuitNumbers>>

const phaseOf = ({ phase }: CircuitNumbers, style: Style): string => {
  if (phase === "closed") return style.green(phase)
  return phase === "open" ? style.red(phase) : style.yellow(phase)
}

const render = (circuits: Circuits, style: Style): string => {
  const header = ["server or provider", "circuit", "for", "good", "failed", "refused", "opened"].map(style.dim)
  const rows = Object.entries(circuits).map(([name, numbers]) => [
    style.bold(name),
    phaseOf(numbers, style),
    // Of one that was never used there is nothing to say.
    numbers.in_phase_ms === 0 ? "–" : formatDuration(Duration.millis(numbers.in_phase_ms)),
    String(numbers.succeeded),
    String(numbers.failed),
    String(numbers.rejected),
    String(numbers.trips)
  ])
  if (rows.length === 0)
    return "No server and no provider has a circuit: model.breaker.enabled is off, or there is none."
  return [renderTable([header, ...rows]), ...Object.entries(circuits).flatMap(lastFailure)].join("\n")
}

/** Why calls do not go through. */
const lastFailure = ([name, numbers]: readonly [string, CircuitNumbers]): ReadonlyArray<string> => {
  const failure = numbers.phase === "closed" ? undefined : circuitFailure(numbers)
  return failure === undefined ? [] : [`${name} failed last: ${failure}`]
}

const shown = report<Circuits>({
  render: (circuits) => Effect.flatMap(Output, ({ line, style }) => line(render(circuits, style)))
})

/** All circuits. */
export const breakerStatus = Effect.flatMap(running, ({ ask }) => ask(({ breakers }) => breakers.list())).pipe(
  Effect.scoped,
  shown
)

/** Works one circuit, and shows it as it is then. */
export const workBreaker = (verb: "open" | "close" | "reset", name: string) =>
  Effect.flatMap(running, ({ ask }) => ask(({ breakers }) => breakers[verb]({ params: { name } }))).pipe(
    Effect.scoped,
    shown
  )
