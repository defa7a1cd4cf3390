/**
 * One log call as a plain record: what all three formats print. Total: whatever was logged, there is a record.
 */
import { CorrelationId, toJson } from "@signalbox/errors"
import { Cause, Context, type Logger, Predicate, References, Result, Tracer } from "effect"
import { type Printable, printableFields, printableText } from "./printable.ts"

/** A record in the order in which its keys are printed. */
export interface LogRecord {
  /** ISO 8601, UTC, with milliseconds. */
  readonly ts: string
  readonly level: string
  readonly message: string
  /** Null outside a request. */
  readonly correlation_id: string | null
  readonly operation?: Printable
  readonly trace_id?: string
  readonly span_id?: string
  readonly duration_ms?: Printable
  /** The annotations of the fiber and the plain objects that were logged, under their own names. */
  readonly [annotation: string]: Printable
  /** `toJson` of `@signalbox/errors`; defects have a `stack` and the code `INTERNAL`. */
  readonly error?: Printable
}

/** The record of one log call. A field that would hide or move a key of the record itself gets a `_` at the end of its name. */
export const logRecord = (options: Logger.Options<unknown>): LogRecord =>
  Result.getOrElse(
    Result.try(() => makeRecord(options)),
    () => unprintable(options)
  )

const ownKeys = new Set(["ts", "level", "message", "correlation_id", "trace_id", "span_id", "error"])
const placedKeys = new Set(["operation", "duration_ms"])

/** JavaScript moves keys that look like array indices to the front, whatever their order was. */
const isTaken = (key: string): boolean => ownKeys.has(key) || /^\d+$/.test(key)

const makeRecord = ({ cause, date, fiber, logLevel, message }: Logger.Options<unknown>): LogRecord => {
  const { error: loggedError, fields: loggedFields, text } = readMessage(message)
  const fields = printableFields({ ...fiber.getRef(References.CurrentLogAnnotations), ...loggedFields })
  const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
  const error = cause.reasons.length > 0 ? errorOf(cause) : loggedError === undefined ? undefined : toJson(loggedError)
  const entries: Array<readonly [string, Printable | undefined]> = [
    ["ts", date.toISOString()],
    ["level", logLevel.toLowerCase()],
    ["message", printableText(text)],
    ["correlation_id", fiber.getRef(CorrelationId) ?? null],
    ["operation", fields["operation"]],
    ["trace_id", span?.traceId],
    ["span_id", span?.spanId],
    ["duration_ms", rounded(fields["duration_ms"])]
  ]
  for (const [key, value] of Object.entries(fields)) {
    if (!placedKeys.has(key)) entries.push([isTaken(key) ? `${key}_` : key, value])
  }
  if (error !== undefined) entries.push(["error", printableFields(error)])
  // The four required keys are the first of the list; `fromEntries` forgets them.
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as LogRecord
}

/** Two decimals: clocks know more digits than anybody reads. */
const rounded = (value: Printable | undefined): Printable | undefined =>
  typeof value === "number" ? Math.round(value * 100) / 100 : value

/** Splits the arguments of a log call: texts are the message, plain objects are fields, an `Error` is the error. */
const readMessage = (message: unknown) => {
  const words: Array<string> = []
  const fields: Array<readonly [string, unknown]> = []
  let error: Error | undefined
  for (const part of Array.isArray(message) ? (message as ReadonlyArray<unknown>) : [message]) {
    if (part instanceof Error && error === undefined) error = part
    else if (isPlainObject(part)) for (const entry of Object.entries(part)) fields.push(entry)
    else words.push(wordOf(part))
  }
  return {
    text: words.length === 0 && error !== undefined ? error.message : words.join(" "),
    fields: Object.fromEntries(fields),
    error
  }
}

const wordOf = (part: unknown): string => {
  if (typeof part === "string") return part
  const value = printableFields({ part })["part"]
  return value === undefined ? "undefined" : typeof value === "string" ? value : JSON.stringify(value)
}

const isPlainObject = (value: unknown): value is object => {
  if (!Predicate.isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A defect outweighs a failure beside it: somebody has to look at the stack. */
const errorOf = (cause: Cause.Cause<unknown>): object => {
  const defect = cause.reasons.find(Cause.isDieReason)?.defect
  if (Cause.hasDies(cause)) {
    const stack = defect instanceof Error ? defect.stack : undefined
    return { ...toJson(defect), error_code: "INTERNAL", ...(stack === undefined ? {} : { stack }) }
  }
  const failure = cause.reasons.find(Cause.isFailReason)
  return failure === undefined
    ? { error_type: "Cancelled", error_code: "CANCELLED", message: "The operation was cancelled.", details: {} }
    : toJson(failure.error)
}

const unprintable = ({ date, fiber, logLevel }: Logger.Options<unknown>): LogRecord => ({
  ts: date.toISOString(),
  level: logLevel.toLowerCase(),
  message: "<a record that could not be printed: reading one of its values failed>",
  correlation_id: fiber.getRef(CorrelationId) ?? null
})
