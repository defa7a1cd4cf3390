/**
 * JSON Schemas in the dialects of upstreams. The walk knows which keywords hold schemas and which hold values or
 * names: a property that is called `default` is a property, whatever the keyword `default` may be.
 */
import { isJsonObject, type JsonObject } from "@signalbox/model"

/** Names of rows in `dialects`. */
export type SchemaDialect = "standard" | "gemini" | "grammar"

const mapsOfSchemas = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"])
const listsOfSchemas = new Set(["anyOf", "oneOf", "allOf", "prefixItems"])
const schemaKeywords = new Set([
  "items",
  "additionalProperties",
  "additionalItems",
  "unevaluatedItems",
  "unevaluatedProperties",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "propertyNames",
  "contentSchema"
])

type Change = (schema: JsonObject) => JsonObject

const mapValues = (value: JsonObject, change: (inner: unknown) => unknown): JsonObject =>
  Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner)]))

/** Changes a schema and all schemas within it, the inner ones first. Values (`enum`, `const`, `default`) are no schemas. */
const walk = (schema: unknown, change: Change): unknown => {
  if (!isJsonObject(schema)) return schema
  const inner = Object.entries(schema).map(([keyword, value]): readonly [string, unknown] => {
    if (mapsOfSchemas.has(keyword) && isJsonObject(value)) {
      return [keyword, mapValues(value, (each) => walk(each, change))]
    }
    if (listsOfSchemas.has(keyword) || (keyword === "items" && Array.isArray(value))) {
      return [keyword, Array.isArray(value) ? value.map((each) => walk(each, change)) : value]
    }
    return [keyword, schemaKeywords.has(keyword) ? walk(value, change) : value]
  })
  return change(Object.fromEntries(inner))
}

const without =
  (...keywords: ReadonlyArray<string>): Change =>
  (schema) =>
    Object.fromEntries(Object.entries(schema).filter(([keyword]) => !keywords.includes(keyword)))

/** How many references deep a schema is written out; beyond, and within itself, what is referred to may be anything. */
const maxDepth = 6

