/**
 * Arguments that a server wants to see as HTTP headers (`x-mcp-header` in a tool's input schema, revision
 * 2026-07-28, SEP-2243): `Mcp-Param-<Name>`. A tool that declares them wrongly must not be offered.
 */
import { Base64 } from "effect/encoding"
import type { JsonObject } from "../McpTool.ts"
import { isJsonObject } from "../wire.ts"

/** One argument that is mirrored. */
export interface ParamHeader {
  readonly path: ReadonlyArray<string>
  readonly name: string
}

const keyword = "x-mcp-header"
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const mirrored = new Set(["string", "integer", "boolean"])

/** The declarations in a schema, or what is wrong with them. */
export const findParamHeaders = (schema: JsonObject): ReadonlyArray<ParamHeader> | string => {
  const found: Array<ParamHeader> = []
  const names = new Set<string>()
  const visit = (node: unknown, path: ReadonlyArray<string>, reachable: boolean): string | undefined => {
    if (Array.isArray(node)) return firstProblem(node, (item) => visit(item, path, false))
    if (!isJsonObject(node)) return undefined
    const name = node[keyword]
    if (name !== undefined) {
      const problem = problemOf(name, node["type"], reachable && path.length > 0, names)
      if (problem !== undefined || typeof name !== "string") return `${path.join(".") || "the schema"}: ${problem}`
      names.add(name.toLowerCase())
      found.push({ path, name })
    }
    return firstProblem(Object.entries(node), ([key, child]) =>
      key === "properties" && isJsonObject(child)
        ? firstProblem(Object.entries(child), ([property, value]) => visit(value, [...path, property], reachable))
        : literal.has(key)
          ? undefined
          : visit(child, path, false)
    )
  }
  return visit(schema, [], true) ?? found
}

/** Keywords whose values are data, not schemas. */
const literal = new Set(["const", "default", "enum", "examples", keyword])

const firstProblem = <A>(items: ReadonlyArray<A>, check: (item: A) => string | undefined): string | undefined => {
  for (const item of items) {
    const problem = check(item)
    if (problem !== undefined) return problem
  }
  return undefined
}

const problemOf = (
  name: unknown,
  type: unknown,
  isAllowedHere: boolean,
  names: ReadonlySet<string>
): string | undefined => {
  if (!isAllowedHere) return `${keyword} is only allowed on properties`
  if (typeof name !== "string" || !token.test(name)) return `${keyword} must be a header name`
  if (typeof type !== "string" || !mirrored.has(type))
    return `${keyword} is only allowed on strings, integers and booleans`
  return names.has(name.toLowerCase()) ? `${keyword} "${name}" is declared twice` : undefined
}

const valueAt = (input: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((value, key) => (isJsonObject(value) ? value[key] : undefined), input)

const headerText = (value: unknown): string | undefined => {
  if (typeof value === "boolean" || (typeof value === "number" && Number.isSafeInteger(value))) return String(value)
  if (typeof value !== "string") return undefined
  const isPlain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !/^=\?base64\?.*\?=$/i.test(value)
  return isPlain ? value : `=?base64?${Base64.encode(value)}?=`
}

/** The headers of one call. Absent arguments have none. */
export const paramHeaders = (
  declared: ReadonlyArray<ParamHeader>,
  input: JsonObject
): Readonly<Record<string, string>> | undefined => {
  const headers = declared.flatMap(({ name, path }) => {
    const text = headerText(valueAt(input, path))
    return text === undefined ? [] : [[`Mcp-Param-${name}`, text] as const]
  })
  return headers.length === 0 ? undefined : Object.fromEntries(headers)
}
