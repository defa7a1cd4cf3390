/**
 * Keeps many servers from starting all at once. Loading a program costs a processor, waiting for it does not;
 * so a place in the narrow gate is given back as soon as the process waits, says something or has answered,
 * after 250 ms at most, and one that hangs delays the others by no more than that. Servers whose package is fetched
 * first have a lane of their own: they wait for one another, and nobody waits for them.
 */
import type { ServerOptions } from "@signalbox/mcp"
import { Context, Duration, Effect, Fiber, Semaphore } from "effect"
import { isPackageRunner } from "./packageRunner.ts"

/** How a server is started: a program of this machine, a package that may have to be fetched, or nothing but a request. */
export type StartLane = "program" | "package" | "request"

/** Use `makeStartGate`; it is here to be shared by several orchestrators. */
export interface StartGate {
  /** Runs `connect`, then `prepare`, when there is room for one more server under way. */
  readonly run: <A, E, R, B, E2, R2>(
    lane: StartLane,
    connect: (onLoaded: Effect.Effect<void>) => Effect.Effect<A, E, R>,
    prepare: (connection: A) => Effect.Effect<B, E2, R2>
  ) => Effect.Effect<B, E | E2, R | R2>
}

/**
 * The gate that all orchestrators of a program pass. Provide one where there are several, or each keeps to the limits by
 * itself and together they start too many. `undefined` gives each a gate of its own.
 */
export const SharedStartGate = Context.Reference<StartGate | undefined>("@signalbox/orchestrator/SharedStartGate", {
  defaultValue: () => undefined
})

/** Where a server starts. */
export const laneOf = (server: ServerOptions): StartLane => {
  if (server.endpoint.transport !== "stdio") return "request"
  return isPackageRunner(server.endpoint) ? "package" : "program"
}

/** How long a server may take to start: a first run of a package installs it. */
export const startTimeoutOf = (server: ServerOptions, packageTimeout: Duration.Duration): Duration.Duration =>
  laneOf(server) === "package" ? Duration.max(server.connectTimeout, packageTimeout) : server.connectTimeout

const longestSpawn = "250 millis"
/** A package that takes longer to fetch goes on, and lets the next one begin. */
const longestFetch = "1 minute"

/** A gate for all servers together. */
export const makeStartGate = (limits: {
  readonly spawnConcurrency: number
  readonly packageConcurrency: number
  readonly startConcurrency: number
}): StartGate => {
  const starting = Semaphore.makeUnsafe(limits.startConcurrency)
  const spawn = gate(limits.spawnConcurrency, longestSpawn)
  const fetch = gate(limits.packageConcurrency, longestFetch)

  return {
    run: (lane, connect, prepare) => {
      if (lane === "request") return starting.withPermit(Effect.flatMap(connect(Effect.void), prepare))
      const program = starting.withPermit(Effect.flatMap(spawn(connect), prepare))
      // Before all other gates: whoever waits here must not take a place that others could use.
      return lane === "package" ? fetch(() => program) : program
    }
  }
}

/** Lets so many through at once. A place is given back by `release`, at the end, or when it was held for the longest time. */
const gate = (places: number, longest: "250 millis" | "1 minute") => {
  const semaphore = Semaphore.makeUnsafe(places)
  return <A, E, R>(pass: (release: Effect.Effect<void>) => Effect.Effect<A, E, R>) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* restore(semaphore.take(1))
        let isHeld = true
        const release = Effect.suspend(() => {
          if (!isHeld) return Effect.void
          isHeld = false
          return Effect.asVoid(semaphore.release(1))
        })
        const timer = yield* Effect.forkChild(Effect.andThen(Effect.sleep(longest), release))
        return yield* restore(pass(release)).pipe(Effect.ensuring(Effect.andThen(Fiber.interrupt(timer), release)))
      })
    )
}
