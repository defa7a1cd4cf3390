/**
 * The keywords for values that have no parts: types, choices, numbers and texts (JSON Schema 2020-12, validation, §6.1 to
 * §6.3, and §7 for formats).
 */
import { Predicate } from "effect"
import type { JsonObject } from "../ContentBlock.ts"
import { type Check, type Keywords, numberAt, shown, type ViolationType } from "./Check.ts"
import { formats } from "./formats.ts"
import { readPattern } from "./pattern.ts"

const typeChecks: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: Predicate.isString,
  number: Predicate.isNumber,
  integer: Number.isInteger,
  boolean: Predicate.isBoolean,
  array: Array.isArray,
  object: Predicate.isObject,
  null: (value) => value === null
}

/** The types that a schema allows; `undefined` where it does not say, or says something unknown. */
const declaredTypes = ({ type }: JsonObject): ReadonlyArray<string> | undefined => {
  const types: ReadonlyArray<unknown> = Array.isArray(type) ? type : [type]
  const known = types.filter((name): name is string => Predicate.isString(name) && Object.hasOwn(typeChecks, name))
  return known.length === types.length ? known : undefined
}

const nameOfType = (value: unknown): string => {
  if (value === null) return "null"
  return Array.isArray(value) ? "array" : typeof value
}

/** Whether a value has one of the types that its schema declares. What has another is looked at no further. */
export const typeCheck = (schema: JsonObject): Check | undefined => {
  const types = declaredTypes(schema)
  if (types === undefined) return undefined
  const checks = types.flatMap((name) => typeChecks[name] ?? [])
  return (value, place, { found }) => {
    if (checks.some((check) => check(value))) return
    found.push({ place, type: "type", message: `expected ${types.join(" or ")}, got ${nameOfType(value)}`, value })
  }
}

/** Two values that JSON writes alike; the order of keys says nothing. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    Predicate.isObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner
  ) ?? "undefined"

/** `enum` and `const`. */
export const choiceKeywords: Keywords = (schema) => {
  const { const: only, enum: listed } = schema
  const choices: ReadonlyArray<unknown> | undefined =
    "const" in schema ? [only] : Array.isArray(listed) ? listed : undefined
  if (choices === undefined) return []
  const known = new Set(choices.map(canonical))
  const names = choices.slice(0, 20).map(shown).join(", ")
  const message = `expected ${choices.length === 1 ? names : `one of ${names}${choices.length > 20 ? ", …" : ""}`}`
  return [
    (value, place, { found }) => {
      if (!known.has(canonical(value)))
        found.push({ place, type: "enum", message: `${message}, got ${shown(value)}`, value })
    }
  ]
}

const numberCheck =
  (type: ViolationType, fits: (value: number) => boolean, expected: string): Check =>
  (value, place, { found }) => {
    if (typeof value !== "number" || fits(value)) return
    found.push({ place, type, message: `expected ${expected}, got ${value}`, value })
  }

/** Numbers as they are written: 0.3 is a multiple of 0.1, although their quotient is no whole number. */
const isMultiple = (value: number, step: number): boolean => {
  const quotient = value / step
  return Math.abs(quotient - Math.round(quotient)) <= Number.EPSILON * Math.max(1, Math.abs(quotient)) * 4
}

/** The limits of numbers. */
export const numberKeywords: Keywords = (schema) => {
  const limit = (keyword: string, make: (limit: number) => Check): ReadonlyArray<Check> => {
    const value = numberAt(schema, keyword)
    return value === undefined ? [] : [make(value)]
  }
  return [
    ...limit("minimum", (least) => numberCheck("min", (value) => value >= least, `at least ${least}`)),
    ...limit("exclusiveMinimum", (least) => numberCheck("min", (value) => value > least, `more than ${least}`)),
    ...limit("maximum", (most) => numberCheck("max", (value) => value <= most, `at most ${most}`)),
    ...limit("exclusiveMaximum", (most) => numberCheck("max", (value) => value < most, `less than ${most}`)),
    ...limit("multipleOf", (step) =>
      numberCheck("type", (value) => step <= 0 || isMultiple(value, step), `a multiple of ${step}`)
    )
  ]
}

const textCheck =
  (type: ViolationType, fits: (text: string) => boolean, expected: string): Check =>
  (value, place, { found }) => {
    if (typeof value === "string" && !fits(value)) found.push({ place, type, message: `expected ${expected}`, value })
  }

/** Characters as a person counts them, not UTF-16 units; counted only where it can matter. */
const lengthOf = (text: string): number => Array.from(text).length

/** The keywords for texts. */
export const textKeywords: Keywords = (schema) => {
  const least = numberAt(schema, "minLength")
  const most = numberAt(schema, "maxLength")
  const { format, pattern: source } = schema
  const pattern = typeof source === "string" ? readPattern(source) : undefined
  const knownFormat = typeof format === "string" && Object.hasOwn(formats, format) ? formats[format] : undefined
  return [
    ...(least === undefined
      ? []
      : [textCheck("min_length", (text) => lengthOf(text) >= least, `at least ${least} characters`)]),
    ...(most === undefined
      ? []
      : [
          textCheck("max_length", (text) => text.length <= most || lengthOf(text) <= most, `at most ${most} characters`)
        ]),
    ...(pattern === undefined ? [] : [textCheck("pattern", pattern, `a text that matches ${String(source)}`)]),
    ...(knownFormat === undefined ? [] : [textCheck("format", knownFormat.fits, knownFormat.expected)])
  ]
}
