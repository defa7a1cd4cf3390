import { defineError, statuses } from "@signalbox/errors"
import { ConnectionCap, Guard, type GuardCall, type GuardOptions, type GuardSettings } from "@signalbox/resilience"
import { Clock, type Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { fork } from "./connections.ts"

/** A failure of the other side. */
export class Down extends defineError<Down>()("Down", {
  code: "DOWN",
  status: statuses.badGateway,
  retryable: true,
  fields: {},
  message: () => "down"
}) {}

/** Settings in which every field is set, with numbers that are easy to tell apart. */
export const settings: GuardSettings = {
  deadline: "5 minutes",
  callTimeout: "10 seconds",
  connectTimeout: "5 seconds",
  retry: { attempts: 3, base: "1 second", factor: 2, cap: "30 seconds", jitter: "none" },
  breaker: {
    failureThreshold: 5,
    openFor: "60 seconds",
    successThreshold: 2,
    maxProbes: 3,
    probeTimeout: "40 seconds"
  },
  bulkhead: { maxConcurrent: 4, maxQueued: 2, queueTimeout: "8 seconds", rate: { limit: 100, per: "1 second" } },
  pool: {
    min: 1,
    max: 2,
    maxConcurrent: 1,
    acquireTimeout: "3 seconds",
    idleTimeToLive: "5 minutes",
    maxAge: "1 hour",
    validateAfterIdle: "5 seconds",
    validateTimeout: "1 second",
    validatesOnReturn: false,
    health: { every: "60 seconds", timeout: "10 seconds", failureThreshold: 3, successThreshold: 2 },
    priority: 0,
    fallback: "none"
  }
}

/** A guard around a server that can be down, slow or dead, and that notes what reaches it. */
export const makeWorld = Effect.fnUntraced(function* (
  settingsOf: GuardSettings | ((key: string) => GuardSettings),
  cap?: number,
  more: Partial<GuardOptions<number, Down, never>> = {}
) {
  const server = {
    isUp: true,
    connectMillis: 0,
    opened: 0,
    open: 0,
    most: 0,
    starts: [] as Array<number>,
    isValid: true,
    check: Effect.void as Effect.Effect<unknown>,
    checks: 0
  }
  const guard = yield* Guard.make<number, Down, never>({
    connect: () =>
      Effect.gen(function* () {
        // Not within `acquireRelease`, where nothing can interrupt it.
        yield* Effect.sleep(server.connectMillis)
        if (!server.isUp) return yield* new Down()
        server.most = Math.max(server.most, ++server.open)
        yield* Effect.addFinalizer(() => Effect.sync(() => server.open--))
        return ++server.opened
      }),
    settings: typeof settingsOf === "function" ? settingsOf : () => settingsOf,
    counts: (error) => error instanceof Down,
    invalidates: () => false,
    validate: () => {
      server.checks++
      return Effect.map(server.check, () => server.isValid)
    },
    ...(cap === undefined ? {} : { cap: yield* ConnectionCap.make(cap) }),
    ...more
  })
  yield* guard.register("fx")
  yield* TestClock.adjust(0)
  const call = <A, E>(effect: Effect.Effect<A, E>, how?: GuardCall, key = "fx") =>
    guard.run(
      key,
      () =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          server.starts.push(now)
          return effect
        }),
      how
    )
  const fails = Effect.suspend(() => Effect.fail(new Down()))
  /** Opens the circuit and waits until it lets probes through. */
  const untilProbes = Effect.gen(function* () {
    while ((yield* guard.breaker.stats("fx")).phase === "closed") yield* Effect.exit(call(fails))
    yield* TestClock.adjust(60_000)
    server.starts.length = 0
  })
  return { call, fails, guard, server, untilProbes }
})

/** How an effect ends and after how many milliseconds, with the clock moved on. */
export const endOf = <A, E>(effect: Effect.Effect<A, E>, within: Duration.Input = "10 minutes") =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const end = Effect.map(Clock.currentTimeMillis, (now) => now - start)
    const named = Effect.match(effect, { onSuccess: () => "ok", onFailure: nameOf })
    const fiber = yield* fork(Effect.zip(named, end))
    yield* TestClock.adjust(within)
    return yield* Fiber.join(fiber)
  })

export const nameOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : String(error)
