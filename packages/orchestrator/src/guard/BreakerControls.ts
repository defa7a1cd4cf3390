/**
 * The circuits of the servers as an operator sees and works them.
 */
import type { CircuitStats } from "@signalbox/resilience"
import { Effect } from "effect"
import type { ServerNotFound } from "../errors.ts"
import type { ServerCircuits } from "./ServerCircuits.ts"

/** What there is to see of circuits, and how they are opened and closed by hand. */
export interface BreakerControls {
  /** The circuit of every server, in the order of the configuration; each has the name of its server. */
  readonly stats: Effect.Effect<ReadonlyArray<CircuitStats>>
  /** Hides the tools of a server and refuses its calls until its circuit is closed or reset. The server itself goes on. */
  readonly open: (name: string) => Effect.Effect<void, ServerNotFound>
  /** Lets calls through again. The next failures count as usual. */
  readonly close: (name: string) => Effect.Effect<void, ServerNotFound>
  /** The same, and forgets what was counted. */
  readonly reset: (name: string) => Effect.Effect<void, ServerNotFound>
}

/** The controls for the servers that `find` knows. */
export const makeBreakerControls = (
  { breaker }: ServerCircuits,
  find: (name: string) => Effect.Effect<unknown, ServerNotFound>,
  names: () => ReadonlyArray<string>
): BreakerControls => ({
  stats: Effect.suspend(() => Effect.forEach(names(), breaker.stats)),
  open: (name) => Effect.andThen(find(name), breaker.forceOpen(name)),
  close: (name) => Effect.andThen(find(name), breaker.forceClose(name)),
  reset: (name) => Effect.andThen(find(name), breaker.reset(name))
})
