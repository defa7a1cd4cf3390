/**
 * Circuit breakers by name: after repeated failures a circuit opens and calls are rejected at once, until
 * probes show that the other side has recovered. Only failures that its owner counts open it; an
 * interrupted call, a rejection by a circuit or an exhausted pool says nothing about the other side.
 */
import { codeOf, isSignalboxError } from "@signalbox/errors"
import { type Cause, Clock, Context, Duration, Effect, Exit, Layer, Predicate, PubSub, Stream } from "effect"
import {
  admits,
  type CircuitEvent,
  type CircuitSettings,
  type CircuitState,
  circuitTransition,
  closedCircuit,
  requireCircuitSettings
} from "./circuitTransition.ts"
import type { CircuitChange, CircuitStats } from "./CircuitStats.ts"
import { type CircuitStore, makeCircuitStoreMemory, type StateChange } from "./CircuitStore.ts"
import { CircuitOpen, isRejection, RetryExhausted } from "./errors.ts"
import { circuitMetrics, phaseNumbers } from "./metricNames.ts"

/** What a breaker is made from. */
export interface CircuitBreakerOptions {
  /** The settings of each circuit, read at its first use. */
  readonly settings: (circuit: string) => CircuitSettings
  /**
   * Whether a failure speaks against the other side: connection and transport failures, time-outs, answers like
   * HTTP 5xx. Not asked about defects, interruptions, and rejections by this package, none of which count;
   * asked about the cause of a `RetryExhausted`.
   */
  readonly counts: (error: unknown, circuit: string) => boolean
  /** Default: in the memory of this process. */
  readonly store?: CircuitStore
}

interface Circuit {
  readonly name: string
  settings: CircuitSettings
  succeeded: number
  failed: number
  ignored: number
  rejected: number
  trips: number
  lastFailure: CircuitStats["lastFailure"]
  /** The same failure itself: whoever is rejected is told why. */
  lastError: unknown
}

/**
 * Keeps calls away from what has failed often, one circuit for each key. Use it around a dependency whose failures
 * are slow or make it worse; a call that must be tried whatever happens does not belong in one.
 */
