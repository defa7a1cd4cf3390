/**
 * Circuits that several processes share, over anything that can compare and set a text: Redis, a database, a file
 * with a lock. While it cannot be reached each process goes on with what it last knew, and says so once.
 */
import { type Cause, Clock, Duration, Effect, Option, Result, Schema } from "effect"
import type { CircuitState } from "./circuitTransition.ts"
import type { CircuitStore, StateChange } from "./CircuitStore.ts"
import { requireSettings } from "./settings.ts"

/**
 * What is asked of the place where circuits are kept. Fail with anything when it cannot be reached.
 *
 * @example With ioredis:
 * const storage: SharedStorage = {
 *   get: (key) => Effect.tryPromise(async () => (await redis.get(key)) ?? undefined),
 *   compareAndSet: (key, expected, next, timeToLive) =>
 *     Effect.tryPromise(async () => {
 *       const millis = timeToLive === undefined ? 0 : Duration.toMillis(timeToLive)
 *       return (await redis.eval(compareAndSetScript, 1, key, expected ?? "", next, millis)) === 1
 *     }),
 *   remove: (key) => Effect.tryPromise(() => redis.del(key))
 * }
 */
export interface SharedStorage {
  /** The text under a key, or undefined when there is none or its time is over. */
  readonly get: (key: string) => Effect.Effect<string | undefined, unknown>
  /**
   * Writes `next` if the text is still `expected` (undefined: if there is none), in one step as seen by all processes,
   * and says whether it did. Without a `timeToLive` the text stays until it is replaced or removed.
   */
  readonly compareAndSet: (
    key: string,
    expected: string | undefined,
    next: string,
    timeToLive: Duration.Duration | undefined
  ) => Effect.Effect<boolean, unknown>
  readonly remove: (key: string) => Effect.Effect<unknown, unknown>
}

/** How a shared store uses its storage. */
export interface SharedCircuitStoreSettings {
  /** Stands before the name of each circuit. */
  readonly prefix: string
  /** How long an answer of the storage is waited for; a call waits for two of them at least. */
  readonly timeout: Duration.Input
  /** How long a storage that could not be reached is left alone. */
  readonly retryEvery: Duration.Input
  /** How long a circuit is remembered that nobody changes, beyond the time that it is open. */
  readonly timeToLive: Duration.Input
}

/** Settings for a storage in the same network. */
export const sharedCircuitStoreDefaults: SharedCircuitStoreSettings = {
  prefix: "circuit:",
  timeout: "250 millis",
  retryEvery: "1 second",
  timeToLive: "1 hour"
}

/**
 * `compareAndSet` as a script for `EVAL` of Redis and its relatives: one key; then the expected text, empty for
 * none; the next text; and the time to live in milliseconds, 0 for none. Answers 1 or 0.
 */
export const compareAndSetScript = `if (redis.call("GET", KEYS[1]) or "") ~= ARGV[1] then return 0 end
if ARGV[3] == "0" then redis.call("SET", KEYS[1], ARGV[2]) else redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3]) end
return 1`

/**
 * A store for several processes. Give the circuits a `probeTimeout`: a process that dies takes its probes with it.
 * Each call costs two round trips or more, and the clocks of the processes must agree as far as `openFor` matters.
 * Throws `SettingsInvalid` when a time is not longer than nothing.
 */
