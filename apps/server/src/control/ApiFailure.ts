/**
 * Failures on the wire of the control API: the JSON of `@signalbox/errors` with the two columns of the status table
 * that a client needs. Whatever a handler fails with becomes one of these; a client makes an error of it again.
 */
import { type ErrorStatus, statusOf, statuses, toJson } from "@signalbox/errors"
import { Cause, Effect, Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

const fields = {
  error_type: Schema.String,
  /** Stable, the same that the failure has everywhere: `SERVER_NOT_FOUND`. */
  error_code: Schema.String,
  message: Schema.String,
  details: Schema.Record(Schema.String, Schema.Unknown),
  hint: Schema.optionalKey(Schema.String),
  retryable: Schema.optionalKey(Schema.Boolean),
  cause: Schema.optionalKey(Schema.Unknown),
  /** What a command that ends with it exits with. */
  exit_code: Schema.Int
}

/** One for each HTTP status of the table, because an answer has the status of its schema. */
const failureWith = (http: number) =>
  Schema.Struct({ ...fields, http_status: Schema.Literal(http) }).pipe(HttpApiSchema.status(http))

const httpStatuses: ReadonlyArray<number> = [...new Set(Object.values(statuses).map(({ http }) => http))]

/** What every endpoint may fail with. */
export const apiFailures = httpStatuses.map(failureWith)

/** A failure as it is sent. */
export type ApiFailure = (typeof apiFailures)[number]["Type"]

/** The wire form of any failure. A status that the table has not becomes 500. */
export const apiFailure = (error: unknown, status: ErrorStatus = statusOf(error)): ApiFailure => ({
  ...toJson(error),
  details: { ...toJson(error).details },
  exit_code: status.exit,
  http_status: httpStatuses.includes(status.http) ? status.http : statuses.internal.http
})

const internal: ApiFailure = {
  error_type: "Defect",
  error_code: "INTERNAL",
  message: "Internal error. The log has the details.",
  details: {},
  exit_code: statuses.internal.exit,
  http_status: statuses.internal.http
}

/** A handler whose failures and defects are answered in the wire form; a defect is told in general words only. */
export const answered = <A, E, R>(handler: Effect.Effect<A, E, R>): Effect.Effect<A, ApiFailure, R> =>
  Effect.catchCause(handler, (cause) => {
    // Interruptions carry no error, so the cause is one of none.
    if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
    if (Cause.hasDies(cause)) return Effect.andThen(Effect.logError("The request failed", cause), Effect.fail(internal))
    return Effect.fail(apiFailure(Cause.squash(cause)))
  })