export class CircuitBreaker extends Context.Service<
  CircuitBreaker,
  {
    /**
     * Runs an effect unless its circuit is open; then fails at once with `CircuitOpen`, whose `retryAfter` says
     * when the next probe is let through and whose `cause` is the last failure that counted. Give the effect a time limit: a probe that hangs keeps its place.
     * `counts` takes the place of the rule of the breaker where what a failure means depends on the call.
     */
    readonly protect: <A, E, R>(
      circuit: string,
      effect: Effect.Effect<A, E, R>,
      counts?: CircuitBreakerOptions["counts"]
    ) => Effect.Effect<A, E | CircuitOpen, R>
    /**
     * Takes note of an outcome that no circuit has gated, such as that of a connection that somebody else looks after.
     * A failure that counts is one more in a row, and keeps an open circuit open for its whole time again; a success
     * closes the circuit, unless it was opened by hand.
     */
    readonly observe: (circuit: string, exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
    /**
     * Fails with `CircuitOpen` when a call would be rejected now, and takes no place. Use it before a call waits for
     * something else; `protect` decides when its turn has come.
     */
    readonly check: (circuit: string) => Effect.Effect<void, CircuitOpen>
    readonly stats: (circuit: string) => Effect.Effect<CircuitStats>
    /** The stats of every circuit that was used, in the order of first use. */
    readonly statsAll: Effect.Effect<ReadonlyArray<CircuitStats>>
    /** Opens a circuit by hand. It stays open until it is closed or reset. */
    readonly forceOpen: (circuit: string) => Effect.Effect<void>
    /** Closes a circuit by hand and keeps its statistics. The next failures count as usual. */
    readonly forceClose: (circuit: string) => Effect.Effect<void>
    /** Closes a circuit and forgets its statistics. */
    readonly reset: (circuit: string) => Effect.Effect<void>
    readonly resetAll: Effect.Effect<void>
    /** Reads the settings of a circuit again, if it was used. Its state and statistics stay. */
    readonly refresh: (circuit: string) => Effect.Effect<void>
    /** Forgets a circuit. Its calls under way no longer count. */
    readonly remove: (circuit: string) => Effect.Effect<void>
    /** Every change of phase from now on. A reader that falls 1,024 changes behind misses the oldest. */
    readonly changes: Stream.Stream<CircuitChange>
  }
>()("@signalbox/resilience/CircuitBreaker") {
  /** A set of circuits of its own, with its own rule of what counts. */
  static readonly make = Effect.fn("CircuitBreaker.make")(makeCircuitBreaker)

  /** The set of circuits that a whole program shares. */
  static readonly layer = (options: CircuitBreakerOptions): Layer.Layer<CircuitBreaker> =>
    Layer.effect(CircuitBreaker, CircuitBreaker.make(options))
}

function* makeCircuitBreaker(options: CircuitBreakerOptions) {
  const clock = yield* Clock.Clock
  // Its metrics belong to whoever made it, not to whoever calls.
  const context = yield* Effect.context()
  const store = options.store ?? (yield* makeCircuitStoreMemory)
  const pubsub = yield* PubSub.sliding<CircuitChange>(1024)
  const circuits = new Map<string, Circuit>()

  const circuitOf = (name: string): Circuit => {
    const known = circuits.get(name)
    if (known !== undefined) return known
    const settings = requireCircuitSettings(name, options.settings(name))
    const circuit = { name, settings, ...nothingCounted }
    circuits.set(name, circuit)
    return circuit
  }

  const publish = (circuit: Circuit, { after, before }: StateChange): Effect.Effect<unknown> => {
    const from = before?.phase ?? "closed"
    if (from === after.phase) return Effect.void
    if (after.phase === "open") circuit.trips++
    const change: CircuitChange = { circuit: circuit.name, from, to: after.phase, at: after.since }
    measure(change, context)
    return PubSub.publish(pubsub, change)
  }

  const happen = (circuit: Circuit, event: CircuitEvent): Effect.Effect<unknown> => {
    if (circuits.get(circuit.name) !== circuit) return Effect.void
    const now = clock.currentTimeMillisUnsafe()
    return Effect.flatMap(
      store.update(circuit.name, (state) =>
        circuitTransition(state ?? closedCircuit(now), event, now, circuit.settings)
      ),
      (change) => (change.before === change.after ? Effect.void : publish(circuit, change))
    )
  }

  /** Counts an outcome, and says what it was. */
  const verdict = (circuit: Circuit, exit: Exit.Exit<unknown, unknown>, counts: CircuitBreakerOptions["counts"]) => {
    const failure = Exit.isSuccess(exit) ? undefined : countedFailure(exit.cause, circuit.name, counts)
    const what = Exit.isSuccess(exit) ? "succeeded" : failure === undefined ? "ignored" : "failed"
    circuit[what]++
    if (failure !== undefined) {
      const { error } = failure
      const code = isSignalboxError(error) ? codeOf(error) : null
      circuit.lastFailure = { at: clock.currentTimeMillisUnsafe(), message: messageOf(error), code }
      circuit.lastError = error
    }
    return what
  }

  const settle = (
    circuit: Circuit,
    generation: number,
    exit: Exit.Exit<unknown, unknown>,
    counts: CircuitBreakerOptions["counts"]
  ) => {
    const what = verdict(circuit, exit, counts)
    return happen(circuit, { type: what === "ignored" ? "released" : what, generation })
  }

  const observe = (circuit: Circuit, exit: Exit.Exit<unknown, unknown>): Effect.Effect<unknown> => {
    const what = verdict(circuit, exit, options.counts)
    if (what === "ignored") return Effect.void
    return happen(circuit, { type: what === "succeeded" ? "foundUp" : "foundDown" })
  }

  const reject = (circuit: Circuit, state: CircuitState, now: number): CircuitOpen => {
    circuit.rejected++
    // Nobody says when a circuit is closed that was opened by hand, and its last failure is not why.
    if (state.phase === "open" && state.until === null) return new CircuitOpen({ circuit: circuit.name })
    return new CircuitOpen({
      circuit: circuit.name,
      retryAfter: state.phase === "open" && state.until !== null ? Duration.millis(state.until - now) : probeAnswers,
      ...(circuit.lastError === undefined ? {} : { cause: circuit.lastError })
    })
  }

  /** A circuit that is closed lets everybody through and takes no place: there is only something to do at the end. */
  const watched = <A, E, R>(
    circuit: Circuit,
    generation: number,
    effect: Effect.Effect<A, E, R>,
    counts: CircuitBreakerOptions["counts"]
  ) =>
    Effect.onExitPrimitive(effect, (exit) => {
      if (exit._tag !== "Success" || hasFailures(store.states?.get(circuit.name), generation)) {
        return Effect.asVoid(settle(circuit, generation, exit, counts))
      }
      circuit.succeeded++
      return undefined
    })

  const admitted = <A, E, R>(
    circuit: Circuit,
    effect: Effect.Effect<A, E, R>,
    counts: CircuitBreakerOptions["counts"]
  ): Effect.Effect<A, E | CircuitOpen, R> =>
    Effect.uninterruptibleMask((restore) => {
      const now = clock.currentTimeMillisUnsafe()
      const start = closedCircuit(now)
      return Effect.flatMap(
        store.update(circuit.name, (state) => circuitTransition(state ?? start, request, now, circuit.settings)),
        (change): Effect.Effect<A, E | CircuitOpen, R> => {
          const before = change.before ?? start
          if (!admits(before, now, circuit.settings)) return Effect.fail(reject(circuit, before, now))
          const { generation } = change.after
          const call = Effect.onExit(restore(effect), (exit) => settle(circuit, generation, exit, counts))
          return before.phase === change.after.phase ? call : Effect.andThen(publish(circuit, change), call)
        }
      )
    })

  const protect = <A, E, R>(
    name: string,
    effect: Effect.Effect<A, E, R>,
    counts = options.counts
  ): Effect.Effect<A, E | CircuitOpen, R> =>
    Effect.suspend(() => {
      const circuit = circuitOf(name)
      const state = store.states?.get(name)
      return state?.phase === "closed"
        ? watched(circuit, state.generation, effect, counts)
        : admitted(circuit, effect, counts)
    })

  const check = (circuit: Circuit): Effect.Effect<void, CircuitOpen> =>
    Effect.flatMap(store.get(circuit.name), (state) => {
      const now = clock.currentTimeMillisUnsafe()
      const isAdmitted = state === undefined || admits(state, now, circuit.settings)
      return isAdmitted ? Effect.void : Effect.fail(reject(circuit, state, now))
    })

  const statsOf = (circuit: Circuit): Effect.Effect<CircuitStats> =>
    Effect.map(store.get(circuit.name), (found) => {
      const now = clock.currentTimeMillisUnsafe()
      const state = found ?? closedCircuit(now)
      const { failed, ignored, lastFailure, name, rejected, succeeded, trips } = circuit
      return {
        circuit: name,
        phase: state.phase,
        since: state.since,
        inPhaseFor: Duration.millis(now - state.since),
        consecutiveFailures: state.phase === "closed" ? state.failures : 0,
        probes: state.phase === "half-open" ? state.probes : 0,
        succeeded,
        failed,
        ignored,
        rejected,
        trips,
        lastFailure,
        settings: printedSettings(circuit.settings)
      }
    })

  const reset = (circuit: Circuit) => {
    Object.assign(circuit, nothingCounted)
    return happen(circuit, { type: "forcedClosed" })
  }

  return CircuitBreaker.of({
    protect,
    observe: (name, exit) => Effect.asVoid(Effect.suspend(() => observe(circuitOf(name), exit))),
    check: (name) =>
      Effect.suspend(() => (store.states?.get(name)?.phase === "closed" ? Effect.void : check(circuitOf(name)))),
    stats: (name) => Effect.suspend(() => statsOf(circuitOf(name))),
    statsAll: Effect.suspend(() => Effect.forEach(circuits.values(), statsOf)),
    forceOpen: (name) => Effect.asVoid(Effect.suspend(() => happen(circuitOf(name), { type: "forcedOpen" }))),
    forceClose: (name) => Effect.asVoid(Effect.suspend(() => happen(circuitOf(name), { type: "forcedClosed" }))),
    reset: (name) => Effect.asVoid(Effect.suspend(() => reset(circuitOf(name)))),
    resetAll: Effect.suspend(() => Effect.forEach(circuits.values(), reset, { discard: true })),
    refresh: (name) =>
      Effect.sync(() => {
        const circuit = circuits.get(name)
        if (circuit !== undefined) circuit.settings = requireCircuitSettings(name, options.settings(name))
      }),
    remove: (name) => Effect.suspend(() => (circuits.delete(name) ? store.remove(name) : Effect.void)),
    changes: Stream.fromPubSub(pubsub)
  })
}

/** Whether a success changes anything. */
const hasFailures = (state: CircuitState | undefined, generation: number): boolean =>
  state?.phase === "closed" && state.generation === generation && state.failures > 0

const request: CircuitEvent = { type: "requested" }

/** When to ask again while probes are under way: how they end is known soon. */
const probeAnswers = Duration.seconds(1)

const nothingCounted = {
  succeeded: 0,
  failed: 0,
  ignored: 0,
  rejected: 0,
  trips: 0,
  lastFailure: null,
  lastError: undefined
}

const measure = ({ circuit, to }: CircuitChange, context: Context.Context<never>) => {
  circuitMetrics.phase({ circuit }).updateUnsafe(phaseNumbers[to], context)
  if (to === "open") circuitMetrics.trips({ circuit }).updateUnsafe(1, context)
}

const printedSettings = ({ probeTimeout, ...settings }: CircuitSettings): CircuitStats["settings"] => ({
  ...settings,
  openFor: Duration.fromInputUnsafe(settings.openFor),
  ...(probeTimeout === undefined ? {} : { probeTimeout: Duration.fromInputUnsafe(probeTimeout) })
})

const messageOf = (error: unknown): string =>
  Predicate.hasProperty(error, "message") ? String(error.message) : String(error)

/** The first failure that speaks against the other side. In an object of its own, since an error may be undefined. */
const countedFailure = (
  cause: Cause.Cause<unknown>,
  circuit: string,
  counts: (error: unknown, circuit: string) => boolean
): { readonly error: unknown } | undefined => {
  for (const reason of cause.reasons) {
    if (reason._tag !== "Fail") continue
    const error = reason.error instanceof RetryExhausted ? reason.error.cause : reason.error
    if (isRejection(error)) continue
    if (counts(error, circuit)) return { error }
  }
  return undefined
}
