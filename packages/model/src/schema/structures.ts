/**
 * The keywords for arrays and objects (JSON Schema 2020-12, validation, §6.4 and §6.5, and core, §10.3), with the older
 * spellings of draft-07.
 */
import { isJsonObject, type JsonObject } from "../ContentBlock.ts"
import { nearestName } from "../nearestName.ts"
import { type Check, type Keywords, numberAt, violationsOf } from "./Check.ts"
import { readPattern } from "./pattern.ts"
import { canonical } from "./values.ts"

const entriesOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  isJsonObject(value) ? Object.entries(value) : []

const textsIn = (value: unknown): ReadonlyArray<string> =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : []

/** So many at least, or at most, of what `count` counts; it answers nothing for values that it is not about. */
const sizeChecks = (
  schema: JsonObject,
  keywords: readonly [least: string, most: string],
  what: string,
  count: (value: unknown) => number | undefined
): ReadonlyArray<Check> => {
  const least = numberAt(schema, keywords[0])
  const most = numberAt(schema, keywords[1])
  if (least === undefined && most === undefined) return []
  return [
    (value, place, { found }) => {
      const size = count(value)
      if (size === undefined) return
      if (least !== undefined && size < least)
        found.push({ place, type: "min_length", message: `expected at least ${least} ${what}, got ${size}`, value })
      if (most !== undefined && size > most)
        found.push({ place, type: "max_length", message: `expected at most ${most} ${what}, got ${size}`, value })
    }
  ]
}

/** `prefixItems` and `items`; in draft-07 `items` with a list, and `additionalItems`. */
const itemChecks: Keywords = (schema, compile) => {
  const { additionalItems, items, prefixItems } = schema
  const listed = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
  const rest = Array.isArray(items) ? additionalItems : items
  if (listed.length === 0 && rest === undefined) return []
  const first = listed.map(compile)
  const others = rest === undefined ? undefined : compile(rest)
  return [
    (value, parent, run) => {
      if (!Array.isArray(value)) return
      for (const [index, item] of value.entries()) (first[index] ?? others)?.(item, { parent, key: String(index) }, run)
    }
  ]
}

const uniqueCheck: Check = (value, place, { found }) => {
  if (!Array.isArray(value) || new Set(value.map(canonical)).size === value.length) return
  found.push({ place, type: "type", message: "expected no item twice", value })
}

const containsCheck = (schema: JsonObject, compile: (schema: unknown) => Check): ReadonlyArray<Check> => {
  if (schema["contains"] === undefined) return []
  const check = compile(schema["contains"])
  const least = numberAt(schema, "minContains") ?? 1
  const most = numberAt(schema, "maxContains") ?? Number.POSITIVE_INFINITY
  return [
    (value, parent, run) => {
      if (!Array.isArray(value)) return
      const fitting = value.filter((item) => violationsOf(check, item, parent, run).length === 0).length
      if (run.budget.left <= 0) return
      if (fitting < least)
        run.found.push({ place: parent, type: "min_length", message: `expected ${least} or more such items`, value })
      if (fitting > most)
        run.found.push({ place: parent, type: "max_length", message: `expected ${most} or fewer such items`, value })
    }
  ]
}

/** The keywords for arrays. */
export const arrayKeywords: Keywords = (schema, compile) => [
  ...itemChecks(schema, compile),
  ...sizeChecks(schema, ["minItems", "maxItems"], "items", (value) =>
    Array.isArray(value) ? value.length : undefined
  ),
  ...(schema["uniqueItems"] === true ? [uniqueCheck] : []),
  ...containsCheck(schema, compile)
]

const missing =
  (fields: ReadonlyArray<string>, when: (value: JsonObject) => boolean = () => true): Check =>
  (value, parent, { found }) => {
    if (!isJsonObject(value) || !when(value)) return
    for (const key of fields) {
      if (!Object.hasOwn(value, key))
        found.push({ place: { parent, key }, type: "missing", message: "a value is required" })
    }
  }

/** `properties`, `patternProperties`, and what is neither. */
const memberChecks: Keywords = (schema, compile) => {
  const named = new Map(entriesOf(schema["properties"]).map(([key, part]) => [key, compile(part)]))
  const patterns = entriesOf(schema["patternProperties"]).map(([source, part]) => ({
    fits: readPattern(source),
    check: compile(part)
  }))
  const { additionalProperties: more } = schema
  const others = more === undefined || more === true || more === false ? undefined : compile(more)
  // A name whose pattern cannot be looked at may be allowed by it.
  const isClosed = more === false && patterns.every(({ fits }) => fits !== undefined)
  return [
    // In the order of the schema, which a reader knows.
    (value, parent, run) => {
      if (!isJsonObject(value)) return
      for (const [key, check] of named) {
        if (Object.hasOwn(value, key) && value[key] !== undefined) check(value[key], { parent, key }, run)
      }
    },
    ...(patterns.length === 0 && others === undefined && !isClosed
      ? []
      : [
          (value: unknown, parent: Parameters<Check>[1], run: Parameters<Check>[2]) => {
            for (const [key, member] of entriesOf(value)) {
              const matching = patterns.filter(({ fits }) => fits?.(key) === true)
              for (const { check } of matching) check(member, { parent, key }, run)
              if (named.has(key) || matching.length > 0) continue
              if (others !== undefined) others(member, { parent, key }, run)
              else if (isClosed) run.found.push(additional(key, [...named.keys()], parent, member))
            }
          }
        ])
  ]
}

const additional = (key: string, known: ReadonlyArray<string>, parent: Parameters<Check>[1], value: unknown) => {
  const nearest = nearestName(key, known)
  const advice =
    nearest === undefined
      ? known.length === 0
        ? ""
        : `; known are ${known.slice(0, 20).join(", ")}`
      : `; did you mean "${nearest}"?`
  return { place: { parent, key }, type: "additional" as const, message: `there is no such parameter${advice}`, value }
}

const nameChecks: Keywords = (schema, compile) => {
  if (schema["propertyNames"] === undefined) return []
  const check = compile(schema["propertyNames"])
  return [
    (value, parent, run) => {
      for (const [key] of entriesOf(value)) {
        if (violationsOf(check, key, parent, run).length > 0)
          run.found.push({
            place: { parent, key },
            type: "additional",
            message: "there may be no key of this name",
            value: key
          })
      }
    }
  ]
}

/** `dependentRequired` and `dependentSchemas`, which draft-07 calls `dependencies`. */
const dependencyChecks: Keywords = (schema, compile) =>
  ["dependentRequired", "dependentSchemas", "dependencies"].flatMap((keyword) =>
    entriesOf(schema[keyword]).map(([key, needed]): Check => {
      const isThere = (value: JsonObject) => Object.hasOwn(value, key)
      if (Array.isArray(needed)) return missing(textsIn(needed), isThere)
      const check = compile(needed)
      return (value, place, run) => {
        if (isJsonObject(value) && isThere(value)) check(value, place, run)
      }
    })
  )

/** The keywords for objects. */
export const objectKeywords: Keywords = (schema, compile) => {
  const required = textsIn(schema["required"])
  return [
    ...(required.length === 0 ? [] : [missing(required)]),
    ...memberChecks(schema, compile),
    ...nameChecks(schema, compile),
    ...sizeChecks(schema, ["minProperties", "maxProperties"], "members", (value) =>
      isJsonObject(value) ? Object.keys(value).length : undefined
    ),
    ...dependencyChecks(schema, compile)
  ]
}
