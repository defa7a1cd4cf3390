/**
 * Limits by key: how many calls run at once, how many wait and for how long, and how often one may begin. A slow
 * service then fills its own queue, and nothing else.
 */
import { Clock, Context, Duration, Effect, Layer, Schema, type Scope, Semaphore } from "effect"
import { BulkheadFull, BulkheadTimeout, RateExceeded } from "./errors.ts"
import { holding } from "./holding.ts"
import { makeRateGate, type Rate, type RateGate, rateProblems } from "./rate.ts"
import { isWhole, type Problems, requireSettings } from "./settings.ts"

/** The limits of one key. */
export interface BulkheadSettings {
  /** How many calls run at once. */
  readonly maxConcurrent: number
  /** How many calls may wait for their turn; further ones fail at once. */
  readonly maxQueued: number
  /** How long a call waits for its turn, that of the rate included. */
  readonly queueTimeout: Duration.Input
  /** How often a call may begin. Default: as often as there is room. */
  readonly rate?: Rate
}

/** What a bulkhead is made from. */
export interface BulkheadOptions {
  /** The limits of each key, read at its first use. */
  readonly settings: (key: string) => BulkheadSettings
}

/** A look at one key. The last three count since its first use. */
export const BulkheadStats = Schema.Struct({
  key: Schema.String,
  /** Calls that have a place, those that wait for the rate included. */
  running: Schema.Int,
  waiting: Schema.Int,
  rejected: Schema.Int,
  timedOut: Schema.Int,
  rateExceeded: Schema.Int
})
export type BulkheadStats = typeof BulkheadStats.Type

/** Why a call was not started. */
export type BulkheadError = BulkheadFull | BulkheadTimeout | RateExceeded

interface Compartment {
  readonly key: string
  readonly settings: BulkheadSettings
  readonly queueMillis: number
  readonly places: Semaphore.Semaphore
  readonly gate: RateGate | undefined
  running: number
  waiting: number
  rejected: number
  timedOut: number
  rateExceeded: number
}

