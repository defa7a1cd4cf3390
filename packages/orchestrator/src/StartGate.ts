/**
 * Keeps many servers from starting all at once. Loading a program costs a processor, waiting for it does not;
 * so a place in the narrow gate is given back as soon as the process waits, says something or has answered,
 * after 250 ms at most, and one that hangs delays the others by no more than that.
 */
import { Effect, Fiber, Semaphore } from "effect"

const longestSpawn = "250 millis"

export interface StartGate {
  /** Runs `connect`, then `prepare`, when there is room for one more server under way. */
  readonly run: <A, E, R, B, E2, R2>(
    transport: "stdio" | "http" | "sse",
    connect: (onLoaded: Effect.Effect<void>) => Effect.Effect<A, E, R>,
    prepare: (connection: A) => Effect.Effect<B, E2, R2>
  ) => Effect.Effect<B, E | E2, R | R2>
}

/** A gate for all servers together. HTTP servers start no process and pass the narrow part. */
export const makeStartGate = (limits: {
  readonly spawnConcurrency: number
  readonly startConcurrency: number
}): StartGate => {
  const starting = Semaphore.makeUnsafe(limits.startConcurrency)
  const spawning = Semaphore.makeUnsafe(limits.spawnConcurrency)

  const spawn = <A, E, R>(connect: (onLoaded: Effect.Effect<void>) => Effect.Effect<A, E, R>) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* restore(spawning.take(1))
        let isHeld = true
        const release = Effect.suspend(() => {
          if (!isHeld) return Effect.void
          isHeld = false
          return Effect.asVoid(spawning.release(1))
        })
        const timer = yield* Effect.forkChild(Effect.andThen(Effect.sleep(longestSpawn), release))
        return yield* restore(connect(release)).pipe(Effect.ensuring(Effect.andThen(Fiber.interrupt(timer), release)))
      })
    )

  return {
    run: (transport, connect, prepare) =>
      starting.withPermit(Effect.flatMap(transport === "stdio" ? spawn(connect) : connect(Effect.void), prepare))
  }
}
