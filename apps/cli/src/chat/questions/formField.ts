/**
 * The fields of a form that a server asks to be filled in (MCP schema, `PrimitiveSchemaDefinition`), and what a typed
 * text means in each. Titles and descriptions are the server's own: foreign.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"

/** One value that may be chosen. */
interface Choice {
  readonly value: string
  readonly title: string
}

/** One field. */
export interface FormField {
  readonly name: string
  readonly title: string
  readonly description: string | undefined
  readonly isRequired: boolean
  readonly default: unknown
  /** What may be chosen, in order; empty where anything may be typed. */
  readonly choices: ReadonlyArray<Choice>
  /** What is expected, in a few words. */
  readonly expected: string
  /** The value that a text means, or what is wrong with it. */
  readonly read: (text: string) => { readonly value: unknown } | { readonly problem: string }
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)
const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined)

/** Values of `enum`, with the names beside them, or of `oneOf` and `anyOf`. */
const choicesOf = (schema: JsonObject): ReadonlyArray<Choice> => {
  const { anyOf, enum: values, enumNames, oneOf } = schema
  if (Array.isArray(values)) {
    const names: ReadonlyArray<unknown> = Array.isArray(enumNames) ? enumNames : []
    return values.flatMap((value, index) =>
      typeof value === "string" ? [{ value, title: text(names[index]) ?? value }] : []
    )
  }
  const options: ReadonlyArray<unknown> = Array.isArray(oneOf) ? oneOf : Array.isArray(anyOf) ? anyOf : []
  return options.flatMap((option) => {
    const value = isJsonObject(option) ? option["const"] : undefined
    return isJsonObject(option) && typeof value === "string" ? [{ value, title: text(option["title"]) ?? value }] : []
  })
}

type Reader = Pick<FormField, "choices" | "expected" | "read">

/** By its value, its title, or its place in the list. */
const choose = (choices: ReadonlyArray<Choice>, typed: string): Choice | undefined =>
  choices.find(({ value }) => value === typed) ??
  choices.find(({ title }) => title.toLowerCase() === typed.toLowerCase()) ??
  (/^\d+$/.test(typed) ? choices[Number(typed) - 1] : undefined)

const oneOfMany = (choices: ReadonlyArray<Choice>): Reader => ({
  choices,
  expected: "one of these, by number or name",
  read: (typed) => {
    const chosen = choose(choices, typed)
    return chosen === undefined ? { problem: "That is none of these." } : { value: chosen.value }
  }
})

const severalOfMany = (schema: JsonObject, choices: ReadonlyArray<Choice>): Reader => {
  const least = number(schema["minItems"]) ?? 0
  const most = number(schema["maxItems"]) ?? Number.POSITIVE_INFINITY
  return {
    choices,
    expected: "any of these, with commas between",
    read: (typed) => {
      const words = typed.split(",").map((word) => word.trim())
      const chosen = words.filter((word) => word !== "").map((word) => choose(choices, word))
      const values = [...new Set(chosen.flatMap((choice) => (choice === undefined ? [] : [choice.value])))]
      if (chosen.includes(undefined)) return { problem: "Not all of that is in the list." }
      if (values.length < least) return { problem: `Choose at least ${least}.` }
      return values.length > most ? { problem: `Choose at most ${most}.` } : { value: values }
    }
  }
}

const numeric = (schema: JsonObject, isInteger: boolean): Reader => {
  const least = number(schema["minimum"]) ?? Number.NEGATIVE_INFINITY
  const most = number(schema["maximum"]) ?? Number.POSITIVE_INFINITY
  const bounds = [
    ...(Number.isFinite(least) ? [`at least ${least}`] : []),
    ...(Number.isFinite(most) ? [`at most ${most}`] : [])
  ]
  const expected = [isInteger ? "a whole number" : "a number", ...bounds].join(", ")
  return {
    choices: [],
    expected,
    read: (typed) => {
      const value = Number(typed)
      const fits = Number.isFinite(value) && (!isInteger || Number.isInteger(value)) && value >= least && value <= most
      return fits ? { value } : { problem: `Expected ${expected}.` }
    }
  }
}

const yes = new Set(["y", "yes", "true", "1"])
const no = new Set(["n", "no", "false", "0"])

const truth: Reader = {
  choices: [],
  expected: "yes or no",
  read: (typed) => {
    const word = typed.toLowerCase()
    if (yes.has(word)) return { value: true }
    return no.has(word) ? { value: false } : { problem: "Expected yes or no." }
  }
}

/** Formats of texts, and what is meant by them. The server checks them again. */
const formats: Readonly<Record<string, { readonly expected: string; readonly fits: (typed: string) => boolean }>> = {
  email: { expected: "an e-mail address", fits: (typed) => /^[^\s@]+@[^\s@]+$/.test(typed) },
  uri: { expected: "a URI", fits: (typed) => URL.canParse(typed) },
  date: {
    expected: "a date such as 2026-11-30",
    fits: (typed) => /^\d{4}-\d\d-\d\d$/.test(typed) && !Number.isNaN(Date.parse(typed))
  },
  "date-time": {
    expected: "a time such as 2026-11-30T12:00:00Z",
    fits: (typed) => /^\d{4}-\d\d-\d\dT/.test(typed) && !Number.isNaN(Date.parse(typed))
  }
}

const textual = (schema: JsonObject): Reader => {
  const least = number(schema["minLength"]) ?? 0
  const most = number(schema["maxLength"]) ?? Number.POSITIVE_INFINITY
  const format = formats[text(schema["format"]) ?? ""]
  const expected = format?.expected ?? "a text"
  return {
    choices: [],
    expected,
    read: (typed) => {
      const { length } = Array.from(typed)
      if (length < least) return { problem: `Expected at least ${least} characters.` }
      if (length > most) return { problem: `Expected at most ${most} characters.` }
      return format === undefined || format.fits(typed) ? { value: typed } : { problem: `Expected ${expected}.` }
    }
  }
}

const readerOf = (schema: JsonObject): Reader => {
  const choices = choicesOf(schema)
  if (choices.length > 0) return oneOfMany(choices)
  const items = schema["items"]
  switch (schema["type"]) {
    case "array":
      return severalOfMany(schema, isJsonObject(items) ? choicesOf(items) : [])
    case "boolean":
      return truth
    case "integer":
    case "number":
      return numeric(schema, schema["type"] === "integer")
    default:
      return textual(schema)
  }
}

/** The fields of a form, in the order in which the server names them. */
export const formFields = (schema: JsonObject): ReadonlyArray<FormField> => {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {}
  const required: ReadonlyArray<unknown> = Array.isArray(schema["required"]) ? schema["required"] : []
  return Object.entries(properties).map(([name, given]) => {
    const property = isJsonObject(given) ? given : {}
    return {
      name,
      title: text(property["title"]) ?? name,
      description: text(property["description"]),
      isRequired: required.includes(name),
      default: property["default"],
      ...readerOf(property)
    }
  })
}
