/**
 * Any value as JSON, for a log line: secrets masked, cycles cut, sizes bounded. What a program logs comes from
 * anywhere (child processes, servers, models), so nothing about it may be trusted, least of all its size.
 */
import { isSecretKey, redactText, toJson } from "@signalbox/errors"
import { DateTime, Duration, Predicate, Redacted } from "effect"

/** Texts are cut to this many characters (UTF-16 code units). */
export const maxTextLength = 10_000

const maxDepth = 6
const maxEntries = 100
/** Values in one record, over all levels. */
const maxValues = 1_000
const mask = "<redacted>"

/** What can be printed without further thought. */
export type Printable =
  | string
  | number
  | boolean
  | null
  | ReadonlyArray<Printable>
  | { readonly [key: string]: Printable }

/** A text as it may be printed. Masks before it cuts, so that no half of a secret remains at the edge. */
export const printableText = (text: string): string => {
  const masked = redactText(text.slice(0, 2 * maxTextLength))
  const rest = text.length - maxTextLength
  return rest <= 0 && masked.length <= maxTextLength
    ? masked
    : `${masked.slice(0, maxTextLength)}… (${Math.max(rest, 1)} more)`
}

/** The fields of an object as they may be printed; those that are `undefined` are left out. */
export const printableFields = (fields: object): Record<string, Printable> => {
  const budget = { left: maxValues }
  return convertFields(fields, [fields], budget)
}

interface Budget {
  left: number
}

const convertFields = (value: object, path: ReadonlyArray<object>, budget: Budget): Record<string, Printable> => {
  const given = Object.entries(value).filter(([, item]) => item !== undefined)
  const printed = given
    .slice(0, maxEntries)
    .map(([key, item]): [string, Printable] => [
      key,
      isSecretKey(key) && item !== null ? mask : convert(item, path, budget)
    ])
  if (given.length > maxEntries) printed.push(["…", `${given.length - maxEntries} more`])
  return Object.fromEntries(printed)
}

const convert = (value: unknown, path: ReadonlyArray<object>, budget: Budget): Printable => {
  if (budget.left-- <= 0) return "<cut>"
  if (value === null) return null
  if (typeof value !== "object") return printableScalar(value)
  if (path.includes(value)) return "<circular>"
  if (path.length > maxDepth) return "<too deep>"
  return convertObject(value, [...path, value], budget)
}

const printableScalar = (value: unknown): Printable => {
  switch (typeof value) {
    case "string":
      return printableText(value)
    case "boolean":
      return value
    case "number":
      return Number.isFinite(value) ? value : String(value)
    case "function":
      return `<function ${printableText(value.name)}>`
    case "bigint":
    case "symbol":
      return printableText(value.toString())
    case "undefined":
      return "<undefined>"
    default:
      return "<unknown>"
  }
}

const convertObject = (value: object, path: ReadonlyArray<object>, budget: Budget): Printable => {
  if (Redacted.isRedacted(value)) return mask
  if (Array.isArray(value)) return convertItems(value, path, budget)
  const single = singleValue(value)
  if (single !== undefined) return single
  if (value instanceof Error) return convertFields(toJson(value), path, budget)
  if (value instanceof Map || value instanceof Set) return convert([...value], path, budget)
  if (Predicate.hasProperty(value, "toJSON") && typeof value.toJSON === "function") {
    const json: unknown = value.toJSON()
    return convert(json, path, budget)
  }
  return convertFields(value, path, budget)
}

const convertItems = (items: ReadonlyArray<unknown>, path: ReadonlyArray<object>, budget: Budget): Printable => {
  const printed = items.slice(0, maxEntries).map((item) => convert(item, path, budget))
  return items.length > maxEntries ? [...printed, `${items.length - maxEntries} more`] : printed
}

/** Objects that stand for one value: a time, a span of time, bytes. */
const singleValue = (value: object): Printable | undefined => {
  if (Duration.isDuration(value)) return Duration.toMillis(value)
  if (DateTime.isDateTime(value)) return DateTime.formatIso(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "<invalid date>" : value.toISOString()
  return ArrayBuffer.isView(value) ? `<${value.byteLength} bytes>` : undefined
}
