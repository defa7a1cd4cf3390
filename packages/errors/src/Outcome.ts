/**
 * The envelope in which a result crosses an edge: `--json`, an HTTP body, the Promise facade.
 * Inside Signalbox failures stay in the error channel; an `Outcome` there would hide them from retries.
 */
import { Cause, Clock, DateTime, Duration, Effect, Exit, Schema } from "effect"
import { CorrelationId } from "./CorrelationId.ts"
import { exitCodes } from "./status.ts"
import { codeOf, statusOf, toJson } from "./toJson.ts"

/** How an operation ended, or that it has not ended yet. */
export const OperationStatus = Schema.Literals(["success", "failed", "pending", "cancelled", "timeout"])
export type OperationStatus = typeof OperationStatus.Type

/**
 * The result of one operation. `data` is null unless there is a result, `error` is null unless something failed;
 * a result that is only a part of what was asked for has both.
 */
export interface Outcome<A> {
  readonly status: OperationStatus
  readonly data: A | null
  readonly error: unknown
  readonly error_code: string | null
  /** UTC, ISO 8601 with milliseconds: when the operation ended. */
  readonly timestamp: string
  readonly duration_ms: number
  readonly correlation_id: string | null
}

/** The schema of an `Outcome`, for those who read one back. */
export const OutcomeOf = <A extends Schema.Top>(data: A) =>
  Schema.Struct({
    status: OperationStatus,
    data: Schema.NullOr(data),
    error: Schema.Unknown,
    error_code: Schema.NullOr(Schema.String),
    timestamp: Schema.String,
    duration_ms: Schema.Finite,
    correlation_id: Schema.NullOr(Schema.String)
  })

const failureOf = (cause: Cause.Cause<unknown>): { status: OperationStatus; error: unknown } => {
  if (Cause.hasInterruptsOnly(cause)) return { status: "cancelled", error: undefined }
  const error = Cause.squash(cause)
  return { status: statusOf(error).exit === exitCodes.timeout ? "timeout" : "failed", error }
}

/**
 * The envelope of a finished operation. Use it when the exit is already at hand; `toOutcome` measures for you.
 * A defect is shown as `INTERNAL` without its text: that belongs in the log.
 */
export const outcomeOf = <A, E>(
  exit: Exit.Exit<A, E>,
  measured: {
    readonly endedAt: DateTime.Utc
    readonly duration: Duration.Duration
    readonly correlationId: string | undefined
  }
): Outcome<A> => {
  const frame = {
    timestamp: DateTime.formatIso(measured.endedAt),
    duration_ms: Math.round(Duration.toMillis(measured.duration) * 100) / 100,
    correlation_id: measured.correlationId ?? null
  }
  if (Exit.isSuccess(exit)) return { status: "success", data: exit.value, error: null, error_code: null, ...frame }
  const { status, error } = failureOf(exit.cause)
  if (status === "cancelled") {
    const message = "The operation was cancelled."
    return {
      status,
      data: null,
      error: { error_type: "Cancelled", error_code: "CANCELLED", message, details: {} },
      error_code: "CANCELLED",
      ...frame
    }
  }
  const defect = Cause.hasDies(exit.cause) && !Cause.hasFails(exit.cause)
  const json = defect
    ? { error_type: "Defect", error_code: "INTERNAL", message: "Internal error. The log has the details.", details: {} }
    : toJson(error)
  return { status, data: null, error: json, error_code: defect ? "INTERNAL" : codeOf(error), ...frame }
}

/**
 * Runs an effect and answers with its envelope; never fails. Interruption gives `cancelled`, errors of
 * the time-out family give `timeout`. Durations come from the monotonic clock.
 */
export const toOutcome = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Outcome<A>, never, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const started = yield* Clock.monotonicTimeNanos
      const exit = yield* Effect.exit(restore(effect))
      const duration = Duration.nanos((yield* Clock.monotonicTimeNanos) - started)
      return outcomeOf(exit, { endedAt: yield* DateTime.now, duration, correlationId: yield* CorrelationId })
    })
  )

/** The exit status of a process that ends with this outcome. */
export const exitCodeOf = <A, E>(exit: Exit.Exit<A, E>): number => {
  if (Exit.isSuccess(exit)) return exitCodes.ok
  return Cause.hasInterruptsOnly(exit.cause) ? exitCodes.interrupted : statusOf(Cause.squash(exit.cause)).exit
}
