/**
 * Where the states of circuits live. The memory store serves one process; one over a shared database lets
 * several processes see the same circuits.
 */
import { Effect } from "effect"
import type { CircuitState } from "./circuitTransition.ts"

/** The states of circuits by name. A store must never fail: one that cannot be reached answers with what it last knew. */
export interface CircuitStore {
  /** The state of a circuit, or undefined when nothing ever happened to it. */
  readonly get: (circuit: string) => Effect.Effect<CircuitState | undefined>
  /**
   * Changes the state in one step, as seen by everyone who shares the store.
   * The function is pure and may be called again when another process came in between.
   */
  readonly update: (
    circuit: string,
    change: (state: CircuitState | undefined) => CircuitState
  ) => Effect.Effect<StateChange>
  readonly remove: (circuit: string) => Effect.Effect<void>
  /** The states themselves, where they are in the memory of this process: a closed circuit then costs a call next to nothing. */
  readonly states?: ReadonlyMap<string, CircuitState>
}

/** A store for one process, whose states can be read at any moment. */
export interface CircuitStoreMemory extends CircuitStore {
  readonly states: ReadonlyMap<string, CircuitState>
}

/** What an update found and what it left. The same object twice when nothing changed. */
export interface StateChange {
  readonly before: CircuitState | undefined
  readonly after: CircuitState
}

/** Makes a store for one process. */
export const makeCircuitStoreMemory: Effect.Effect<CircuitStoreMemory> = Effect.sync(() => {
  const states = new Map<string, CircuitState>()
  return {
    states,
    get: (circuit) => Effect.sync(() => states.get(circuit)),
    update: (circuit, change) =>
      Effect.sync(() => {
        const before = states.get(circuit)
        const after = change(before)
        if (after !== before) states.set(circuit, after)
        return { before, after }
      }),
    remove: (circuit) =>
      Effect.sync(() => {
        states.delete(circuit)
      })
  }
})
