/**
 * A schema of an answer as Anthropic's structured output takes it. That API knows fewer words of JSON Schema:
 * the others go into the description, where the model can still read them.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"

const kept = new Set(["$defs", "definitions", "$ref", "type", "enum", "const", "anyOf", "allOf", "items", "required"])

const dropped = new Set(["$schema", "$id", "title", "strict"])

const formats = new Set("date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" "))

const convertAll = (schemas: unknown): unknown => {
  if (Array.isArray(schemas)) return schemas.map((schema) => (isJsonObject(schema) ? anthropicSchema(schema) : schema))
  if (!isJsonObject(schemas)) return schemas
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, isJsonObject(schema) ? anthropicSchema(schema) : schema])
  )
}

const isKnown = (word: string, value: unknown): boolean =>
  kept.has(word) ||
  (word === "format" && typeof value === "string" && formats.has(value)) ||
  (word === "minItems" && (value === 0 || value === 1))

const convertWord = (word: string, value: unknown): unknown => {
  if (word === "items" && isJsonObject(value)) return anthropicSchema(value)
  return word === "anyOf" || word === "allOf" || word === "$defs" || word === "definitions" ? convertAll(value) : value
}

/** The schema in the words of that API. Objects are closed, because it knows no others. */
export const anthropicSchema = (schema: JsonObject): JsonObject => {
  const { additionalProperties: _open, description, oneOf, properties, ...rest } = schema
  const words = Object.entries(rest)
  const unknown = words.filter(([word, value]) => !dropped.has(word) && !isKnown(word, value))
  const told = [description, ...unknown.map(([word, value]) => `${word}: ${JSON.stringify(value)}`)].filter(
    (line) => typeof line === "string"
  )
  return {
    ...Object.fromEntries(
      words.filter(([word, value]) => isKnown(word, value)).map(([word, value]) => [word, convertWord(word, value)])
    ),
    ...(told.length === 0 ? {} : { description: told.join("\n") }),
    ...(oneOf === undefined ? {} : { anyOf: convertAll(oneOf) }),
    ...(properties === undefined ? {} : { properties: convertAll(properties) }),
    ...(schema["type"] === "object" || properties !== undefined ? { additionalProperties: false } : {})
  }
}
