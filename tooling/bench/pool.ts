/**
 * What the connection pool costs: how often a borrower finds a connection open, how close many concurrent calls come
 * to the ideal of their limit, what a call through pool and breaker adds, and what an idle pool weighs.
 */
import { CircuitBreaker, circuitPresets, ConnectionPool, type PoolSettings } from "@signalbox/resilience"
import { Effect, type Scope, Semaphore } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Bench, BenchResult } from "./Bench.ts"
import { silent } from "./silent.ts"
import { difference, median, ratio, type Round } from "./statistics.ts"

const callMillis = 20
const max = 20

const settings: PoolSettings = {
  min: 0,
  max,
  maxConcurrent: 1,
  acquireTimeout: "1 minute",
  idleTimeToLive: "5 minutes"
}

const makePool = (some: Partial<PoolSettings> = {}) =>
  Effect.gen(function* () {
    const seen = { open: 0, most: 0 }
    const pool = yield* ConnectionPool.make({
      acquire: () =>
        Effect.acquireRelease(
          Effect.sync(() => void (seen.most = Math.max(seen.most, ++seen.open))),
          () => Effect.sync(() => seen.open--)
        ),
      settings: () => ({ ...settings, ...some }),
      invalidates: () => false
    })
    yield* pool.register("bench")
    return { pool, seen }
  })

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.scoped(effect), silent))

const millisOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const started = process.hrtime.bigint()
    return Effect.map(effect, () => Number(process.hrtime.bigint() - started) / 1e6)
  })

/** Calls that had to open a connection, over all calls: 1,000 calls of 20 callers over 5 connections at most. */
const misses = Effect.gen(function* () {
  const { pool } = yield* makePool({ max: 5 })
  const call = pool.withConnection("bench", () => Effect.yieldNow)
  const caller = Effect.repeat(call, { times: 49 })
  yield* Effect.all(
    Array.from({ length: 20 }, () => caller),
    { concurrency: "unbounded", discard: true }
  )
  const { borrowed, opened } = yield* pool.stats("bench")
  return { baseline: borrowed, candidate: opened }
})

/** So many calls of 20 ms at once: through a pool of 20 connections, and through Effect's bare semaphore of 20. */
const together = (count: number) =>
  Effect.gen(function* () {
    const { pool, seen } = yield* makePool()
    const semaphore = Semaphore.makeUnsafe(max)
    const body = Effect.sleep(callMillis)
    const all = <A, E>(call: Effect.Effect<A, E>) =>
      millisOf(
        Effect.all(
          Array.from({ length: count }, () => call),
          { concurrency: "unbounded", discard: true }
        )
      )
    const bare = yield* all(semaphore.withPermit(body))
    const pooled = yield* all(pool.withConnection("bench", () => body))
    return { bare, pooled, ideal: Math.ceil(count / max) * callMillis, most: seen.most }
  })

const cpuMicros = (): number => {
  const { system, user } = process.cpuUsage()
  return user + system
}

const calls = 10_000

/** Processor time of one call of an effect, in µs. */
const cost = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const started = cpuMicros()
    for (let call = 0; call < calls; call++) yield* effect
    return (cpuMicros() - started) / calls
  })

const added = <A, E>(candidate: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const results: Array<Round> = []
    for (let round = -5; round < 40; round++) {
      const baseline = yield* cost(Effect.void)
      const took = yield* cost(candidate)
      if (round >= 0) results.push({ baseline, candidate: took })
    }
    return results
  })

setFlagsFromString("--expose-gc")
// The only way to a collector that was not asked for on the command line; the context of a flag has no types.
const collect = runInNewContext("gc") as () => void

const heap = (): number => {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/** The heap of one idle pool in bytes: that of a hundred keys with one open connection each, less that of none. */
const heapPerPool = (count: number) =>
  Effect.gen(function* () {
    const pool = yield* ConnectionPool.make({
      acquire: () => Effect.succeed({}),
      settings: () => settings,
      invalidates: () => false
    })
    const before = heap()
    const keys = Array.from({ length: count }, (_, index) => `bench-${index}`)
    yield* pool.openAll(keys)
    return (heap() - before) / count
  })

const repeat = async <A>(count: number, sample: () => Promise<A>): Promise<ReadonlyArray<A>> => {
  const samples: Array<A> = []
  for (let round = -1; round < count; round++) {
    const result = await sample()
    if (round >= 0) samples.push(result)
  }
  return samples
}

const medians = (rounds: ReadonlyArray<Round>, baseline: string, candidate: string) => ({
  [baseline]: median(rounds.map((round) => round.baseline)),
  [candidate]: median(rounds.map((round) => round.candidate))
})

const measureTogether = async (count: number, rounds: number): Promise<ReadonlyArray<BenchResult>> => {
  const results = await repeat(rounds, () => run(together(count)))
  const overIdeal = results.map(({ ideal, pooled }) => ({ baseline: ideal, candidate: pooled }))
  const overBare = results.map(({ bare, pooled }) => ({ baseline: bare, candidate: pooled }))
  const name = `${count} concurrent calls of ${callMillis} ms over ${max} connections`
  const most = Math.max(...results.map(({ most }) => most))
  return [
    {
      name: `${name}, wall over ideal`,
      unit: "ratio",
      measured: ratio(overIdeal),
      budget: 1.25,
      rounds,
      detail: { ...medians(overIdeal, "ideal ms", "wall ms"), "most connections": most }
    },
    {
      // What the machine allows: its timers come late when it is busy.
      name: `${name}, wall over that of a bare semaphore`,
      unit: "ratio",
      measured: ratio(overBare),
      rounds,
      detail: medians(overBare, "semaphore ms", "pool ms")
    }
  ]
}

const measureCost = async (name: string, call: Effect.Effect<Effect.Effect<unknown, unknown>, never, Scope.Scope>) => {
  const rounds = await run(Effect.flatMap(call, added))
  const result: BenchResult = {
    name: `call ${name}, CPU added per call`,
    unit: "µs",
    measured: difference(rounds),
    rounds: rounds.length,
    detail: medians(rounds, "bare µs", "guarded µs")
  }
  return result
}

const runBench = async (): Promise<ReadonlyArray<BenchResult>> => {
  const missed = await repeat(30, () => run(misses))
  const bytes = await repeat(30, () => run(heapPerPool(100)))
  // Over 1 MB, so that the figure of the budget can be read.
  const weights = bytes.map((candidate) => ({ baseline: 1024 * 1024, candidate }))
  return [
    {
      name: "borrowers who found no open connection, of 1,000 calls by 20 callers over 5 connections",
      unit: "ratio",
      measured: ratio(missed),
      budget: 0.01,
      rounds: missed.length,
      detail: medians(missed, "borrowed", "opened")
    },
    ...(await measureTogether(100, 30)),
    ...(await measureTogether(1000, 10)),
    {
      name: "heap of one idle pool, over 1 MB",
      unit: "ratio",
      measured: ratio(weights),
      budget: 0.1,
      rounds: bytes.length,
      detail: { bytes: median(bytes) }
    },
    await measureCost(
      "through the pool",
      Effect.map(makePool(), ({ pool }) => pool.withConnection("bench", () => Effect.void))
    ),
    await measureCost(
      "through the breaker",
      Effect.map(CircuitBreaker.make({ settings: () => circuitPresets.standard, counts: () => true }), (breaker) =>
        breaker.protect("bench", Effect.void)
      )
    )
  ]
}

export const poolBench: Bench = { description: "the connection pool: hits, concurrency, memory, cost", run: runBench }
