/**
 * A quick look at the arguments of a tool call: required members and the basic types of declared ones, at the
 * top level. It rejects only what JSON Schema certainly forbids; the rest of the schema is the tool's business.
 */
import { redact } from "@signalbox/errors"
import type { JsonObject, ValidationError } from "@signalbox/model"
import { Predicate } from "effect"

const typeChecks: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: Predicate.isString,
  number: Predicate.isNumber,
  integer: Number.isInteger,
  boolean: Predicate.isBoolean,
  array: Array.isArray,
  object: Predicate.isObject,
  null: (value) => value === null
}

/** The types that a property's schema allows; `undefined` where it does not say, or says something unknown. */
const declaredTypes = (schema: unknown): ReadonlyArray<string> | undefined => {
  if (!Predicate.isObject(schema) || !Predicate.hasProperty(schema, "type")) return undefined
  const types: ReadonlyArray<unknown> = Array.isArray(schema.type) ? schema.type : [schema.type]
  const known = types.filter((type): type is string => Predicate.isString(type) && Object.hasOwn(typeChecks, type))
  return known.length === types.length ? known : undefined
}

const nameOfType = (value: unknown): string => {
  if (value === null) return "null"
  return Array.isArray(value) ? "array" : typeof value
}

/**
 * What is wrong with the arguments, in the order of the schema: `{ field, type: "missing" | "type", message }`.
 * Empty where nothing is. Values that are shown have their secrets masked.
 */
export const checkInput = (schema: JsonObject, input: JsonObject): ReadonlyArray<typeof ValidationError.Type> => {
  const required = Array.isArray(schema["required"]) ? schema["required"].filter(Predicate.isString) : []
  const missing = required
    .filter((field) => !Object.hasOwn(input, field))
    .map((field) => ({ field, type: "missing", message: "a value is required" }))
  const properties = Predicate.isObject(schema["properties"]) ? Object.entries(schema["properties"]) : []
  const mistyped = properties.flatMap(([field, property]) => {
    const value = Object.hasOwn(input, field) ? input[field] : undefined
    const types = value === undefined ? undefined : declaredTypes(property)
    if (types === undefined || types.some((type) => typeChecks[type]?.(value))) return []
    const message = `expected ${types.join(" or ")}, got ${nameOfType(value)}`
    return [{ field, type: "type", message, input: Object.values(redact({ [field]: value }) as object)[0] as unknown }]
  })
  return [...missing, ...mistyped]
}
