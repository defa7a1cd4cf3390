/**
 * Errors as JSON: the one shape in which an error leaves Signalbox, in logs and at edges.
 * Total by construction: whatever was thrown, it gives an object, and never throws itself.
 */
import { Cause, DateTime, Duration, Predicate, Redacted, Result } from "effect"
import { isSignalboxError, type SignalboxError } from "./defineError.ts"
import { redactText, redact } from "./redact.ts"
import { type ErrorStatus, statuses } from "./status.ts"

/** The JSON form of an error. Keys are in snake case, as everything that Signalbox prints. */
export interface ErrorJson {
  readonly error_type: string
  readonly error_code: string
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
  readonly hint?: string
  readonly retryable?: boolean
  readonly cause?: ErrorJson
}

/** Causes below this depth are cut. */
const maxCauseDepth = 5

const contractKeys = new Set(["_tag", "name", "message", "stack", "cause", "hint", "retryable", "code", "status"])

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Fields are shown to this depth and with this many values in all: an error may hold half a program. */
const maxDepth = 8
const maxValues = 1000

/** What `typeof` says of values that JSON has no form for. */
const typesWithoutJson = new Set(["bigint", "symbol", "function"])

const scalar = (value: unknown): unknown => {
  if (Redacted.isRedacted(value)) return "<redacted>"
  if (Duration.isDuration(value)) return Duration.toMillis(value)
  if (DateTime.isDateTime(value)) return DateTime.formatIso(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (Predicate.hasProperty(value, "href") && typeof value.href === "string") return value.href
  if (typesWithoutJson.has(typeof value)) return String(value)
  return value
}

/** Foreign values may throw when they are read. What one part cannot show must not hide the others. */
const attempt = <A, B>(read: () => A, otherwise: B): A | B => Result.getOrElse(Result.try(read), () => otherwise)

/** How many values may still be shown; shared by everything that one error reaches. */
interface Budget {
  left: number
}

const plain = (given: unknown, path: ReadonlyArray<object>, budget: Budget): unknown => {
  const value = scalar(given)
  if (!Predicate.isObjectOrArray(value)) return value
  if (path.includes(value)) return "<circular>"
  if (path.length > maxDepth || --budget.left < 0) return "<too deep>"
  if (value instanceof Error) return convert(value, path, budget)
  const inner = [...path, value]
  if (Array.isArray(value)) return value.map((item) => plain(item, inner, budget))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, inner, budget)]))
}

const detailsOf = (error: object, seen: ReadonlyArray<object>, budget: Budget): Record<string, unknown> => {
  const details: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(error)) {
    if (contractKeys.has(key) || value === undefined) continue
    details[snakeCase(key)] = attempt(() => redact(plain(value, [...seen, error], budget)), unreadable)
  }
  return details
}

const textIn = (error: object, key: string): string | undefined => {
  const value = Predicate.hasProperty(error, key) ? error[key] : undefined
  return typeof value === "string" ? value : undefined
}

const typeOf = (error: object): string =>
  textIn(error, "_tag") ?? (error instanceof Error ? error.constructor.name : "Object")

const foreignCode = (error: object): string => {
  const code = textIn(error, "code")
  return code === undefined || code === "" ? codeOf(error) : code
}

/** What our own errors say to whoever has to deal with them. */
const adviceOf = ({ hint, retryable }: SignalboxError): Pick<ErrorJson, "hint" | "retryable"> => ({
  ...(hint === undefined ? {} : { hint: redactText(hint) }),
  retryable
})

const unreadable = "<cannot be read>"

/** What is left to say of an error that cannot be read at all: that there was one. */
const unshown = (error: unknown): ErrorJson => ({
  error_type: typeof error,
  error_code: "INTERNAL",
  message: "An error that cannot be shown",
  details: {}
})

const causeOf = (error: object, seen: ReadonlyArray<object>, budget: Budget): Pick<ErrorJson, "cause"> => {
  const cause = Predicate.hasProperty(error, "cause") ? error.cause : undefined
  if (cause === undefined || cause === null || seen.length >= maxCauseDepth) return {}
  if (Predicate.isObject(cause) && [...seen, error].includes(cause)) return {}
  return { cause: attempt(() => convert(cause, [...seen, error], budget), unshown(cause)) }
}

const convert = (error: unknown, seen: ReadonlyArray<object>, budget: Budget): ErrorJson => {
  if (!Predicate.isObject(error)) {
    return { error_type: typeof error, error_code: "INTERNAL", message: redactText(String(error)), details: {} }
  }
  const own = isSignalboxError(error)
  return {
    error_type: typeOf(error),
    error_code: own ? error.code : foreignCode(error),
    message: attempt(() => redactText(textIn(error, "message") ?? ""), unreadable),
    details: own ? detailsOf(error, seen, budget) : {},
    ...(own ? adviceOf(error) : {}),
    ...causeOf(error, seen, budget)
  }
}

/**
 * The JSON form of any failure or defect: `{ error_type, error_code, message, details, hint?, retryable?, cause? }`.
 * Secrets are masked; causes are followed to depth 5 and cycles are cut.
 */
export const toJson = (error: unknown): ErrorJson =>
  attempt(() => convert(error, [], { left: maxValues }), unshown(error))

/** The stable code of any failure: its own, or `TIMEOUT`, `INVALID_DATA`, `IO_ERROR`, `INTERNAL` for foreign ones. */
export const codeOf = (error: unknown): string => {
  if (isSignalboxError(error)) return error.code
  if (Cause.isTimeoutError(error)) return "TIMEOUT"
  if (Predicate.isTagged(error, "SchemaError")) return "INVALID_DATA"
  if (Predicate.isTagged(error, "PlatformError")) return "IO_ERROR"
  return "INTERNAL"
}

/** The row of the status table for any failure, foreign ones and defects included. */
export const statusOf = (error: unknown): ErrorStatus => {
  if (isSignalboxError(error)) return error.status
  const code = codeOf(error)
  if (code === "TIMEOUT") return statuses.timeout
  if (code === "INVALID_DATA") return statuses.badData
  return statuses.internal
}
