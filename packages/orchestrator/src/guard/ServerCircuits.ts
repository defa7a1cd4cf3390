/**
 * A circuit for each server. Its calls count, and so does every attempt to connect; but nothing ever keeps the
 * supervisor from connecting, and a server that is back closes its circuit. While one is open its tools are hidden.
 */
import {
  CircuitBreaker,
  type CircuitSettings,
  type CircuitState,
  type CircuitStats,
  makeCircuitStoreMemory
} from "@signalbox/resilience"
import { Clock, DateTime, Effect, Exit, FiberMap, Metric, Stream } from "effect"
import { forgetGauges } from "../metrics/forgetGauges.ts"
import { made } from "../metrics/made.ts"
import type { OrchestratorMetrics } from "../metrics/OrchestratorMetrics.ts"
import type { ManagedServer } from "../OrchestratorOptions.ts"
import type { ServerCircuit, ServerEvent } from "../ServerInfo.ts"
import { type CallGate, makeCallGate } from "./CallGate.ts"
import { lossSpeaksAgainst } from "./speaksAgainst.ts"

export interface ServerCircuits {
  readonly breaker: CircuitBreaker["Service"]
  readonly gateOf: (serverName: string) => CallGate
  readonly look: (serverName: string) => ServerCircuit
  /** Whether the tools of a server are hidden now: no call of them would be let through. */
  readonly isHidden: (serverName: string) => boolean
  /** Counts the attempts to connect. */
  readonly happened: (event: ServerEvent) => void
  /** Has a circuit for each of these servers, by its settings, and no other. */
  readonly follow: (servers: ReadonlyArray<ManagedServer>) => Effect.Effect<void>
  /** Shows them among the numbers and tells of each change, for as long as it runs. */
  readonly watch: (changed: (serverName: string) => Effect.Effect<void>) => Effect.Effect<void>
}

/** Nothing opens this one but a hand. */
const never: CircuitSettings = {
  failureThreshold: Number.MAX_SAFE_INTEGER,
  openFor: 0,
  successThreshold: 1,
  maxProbes: 1
}

const byHand = "it was opened by hand"

/** No server has a circuit before `follow`. */
export const makeServerCircuits = Effect.fnUntraced(function* (metrics: OrchestratorMetrics) {
  const clock = yield* Clock.Clock
  const run = Effect.runSyncWith(yield* Effect.context())
  const settings = new Map<string, ManagedServer["breaker"]>()
  const store = yield* makeCircuitStoreMemory
  const breaker = yield* CircuitBreaker.make({
    settings: (name) => {
      const own = settings.get(name) ?? "off"
      return own === "off" ? never : own
    },
    counts: lossSpeaksAgainst,
    store
  }).pipe(
    Effect.provideService(Metric.MetricRegistry, metrics.registry),
    Effect.provideService(Metric.CurrentMetricAttributes, { ...metrics.labels })
  )
  const timers = yield* FiberMap.make<string>()
  const hide = (name: string) => forgetGauges(metrics, "mcp_circuit_", name)
  yield* Effect.addFinalizer(() => Effect.sync(() => [...settings.keys()].forEach(hide)))

  const stateOf = (name: string) => store.states.get(name)
  const isHidden = (name: string) => {
    const state = stateOf(name)
    return state?.phase === "open" && !isOver(state, clock.currentTimeMillisUnsafe())
  }
  const look = (name: string): ServerCircuit => {
    const state = stateOf(name)
    if (state === undefined || state.phase === "closed") return closed
    // The store is in memory: nothing here can wait.
    return circuitOf(state, run(breaker.stats(name)), clock.currentTimeMillisUnsafe())
  }

  /** Waits until the circuit lets probes through, however often that is put off. */
  const untilOver = (name: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      const state = stateOf(name)
      const now = clock.currentTimeMillisUnsafe()
      if (state?.phase !== "open" || isOver(state, now)) return Effect.void
      if (state.until === null) return Effect.never
      return Effect.andThen(Effect.sleep(state.until - now), untilOver(name))
    })

  return {
    breaker,
    gateOf: made((name) =>
      makeCallGate(
        name,
        breaker,
        () => stateOf(name)?.phase === "closed",
        () => look(name)
      )
    ).of,
    look,
    isHidden,
    happened: (event) => {
      if (event._tag !== "StateChanged") return
      const { name, reason, state } = event.info
      if (!settings.has(name)) return
      if (state === "running") run(breaker.observe(name, Exit.void))
      if (state === "error") run(breaker.observe(name, Exit.fail(reason)))
    },
    follow: Effect.fnUntraced(function* (servers) {
      const names = new Set(servers.map(({ server }) => server.name))
      for (const name of settings.keys()) {
        if (names.has(name)) continue
        settings.delete(name)
        hide(name)
        yield* Effect.andThen(breaker.remove(name), FiberMap.remove(timers, name))
      }
      for (const { breaker: own, server } of servers) {
        if (settings.get(server.name) === own) continue
        settings.set(server.name, own)
        // The first look makes it, so that it is among the numbers from the beginning.
        yield* Effect.andThen(breaker.refresh(server.name), breaker.stats(server.name))
      }
    }),
    watch: (changed) =>
      Effect.scoped(
        Effect.andThen(
          metrics.watch({ pools: [], breakers: [breaker] }),
          Stream.runForEach(breaker.changes, ({ circuit, to }) =>
            Effect.andThen(
              changed(circuit),
              to === "open"
                ? FiberMap.run(timers, circuit, Effect.andThen(untilOver(circuit), changed(circuit)))
                : FiberMap.remove(timers, circuit)
            )
          )
        )
      )
  } satisfies ServerCircuits
})

const closed: ServerCircuit = { phase: "closed", openUntil: undefined, reason: undefined }

/** Whether an open circuit would let the next call through as a probe. */
const isOver = ({ until }: CircuitState & { readonly phase: "open" }, now: number): boolean =>
  until !== null && now >= until

const circuitOf = (state: CircuitState, { lastFailure }: CircuitStats, now: number): ServerCircuit => {
  if (state.phase !== "open" || isOver(state, now)) {
    return { phase: "half-open", openUntil: undefined, reason: lastFailure?.message }
  }
  return state.until === null
    ? { phase: "open", openUntil: undefined, reason: byHand }
    : { phase: "open", openUntil: DateTime.makeUnsafe(state.until), reason: lastFailure?.message }
}