const pointed = (root: JsonObject, reference: string): unknown =>
  reference
    .replace(/^#\/?/, "")
    .split("/")
    .filter((step) => step !== "")
    .reduce<unknown>(
      (value, step) => (isJsonObject(value) ? value[step.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
      root
    )

/** Puts what is referred to in place of each reference. */
const inlined = (root: JsonObject): JsonObject => {
  const resolve = (schema: unknown, followed: ReadonlyArray<string>): unknown =>
    walk(schema, (each) => {
      const { $ref: reference, ...beside } = each
      if (typeof reference !== "string") return each
      const target = pointed(root, reference)
      if (!isJsonObject(target) || followed.includes(reference) || followed.length >= maxDepth) return beside
      const found = resolve(target, [...followed, reference])
      return isJsonObject(found) ? { ...found, ...beside } : beside
    })
  const resolved = resolve(root, [])
  return isJsonObject(resolved) ? resolved : root
}

const geminiFormats: ReadonlySet<unknown> = new Set(["enum", "date-time"])

/** Gemini takes one type, and says apart whether there may be none. */
const typeForGemini = (type: unknown): JsonObject => {
  const types: ReadonlyArray<unknown> = type === undefined ? [] : [type].flat()
  const kinds = types.filter((each) => each !== "null")
  return {
    ...(kinds.length === 1 ? { type: kinds[0] } : {}),
    ...(kinds.length > 1 ? { anyOf: kinds.map((each) => ({ type: each })) } : {}),
    ...(kinds.length < types.length ? { nullable: true } : {})
  }
}

/** A bound that excludes its number as the one that includes it, where there is none already. */
const inclusive = (schema: JsonObject, bound: "minimum" | "maximum", exclusive: string): JsonObject =>
  typeof schema[exclusive] === "number" && schema[bound] === undefined ? { [bound]: schema[exclusive] } : {}

const formatForGemini = ({ format, type }: JsonObject): JsonObject => {
  const isText = type === undefined || [type].flat().includes("string")
  return format === undefined || (isText && !geminiFormats.has(format)) ? {} : { format }
}

const unknownToGemini = [
  "$schema",
  "$id",
  "$ref",
  "$defs",
  "definitions",
  "additionalProperties",
  "patternProperties",
  "propertyNames",
  "type",
  "const",
  "oneOf",
  "format",
  "exclusiveMinimum",
  "exclusiveMaximum"
]

/** The subset of OpenAPI that Gemini reads. What it has no word for is said in those that it has, or left out. */
const forGemini: Change = (schema) => ({
  ...without(...unknownToGemini)(schema),
  ...typeForGemini(schema["type"]),
  ...(schema["oneOf"] === undefined ? {} : { anyOf: schema["oneOf"] }),
  ...(schema["const"] === undefined ? {} : { enum: [schema["const"]] }),
  ...inclusive(schema, "minimum", "exclusiveMinimum"),
  ...inclusive(schema, "maximum", "exclusiveMaximum"),
  ...formatForGemini(schema)
})

const bounds = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems"
]

/** Grammars are made of schemas by writing bounds out, and match patterns only from end to end. */
const forGrammar: Change = (schema) => {
  const { pattern } = schema
  const isAnchored = typeof pattern === "string" && pattern.startsWith("^") && pattern.endsWith("$")
  const huge = bounds.filter((bound) => Math.abs(Number(schema[bound])) > 100_000)
  return without("$schema", "$id", "propertyNames", ...huge, ...(isAnchored ? [] : ["pattern"]))(schema)
}

/** What each dialect makes of a schema. Markers of a draft say nothing to a model, and some servers refuse them. */
const dialects: Readonly<Record<SchemaDialect, (schema: JsonObject) => unknown>> = {
  standard: (schema) => walk(schema, without("$schema", "$id")),
  gemini: (schema) => walk(inlined(schema), forGemini),
  grammar: (schema) => walk(schema, forGrammar)
}

/** A schema of tool arguments as the upstream takes it: always of an object with properties. */
export const encodeSchema = (schema: JsonObject, dialect: SchemaDialect): JsonObject => {
  const encoded = dialects[dialect](schema)
  return { type: "object", properties: {}, ...(isJsonObject(encoded) ? encoded : {}) }
}

/** What strict decoding at OpenAI knows beside `$defs`; anything else would be refused. */
const strictKeywords: ReadonlySet<string> = new Set([
  "type",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "anyOf",
  "enum",
  "const",
  "$ref",
  "$defs",
  "title",
  "description",
  "pattern",
  "format",
  "multipleOf",
  "minItems",
  "maxItems",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum"
])

const strictFormats: ReadonlySet<unknown> = new Set(
  ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"] // by its documentation
)

const isStrictObject = ({ additionalProperties, properties, required }: JsonObject): boolean => {
  const names = isJsonObject(properties) ? Object.keys(properties) : []
  const given: ReadonlyArray<unknown> = Array.isArray(required) ? required : []
  return additionalProperties === false && names.every((name) => given.includes(name))
}

/** Whether OpenAI takes an encoded schema as `strict` just as it is; one that must be rewritten means something else then. */
export const isStrictSchema = (schema: JsonObject): boolean => {
  let isSound = schema["type"] === "object" && schema["anyOf"] === undefined
  walk(schema, (each) => {
    const types: ReadonlyArray<unknown> = [each["type"]].flat()
    const isObject = types.includes("object") || each["properties"] !== undefined
    isSound &&=
      Object.keys(each).every((keyword) => strictKeywords.has(keyword)) &&
      (each["format"] === undefined || strictFormats.has(each["format"])) &&
      (!isObject || isStrictObject(each)) &&
      !Array.isArray(each["items"])
    return each
  })
  return isSound
}
