/**
 * What a tool wants, read from its JSON Schema: each parameter with its type and the part it plays
 * (a path, a text to search for, a name …). The part is guessed from general words in names,
 * descriptions and formats, so that tools never seen before can be filled.
 */
import { isJsonObject, type JsonObject } from "../ContentBlock.ts"
import { pointerTo } from "../schema/pointer.ts"
import { stem, wordsOf } from "./words.ts"

/** What a parameter is for, as far as that can be told. */
export type Role =
  | "path"
  | "url"
  | "email"
  | "date"
  | "id"
  | "pattern"
  | "name"
  | "type"
  | "content"
  | "query"
  | "selector"
  | "text"
  | "number"
  | "boolean"
  | "choice"
  | "list"
  | "object"

export interface Parameter {
  readonly name: string
  readonly words: ReadonlyArray<string>
  readonly stems: ReadonlySet<string>
  readonly descriptionStems: ReadonlySet<string>
  readonly description: string
  readonly schema: JsonObject
  readonly isRequired: boolean
  readonly role: Role
  /** For a list: what it is a list of. */
  readonly items: Parameter | undefined
  /** For an object: its own parameters. */
  readonly fields: ReadonlyArray<Parameter>
  readonly choices: ReadonlyArray<unknown>
  /** What to give when the text says nothing: `default` or `const`, where the schema has one. */
  readonly fallback: unknown
}

const maxDepth = 5

const variantsOf = (schema: JsonObject): ReadonlyArray<unknown> => {
  for (const key of ["anyOf", "oneOf", "allOf"]) {
    const variants = schema[key]
    if (Array.isArray(variants) && variants.length > 0) return variants
  }
  return []
}

const preference = (schema: JsonObject): number => {
  const type = typeOf(schema)
  if (type === "null") return -1
  if (type === "object")
    return Object.keys(isJsonObject(schema["properties"]) ? schema["properties"] : {}).length > 0 ? 3 : 0
  return type === "array" ? 2 : 1
}

/** The schema that a `$ref` or a union stands for: of several variants, the one that says most. */
const resolveSchema = (schema: unknown, root: JsonObject, depth = 0): JsonObject => {
  if (!isJsonObject(schema) || depth > maxDepth) return {}
  const reference = schema["$ref"]
  if (typeof reference === "string")
    return { ...resolveSchema(pointerTo(root, reference), root, depth + 1), ...described(schema) }
  if (isJsonObject(schema["properties"]) || schema["enum"] !== undefined) return schema
  const variants = variantsOf(schema).map((variant) => resolveSchema(variant, root, depth + 1))
  const best = variants.toSorted((a, b) => preference(b) - preference(a))[0]
  return best === undefined ? schema : { ...best, ...described(schema) }
}

const described = (schema: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key === "description" || key === "default"))

const typeOf = (schema: JsonObject): string => {
  const { type } = schema
  if (typeof type === "string") return type
  if (Array.isArray(type))
    return type.find((each): each is string => typeof each === "string" && each !== "null") ?? "string"
  if (isJsonObject(schema["properties"])) return "object"
  if (schema["items"] !== undefined) return "array"
  return "string"
}

const roleWords: ReadonlyArray<readonly [Role, string]> = [
  ["pattern", "pattern glob regex regexp expression wildcard"],
  ["url", "url uri href link endpoint website"],
  ["email", "email mail recipient"],
  ["path", "path paths file files filename filepath directory dir folder source destination dest src"],
  ["date", "date day deadline due datetime timestamp"],
  ["selector", "selector element target xpath"],
  ["query", "query search keyword keywords term terms topic question subject q"],
  [
    "content",
    "content contents text body message prompt comment note description thought markdown data value input code"
  ],
  ["type", "type kind category"],
  ["id", "id ids uid uuid identifier"],
  ["name", "name title label entity username"]
]
const roleOfStem = new Map(
  roleWords.toReversed().flatMap(([role, words]) => words.split(" ").map((word) => [stem(word), role] as const))
)

const roleOfFormat: ReadonlyMap<unknown, Role> = new Map([
  ["uri", "url"],
  ["url", "url"],
  ["email", "email"],
  ["date", "date"],
  ["date-time", "date"],
  ["uuid", "id"]
])