export const makeCircuitStoreShared = (
  storage: SharedStorage,
  settings: SharedCircuitStoreSettings
): Effect.Effect<CircuitStore> =>
  Effect.map(Clock.Clock, (clock) => {
    requireTimes(settings)
    const { prefix, retryEvery, timeout, timeToLive } = settings
    const known = new Map<string, CircuitState>()
    let outages = 0
    let awayUntil: number | undefined

    const isLost = (cause: Cause.Cause<unknown>): Effect.Effect<Option.Option<never>> => {
      const isNews = awayUntil === undefined
      awayUntil = clock.currentTimeMillisUnsafe() + Duration.toMillis(retryEvery)
      if (!isNews) return Effect.succeedNone
      outages++
      // No call that began under the shared state may end under the private one, or the other way round.
      for (const [circuit, state] of known) known.set(circuit, { ...state, generation: -outages * 2 ** 32 })
      const message = "The shared store of circuits cannot be reached; each process goes on with what it last knew."
      return Effect.as(Effect.logWarning(message, cause), Option.none())
    }

    const isFound = Effect.suspend(() => {
      if (awayUntil === undefined) return Effect.void
      awayUntil = undefined
      return Effect.logInfo("The shared store of circuits is back.")
    })

    /** The answer of the storage, or none while it cannot be reached. Never fails and never takes longer than its time. */
    const ask = <A>(operation: Effect.Effect<A, unknown>): Effect.Effect<Option.Option<A>> =>
      Effect.suspend(() => {
        if (awayUntil !== undefined && clock.currentTimeMillisUnsafe() < awayUntil) return Effect.succeedNone
        // Calls are admitted uninterruptibly; a storage that hangs must not hold them up.
        return Effect.timeout(Effect.interruptible(operation), timeout).pipe(
          Effect.flatMap((answer) => Effect.as(isFound, Option.some(answer))),
          Effect.catchCause(isLost),
          // Whoever loses patience with us says nothing about the storage.
          Effect.uninterruptible
        )
      })

    const lifeOf = (state: CircuitState): Duration.Duration | undefined => {
      if (state.phase !== "open") return Duration.fromInputUnsafe(timeToLive)
      if (state.until === null) return undefined
      const openFor = Math.max(0, state.until - clock.currentTimeMillisUnsafe())
      return Duration.millis(openFor + Duration.toMillis(timeToLive))
    }

    const changeKnown = (circuit: string, change: (state: CircuitState | undefined) => CircuitState): StateChange => {
      const before = known.get(circuit)
      const after = change(before)
      known.set(circuit, after)
      return { before, after }
    }

    const update: CircuitStore["update"] = (circuit, change) =>
      Effect.flatMap(ask(storage.get(prefix + circuit)), (found) => {
        if (found._tag === "None") return Effect.succeed(changeKnown(circuit, change))
        const before = decode(found.value)
        if (before !== undefined) known.set(circuit, before)
        const after = change(before)
        if (after === before) return Effect.succeed({ before, after })
        const write = storage.compareAndSet(prefix + circuit, found.value, JSON.stringify(after), lifeOf(after))
        return Effect.flatMap(ask(write), (written) => {
          // It may have been written all the same; if that was a probe, its place comes back by `probeTimeout`.
          if (written._tag === "None") return Effect.succeed(changeKnown(circuit, change))
          // Somebody else was faster, which is progress too: this cannot go on for ever.
          if (!written.value) return update(circuit, change)
          known.set(circuit, after)
          return Effect.succeed({ before, after })
        })
      })

    return {
      get: (circuit) =>
        Effect.map(ask(storage.get(prefix + circuit)), (found) =>
          found._tag === "None" ? known.get(circuit) : decode(found.value)
        ),
      update,
      remove: (circuit) =>
        Effect.suspend(() => {
          known.delete(circuit)
          return Effect.asVoid(ask(storage.remove(prefix + circuit)))
        })
    }
  })

const Phase = { generation: Schema.Int, since: Schema.Finite }
const decodeState = Schema.decodeUnknownResult(
  Schema.fromJsonString(
    Schema.Union([
      Schema.Struct({ phase: Schema.Literal("closed"), ...Phase, failures: Schema.Int }),
      Schema.Struct({ phase: Schema.Literal("open"), ...Phase, until: Schema.NullOr(Schema.Finite) }),
      Schema.Struct({
        phase: Schema.Literal("half-open"),
        ...Phase,
        probes: Schema.Int,
        probedAt: Schema.Finite,
        successes: Schema.Int
      })
    ])
  )
)

/** What is no state, written by another version or by somebody else, counts as none, and is overwritten. */
const decode = (text: string | undefined): CircuitState | undefined => {
  const result = decodeState(text)
  return Result.isSuccess(result) ? result.success : undefined
}

const requireTimes = ({ retryEvery, timeout, timeToLive }: SharedCircuitStoreSettings): void =>
  requireSettings("a shared store of circuits", {
    "timeout must be longer than nothing": !(Duration.toMillis(timeout) > 0),
    "retryEvery must be longer than nothing": !(Duration.toMillis(retryEvery) > 0),
    "timeToLive must be longer than nothing": !(Duration.toMillis(timeToLive) > 0)
  })
