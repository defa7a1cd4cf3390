/**
 * What model providers refuse in the schema of a tool's input. One such tool makes every request fail that offers it,
 * with a message that names neither the tool nor its server.
 */
import { isTree, type Tree } from "../config/tree.ts"

/** A place inside a schema and what is wrong there. */
export interface SchemaFault {
  readonly place: string
  readonly reason: string
}

/** Keywords that providers refuse beside `type: object` of the whole. */
const refusedAtRoot = ["anyOf", "oneOf", "allOf", "not", "enum"]

/** Names that all providers take (Anthropic's rule, the narrowest). */
const propertyName = /^[A-Za-z0-9_.-]{1,64}$/

/** Schemas may refer to themselves, and foreign ones may be of any depth. */
const maxDepth = 12

const resolves = (root: Tree, reference: string): boolean => {
  if (reference === "#") return true
  if (!reference.startsWith("#/")) return false
  const keys = reference
    .slice(2)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
  return (
    keys.reduce<unknown>(
      (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
      root
    ) !== undefined
  )
}

const rootFaults = (schema: Tree): ReadonlyArray<string> => {
  const { type } = schema
  const wrongType =
    type === undefined || type === "object" ? [] : [`its type is ${JSON.stringify(type)}, and has to be "object"`]
  const keywords = refusedAtRoot.filter((keyword) => keyword in schema)
  return [...wrongType, ...keywords.map((keyword) => `"${keyword}" is not allowed for the whole input`)]
}

const ownFaults = (schema: Tree, root: Tree): ReadonlyArray<string> => {
  const { $ref: reference, properties, type } = schema
  const names = isTree(properties) ? Object.keys(properties).filter((name) => !propertyName.test(name)) : []
  const isBareArray = type === "array" && schema["items"] === undefined && schema["prefixItems"] === undefined
  return [
    ...names.map((name) => `the name ${JSON.stringify(name)} has characters that are not allowed, or more than 64`),
    ...(isBareArray ? ['an array without "items"'] : []),
    ...(typeof reference === "string" && !resolves(root, reference) ? [`${reference} leads nowhere`] : [])
  ]
}

/** The schemas directly inside one, with their places. */
const childrenOf = (schema: Tree): ReadonlyArray<readonly [string, unknown]> => [
  ...["properties", "$defs", "definitions"].flatMap((key) =>
    Object.entries(isTree(schema[key]) ? schema[key] : {}).map(([name, inner]) => [`${key}.${name}`, inner] as const)
  ),
  ...["items", "additionalProperties"].flatMap((key) => (isTree(schema[key]) ? [[key, schema[key]] as const] : [])),
  ...["anyOf", "oneOf", "allOf", "prefixItems"].flatMap((key) => {
    const list: unknown = schema[key]
    return Array.isArray(list) ? list.map((inner: unknown, index) => [`${key}.${index}`, inner] as const) : []
  })
]

const walk = (schema: Tree, root: Tree, place: string, depth: number): ReadonlyArray<SchemaFault> => [
  ...ownFaults(schema, root).map((reason) => ({ place, reason })),
  ...(depth === maxDepth
    ? []
    : childrenOf(schema).flatMap(([key, inner]) =>
        isTree(inner) ? walk(inner, root, place === "" ? key : `${place}.${key}`, depth + 1) : []
      ))
]

/** Everything in a schema that a provider may refuse. */
export const schemaFaults = (schema: Readonly<Record<string, unknown>>): ReadonlyArray<SchemaFault> => [
  ...rootFaults(schema).map((reason) => ({ place: "", reason })),
  ...walk(schema, schema, "", 0)
]
