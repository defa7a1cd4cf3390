/**
 * Many operations, a few at a time, none stopping the others.
 * The answer is a list of `Exit`s in the order of the operations; it never fails itself.
 */
import { Effect, type Exit } from "effect"

/** How `runAll` runs its operations. */
export interface RunAllOptions {
  /** How many run at once; 0 or less means all of them. */
  readonly concurrency: number
  /** What each operation is called in traces. Missing names are `operation_0`, `operation_1`, … */
  readonly names?: ReadonlyArray<string>
}

/**
 * Runs every operation and reports how each one ended. Use it to start or ask many things of which some may fail.
 * Interrupting it interrupts those under way; an operation that interrupts itself is reported like a failure.
 */
export const runAll = <A, E, R>(
  operations: ReadonlyArray<Effect.Effect<A, E, R>>,
  options: RunAllOptions
): Effect.Effect<ReadonlyArray<Exit.Exit<A, E>>, never, R> =>
  Effect.forEach(
    operations,
    (operation, index) => Effect.exit(Effect.withSpan(operation, options.names?.[index] ?? `operation_${index}`)),
    { concurrency: options.concurrency > 0 ? options.concurrency : "unbounded" }
  )