/** The role that a name tells. The last word of an identifier is its head; only a file's name is also its path. */
const roleOfWords = (words: ReadonlyArray<string>): Role | undefined => {
  const isFile = words.some((word) => word === "file" || word === "filename")
  if (isFile && /^(?:name|path|paths)$/.test(words.at(-1) ?? "")) return "path"
  const isOfContent = /^(?:name|glob|query)$/.test(words[0] ?? "")
  return words
    .toReversed()
    .map((word) => roleOfStem.get(stem(word)))
    .find((role) => role !== undefined && !(isOfContent && role === "content"))
}

const textRole = (words: ReadonlyArray<string>, schema: JsonObject, description: string): Role => {
  const role = roleOfFormat.get(schema["format"])
  if (role !== undefined) return role
  const named = roleOfWords(words)
  if (named === undefined)
    return /\b(?:file ?path|path (?:of|to)|directory|folder)\b/i.test(description) ? "path" : "text"
  return named === "selector" && /\b(?:path|file|folder|directory)\b/i.test(description) ? "path" : named
}

const roleOf = (schema: JsonObject, words: ReadonlyArray<string>, description: string): Role => {
  if (Array.isArray(schema["enum"])) return "choice"
  switch (typeOf(schema)) {
    case "number":
    case "integer":
      return "number"
    case "boolean":
      return "boolean"
    case "array":
      return "list"
    case "object":
      return "object"
    default:
      return textRole(words, schema, description)
  }
}

/** What a schema gives by itself: a constant, a default, or the only choice. */
const fallbackOf = (schema: JsonObject, choices: ReadonlyArray<unknown>): unknown =>
  schema["const"] ?? schema["default"] ?? (choices.length === 1 ? choices[0] : undefined)

const parameterOf = (name: string, given: unknown, root: JsonObject, isRequired: boolean, depth: number): Parameter => {
  const schema = resolveSchema(given, root)
  const description = typeof schema["description"] === "string" ? schema["description"] : ""
  const words = wordsOf(name)
  const role = roleOf(schema, words, description)
  const choices = Array.isArray(schema["enum"]) ? schema["enum"] : []
  return {
    name,
    words,
    stems: new Set(words.map(stem)),
    descriptionStems: new Set(wordsOf(description.slice(0, 300)).map(stem)),
    description,
    schema,
    isRequired,
    role,
    items: role === "list" && depth < maxDepth ? parameterOf(name, schema["items"], root, true, depth + 1) : undefined,
    fields: role === "object" && depth < maxDepth ? fieldsOf(schema, root, depth + 1) : [],
    choices,
    fallback: fallbackOf(schema, choices)
  }
}

const fieldsOf = (schema: JsonObject, root: JsonObject, depth: number): ReadonlyArray<Parameter> => {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {}
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : [])
  const listed = Object.entries(properties).map(([name, property]) =>
    parameterOf(name, property, root, required.has(name), depth)
  )
  // A schema may demand what it does not describe; then any text will do.
  const others = [...required].filter((name) => typeof name === "string" && !Object.hasOwn(properties, name))
  return [...listed, ...others.map((name) => parameterOf(String(name), {}, root, true, depth))]
}

/** The parameters of a tool, in the order of its schema. */
export const parametersOf = (inputSchema: JsonObject): ReadonlyArray<Parameter> => fieldsOf(inputSchema, inputSchema, 0)

/** Whether these parameters, or those inside them, are a thing with a list of statements about it. */
export const holdsFacts = (parameters: ReadonlyArray<Parameter>): boolean =>
  (parameters.some(({ isRequired, role }) => isRequired && role === "name") &&
    parameters.some(({ isRequired, items }) => isRequired && (items?.role === "content" || items?.role === "text"))) ||
  parameters.some(({ fields, items }) => holdsFacts(fields) || holdsFacts(items?.fields ?? []))

/** Whether a parameter says that it goes from somewhere, or to somewhere: `source`, `to_account`, `endPoint`. */
export const directionOf = (parameter: Parameter): "from" | "to" | undefined => {
  const has = (pattern: RegExp) => parameter.words.some((word) => pattern.test(word))
  if (has(/^(?:source|src|from|origin|old|start|before)$/)) return "from"
  return has(/^(?:destination|dest|dst|to|end|new|after)$/) ? "to" : undefined
}
