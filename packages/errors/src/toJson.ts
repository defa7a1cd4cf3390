/**
 * Errors as JSON: the one shape in which an error leaves Signalbox, in logs and at edges.
 * Total by construction: whatever was thrown, it gives an object, and never throws itself.
 */
import { Cause, DateTime, Duration, Predicate, Redacted } from "effect"
import { isSignalboxError } from "./defineError.ts"
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

const scalar = (value: unknown): unknown => {
  if (Redacted.isRedacted(value)) return "<redacted>"
  if (Duration.isDuration(value)) return Duration.toMillis(value)
  if (DateTime.isDateTime(value)) return DateTime.formatIso(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (Predicate.hasProperty(value, "href") && typeof value.href === "string") return value.href
  if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") return String(value)
  return value
}

const plain = (given: unknown, path: ReadonlyArray<object>, budget: { left: number }): unknown => {
  if (given instanceof Error) return convert(given, path)
  const value = scalar(given)
  if (!Predicate.isObjectOrArray(value)) return value
  if (path.includes(value)) return "<circular>"
  if (path.length > maxDepth || --budget.left < 0) return "<too deep>"
  const inner = [...path, value]
  if (Array.isArray(value)) return value.map((item) => plain(item, inner, budget))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, inner, budget)]))
}

const detailsOf = (error: object): Record<string, unknown> => {
  const details: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(error)) {
    if (contractKeys.has(key) || value === undefined) continue
    details[snakeCase(key)] = redact(plain(value, [error], { left: maxValues }))
  }
  return details
}

const foreignCode = (error: object): string => {
  const code = Predicate.hasProperty(error, "code") ? error.code : undefined
  return typeof code === "string" && code !== "" ? code : codeOf(error)
}

const convert = (error: unknown, seen: ReadonlyArray<unknown>): ErrorJson => {
  if (!Predicate.isObject(error)) {
    return { error_type: typeof error, error_code: "INTERNAL", message: redactText(String(error)), details: {} }
  }
  const own = isSignalboxError(error)
  const type = Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : undefined
  const message = Predicate.hasProperty(error, "message") && typeof error.message === "string" ? error.message : ""
  const cause = Predicate.hasProperty(error, "cause") ? error.cause : undefined
  const follow = cause !== undefined && cause !== null && !seen.includes(cause) && seen.length < maxCauseDepth
  const hint = own ? error.hint : undefined
  return {
    error_type: type ?? (error instanceof Error ? error.constructor.name : "Object"),
    error_code: own ? error.code : foreignCode(error),
    message: redactText(message),
    details: own ? detailsOf(error) : {},
    ...(hint === undefined ? {} : { hint: redactText(hint) }),
    ...(own ? { retryable: error.retryable } : {}),
    ...(follow ? { cause: convert(cause, [...seen, error]) } : {})
  }
}

/**
 * The JSON form of any failure or defect: `{ error_type, error_code, message, details, hint?, retryable?, cause? }`.
 * Secrets are masked; causes are followed to depth 5 and cycles are cut.
 */
export const toJson = (error: unknown): ErrorJson => convert(error, [])

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
