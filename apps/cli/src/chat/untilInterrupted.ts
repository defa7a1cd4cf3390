/**
 * Work that the first Ctrl-C ends, and not the program.
 */
import { Deferred, Effect, Exit, Fiber } from "effect"
import { Signals } from "../process/Signals.ts"
import { showWork, type Work } from "./working.ts"

/**
 * What came of the work; nothing where it was stopped, and then it is over. Without `work` nothing is shown meanwhile.
 */
export const untilInterrupted = Effect.fnUntraced(function* <A, E, R>(
  run: Effect.Effect<A, E, R>,
  options: { readonly isLast: boolean },
  work?: () => Work
) {
  const signals = yield* Signals
  const stop = yield* Deferred.make<void>()
  const shown = work === undefined ? run : Effect.andThen(showWork(work), run)
  const fiber = yield* Effect.forkScoped(Effect.scoped(shown))
  const exit = yield* signals.withInterrupt(
    () => Deferred.doneUnsafe(stop, Exit.void),
    options
  )(Effect.raceFirst(Fiber.await(fiber), Deferred.await(stop)))
  if (exit === undefined) yield* Fiber.interrupt(fiber)
  return exit
}, Effect.scoped)
