/**
 * A value made to fit a parameter: `"3"` becomes 3 where a number is wanted, and stays `"3"` where a
 * string is. What cannot fit is `undefined`, never a guess.
 */
import { Predicate } from "effect"
import { numberOf, parseJson } from "./literals.ts"
import type { Parameter } from "./parameters.ts"
import { stem, wordsOf } from "./words.ts"

const yes = /^(?:true|yes|on|y|enabled?)$/i
const no = /^(?:false|no|off|n|disabled?)$/i

/** The choice of an enum that a text names, by its words: `resource link` is `resourceLink`. */
export const choiceOf = (choices: ReadonlyArray<unknown>, text: string): unknown => {
  const wanted = wordsOf(text).map(stem).join(" ")
  return (
    choices.find((choice) => String(choice).toLowerCase() === text.toLowerCase()) ??
    choices.find((choice) => wordsOf(String(choice)).map(stem).join(" ") === wanted)
  )
}

const within = (parameter: Parameter, value: number): number | undefined => {
  const { maximum, minimum, type } = parameter.schema
  if (typeof minimum === "number" && value < minimum) return undefined
  if (typeof maximum === "number" && value > maximum) return undefined
  const isWhole = type === "integer" || (Array.isArray(type) && type.includes("integer") && !type.includes("number"))
  return isWhole && !Number.isInteger(value) ? undefined : value
}

/** Splits "a, b and c" into its members. */
export const membersOf = (text: string): ReadonlyArray<string> =>
  text
    .split(/\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+|\s*&\s*/i)
    .map((part) => part.trim().replace(/^(["'`])(.*)\1$/, "$2"))
    .filter((part) => part !== "")

const listFrom = (parameter: Parameter, value: string): ReadonlyArray<unknown> | undefined => {
  const parsed = parseJson(value)
  const { items } = parameter
  const members = Array.isArray(parsed) ? parsed : membersOf(value)
  if (items === undefined) return members
  const fitted = members.map((member) => coerce(items, member))
  return fitted.length > 0 && fitted.every((member) => member !== undefined) ? fitted : undefined
}

const objectFrom = (parameter: Parameter, value: unknown): unknown => {
  const parsed = typeof value === "string" ? parseJson(value) : value
  if (!Predicate.isObject(parsed)) return undefined
  const given: object = parsed
  return parameter.fields.every((field) => !field.isRequired || Object.hasOwn(given, field.name)) ? given : undefined
}

const stringFrom = (parameter: Parameter, value: unknown): string | undefined => {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined
  const text = String(value)
  const { minLength } = parameter.schema
  return typeof minLength === "number" && text.length < minLength ? undefined : text
}

/** The value as the parameter wants it, or nothing where it does not fit. */
export const coerce = (parameter: Parameter, value: unknown): unknown => {
  switch (parameter.role) {
    case "number": {
      const number = typeof value === "number" ? value : numberOf(String(value).trim())
      return number === undefined ? undefined : within(parameter, number)
    }
    case "boolean":
      if (typeof value === "boolean") return value
      return yes.test(String(value).trim()) ? true : no.test(String(value).trim()) ? false : undefined
    case "choice":
      return choiceOf(parameter.choices, String(value).trim())
    case "list":
      if (Array.isArray(value)) return value
      return typeof value === "string" ? listFrom(parameter, value) : undefined
    case "object":
      return objectFrom(parameter, value)
    default:
      return stringFrom(parameter, value)
  }
}
