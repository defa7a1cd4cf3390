/**
 * A named piece of work in the log, the trace and the metrics. Its context is on every line logged inside it,
 * also by libraries, and on no line after it.
 */
import { redact, toJson } from "@signalbox/errors"
import { Cause, Clock, Effect, Exit, Metric, Predicate } from "effect"

/**
 * Durations in milliseconds by `operation` and `outcome` (`success`, `failure`, `defect`, `interrupted`).
 * Buckets reach from 1 ms to 30 s.
 */
export const operationDuration = Metric.histogram("operation_duration_ms", {
  description: "How long operations took, in milliseconds",
  boundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000]
})

/**
 * Runs an effect as an operation: a span, annotations, and a record when it starts and when it ends.
 *
 * Use it at the few places that people look for in a log (a request, a turn, a tool call), with a name from a
 * fixed list, because the name labels a metric. Start and success are logged at debug, an expected failure as a warning
 * with its `error_type`, a defect as an error, an interruption at debug. The context passes the redactor.
 */
export const withOperation =
  (name: string, context: Readonly<Record<string, unknown>> = {}) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.gen(function* () {
      yield* Effect.logDebug(`${name} started`)
      const started = yield* Clock.monotonicTimeNanos
      return yield* Effect.onExit(effect, (exit) => finish(name, started, exit))
    }).pipe(
      Effect.withSpan(name, { attributes: attributesOf(context) }),
      Effect.annotateLogs({ ...context, operation: name })
    )

const attributesOf = (context: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const masked = redact(context)
  return Predicate.isObject(masked) ? { ...masked } : {}
}

const finish = Effect.fnUntraced(function* (name: string, started: bigint, exit: Exit.Exit<unknown, unknown>) {
  const duration_ms = Number((yield* Clock.monotonicTimeNanos) - started) / 1e6
  const outcome = outcomeOf(exit)
  yield* Metric.update(Metric.withAttributes(operationDuration, { operation: name, outcome }), duration_ms)
  if (Exit.isSuccess(exit)) return yield* Effect.logDebug(`${name} done`, { duration_ms })
  if (outcome === "interrupted") return yield* Effect.logDebug(`${name} interrupted`, { duration_ms })
  const fields = { duration_ms, error_type: toJson(Cause.squash(exit.cause)).error_type }
  yield* outcome === "defect"
    ? Effect.logError(`${name} failed`, fields, exit.cause)
    : Effect.logWarning(`${name} failed`, fields, exit.cause)
})

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): "success" | "failure" | "defect" | "interrupted" => {
  if (Exit.isSuccess(exit)) return "success"
  if (Cause.hasDies(exit.cause)) return "defect"
  return Cause.hasFails(exit.cause) ? "failure" : "interrupted"
}
