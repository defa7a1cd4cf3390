/**
 * A failure that the running host told, as an error of ours again: with the code, the hint and the exit code that it
 * had there, so that a command ends the same whether it does the work itself or asks for it.
 */
import { defineError, type SignalboxError, statuses } from "@signalbox/errors"
import { Predicate, Schema } from "effect"

/** What is read of a failure; older and newer hosts may say less or more. */
interface ToldFailure {
  readonly error_code: string
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly hint?: string
  readonly retryable?: boolean
  readonly exit_code?: number
  readonly http_status?: number
}

/** A failure told by the running host. Its `code` and `status` are those of the failure there. */
export class HostFailure extends defineError<HostFailure>()("HostFailure", {
  code: "HOST_FAILURE",
  status: statuses.internal,
  fields: {
    told: Schema.String,
    details: Schema.Record(Schema.String, Schema.Unknown),
    /** The last lines of standard error, where the failure is about a process. */
    stderrTail: Schema.Array(Schema.String)
  },
  message: ({ told }) => told
}) {}

const linesOf = (details: Readonly<Record<string, unknown>>): ReadonlyArray<string> =>
  Array.isArray(details["stderr_tail"]) ? details["stderr_tail"].map(String) : []

const isTold = (value: unknown): value is ToldFailure =>
  Predicate.hasProperty(value, "error_code") && Predicate.hasProperty(value, "message")

/** The error for a failure in its JSON form; nothing where it has another form. */
export const hostFailure = (told: unknown): SignalboxError | undefined => (isTold(told) ? errorOf(told) : undefined)

const errorOf = (failure: ToldFailure): SignalboxError => {
  const { details = {}, error_code: code, exit_code: exit, hint, http_status: http, message, retryable } = failure
  const error = new HostFailure({
    told: message,
    details,
    stderrTail: [...linesOf(details)],
    retryable: retryable ?? false,
    ...(hint === undefined ? {} : { hint })
  })
  const { internal } = statuses
  // The class has one code and one status; what was told has its own.
  Object.defineProperty(error, "code", { value: code })
  Object.defineProperty(error, "status", {
    value: { ...internal, exit: exit ?? internal.exit, http: http ?? internal.http }
  })
  // Printed, it has the details of the failure there, and not itself as details.
  for (const own of ["told", "details", "stderrTail"]) Object.defineProperty(error, own, { enumerable: false })
  for (const [key, value] of Object.entries(details))
    if (!(key in error)) Object.defineProperty(error, key, { value, enumerable: true })
  return error
}