/** Use it to limit, by key, how many calls run and wait at once, how long, and how often one begins. */
export class Bulkhead extends Context.Service<
  Bulkhead,
  {
    /**
     * Runs an effect when it is its turn; those who wait come in the order in which they asked. Fails with `BulkheadFull`
     * when too many wait, with `BulkheadTimeout` or `RateExceeded` when its turn does not come in time.
     */
    readonly run: <A, E, R>(key: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | BulkheadError, R>
    readonly stats: (key: string) => Effect.Effect<BulkheadStats>
    /** The stats of every key that was used, in the order of first use. */
    readonly statsAll: Effect.Effect<ReadonlyArray<BulkheadStats>>
    /** Forgets a key, so that its next use reads its settings. Calls that run or wait are not counted against the new ones. */
    readonly remove: (key: string) => Effect.Effect<void>
  }
>()("@signalbox/resilience/Bulkhead") {
  static readonly make = Effect.fn("Bulkhead.make")(makeBulkhead)

  static readonly layer = (options: BulkheadOptions): Layer.Layer<Bulkhead> =>
    Layer.effect(Bulkhead, Bulkhead.make(options))
}

function* makeBulkhead(options: BulkheadOptions) {
  const clock = yield* Clock.Clock
  const compartments = new Map<string, Compartment>()

  const compartmentOf = (key: string): Compartment => {
    const known = compartments.get(key)
    if (known !== undefined) return known
    const made = makeCompartment(key, options.settings(key))
    compartments.set(key, made)
    return made
  }

  /** The effect when the rate allows it. A call that waits for that keeps its place: nobody else could begin either. */
  const inTurn = <A, E, R>(compartment: Compartment, since: number, effect: Effect.Effect<A, E, R>) => {
    const { gate, queueMillis } = compartment
    if (gate === undefined) return effect
    return Effect.suspend((): Effect.Effect<A, E | RateExceeded, R> => {
      const now = clock.currentTimeMillisUnsafe()
      const patience = since + queueMillis - now
      const wait = gate.take(now, patience)
      if (wait > patience) {
        compartment.rateExceeded++
        return Effect.fail(tooOften(compartment, wait))
      }
      return wait > 0 ? Effect.delay(effect, wait) : effect
    })
  }

  /** A place of its own, until the scope closes. */
  const waitForPlace = (compartment: Compartment): Effect.Effect<void, BulkheadFull | BulkheadTimeout, Scope.Scope> => {
    const { maxQueued, queueTimeout } = compartment.settings
    const enter = Effect.suspend(() => {
      if (compartment.waiting >= maxQueued) {
        compartment.rejected++
        return Effect.fail(tooMany(compartment))
      }
      compartment.waiting++
      return Effect.void
    })
    const turn = Effect.timeoutOrElse(compartment.places.takeScoped(1), {
      duration: queueTimeout,
      orElse: () => {
        compartment.timedOut++
        return Effect.fail(tooLong(compartment))
      }
    })
    return Effect.acquireUseRelease(
      enter,
      () => turn,
      () => Effect.sync(() => compartment.waiting--)
    )
  }

  const queued = <A, E, R>(compartment: Compartment, effect: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const since = clock.currentTimeMillisUnsafe()
      const run = Effect.acquireRelease(
        Effect.sync(() => compartment.running++),
        () => Effect.sync(() => compartment.running--)
      )
      return holding(Effect.andThen(waitForPlace(compartment), run), () => inTurn(compartment, since, effect))
    })

  const run = <A, E, R>(key: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | BulkheadError, R> =>
    Effect.uninterruptibleMask((restore) => {
      const compartment = compartmentOf(key)
      // Overtaking those who wait would let a busy key starve them.
      const isFree = compartment.waiting === 0 ? compartment.places.takeIfAvailable(1) : Effect.succeed(false)
      return Effect.flatMap(isFree, (isFree): Effect.Effect<A, E | BulkheadError, R> => {
        if (!isFree) return restore(queued(compartment, effect))
        compartment.running++
        return Effect.onExit(restore(inTurn(compartment, clock.currentTimeMillisUnsafe(), effect)), () => {
          compartment.running--
          return compartment.places.release(1)
        })
      })
    })

  return Bulkhead.of({
    run,
    stats: (key) => Effect.sync(() => statsOf(compartmentOf(key))),
    statsAll: Effect.sync(() => [...compartments.values()].map(statsOf)),
    remove: (key) => Effect.sync(() => void compartments.delete(key))
  })
}

/** Everything that cannot be meant about the limits, in words. */
export const bulkheadProblems = (settings: BulkheadSettings): Problems => ({
  "maxConcurrent must be a whole number of 1 or more": !isWhole(1, settings.maxConcurrent),
  "maxQueued must be a whole number of 0 or more": !isWhole(0, settings.maxQueued),
  "queueTimeout must not be negative": !(Duration.toMillis(settings.queueTimeout) >= 0),
  ...(settings.rate === undefined ? {} : rateProblems(settings.rate))
})

const makeCompartment = (key: string, settings: BulkheadSettings): Compartment => {
  requireSettings(`the bulkhead of "${key}"`, bulkheadProblems(settings))
  return {
    key,
    settings,
    queueMillis: Duration.toMillis(settings.queueTimeout),
    places: Semaphore.makeUnsafe(settings.maxConcurrent),
    gate: settings.rate === undefined ? undefined : makeRateGate(settings.rate),
    running: 0,
    waiting: 0,
    rejected: 0,
    timedOut: 0,
    rateExceeded: 0
  }
}

const statsOf = ({ key, rateExceeded, rejected, running, timedOut, waiting }: Compartment): BulkheadStats => ({
  key,
  running,
  waiting,
  rejected,
  timedOut,
  rateExceeded
})

const tooMany = ({ key, settings: { maxConcurrent, maxQueued } }: Compartment): BulkheadFull =>
  new BulkheadFull({ key, maxConcurrent, maxQueued })

const tooLong = ({ key, settings }: Compartment): BulkheadTimeout =>
  new BulkheadTimeout({
    key,
    maxConcurrent: settings.maxConcurrent,
    waited: Duration.fromInputUnsafe(settings.queueTimeout)
  })

const tooOften = ({ key, settings }: Compartment, waitMillis: number): RateExceeded =>
  new RateExceeded({
    key,
    limit: settings.rate?.limit ?? 0,
    per: Duration.fromInputUnsafe(settings.rate?.per ?? 0),
    retryAfter: Duration.millis(waitMillis)
  })
