/**
 * A JSON Schema of 2020-12 or draft-07 as a function. What is unknown, broken, or refers to somewhere else allows
 * everything; so do `unevaluatedProperties` and `unevaluatedItems`. What is refused is certainly wrong.
 */
import { isJsonObject, type JsonObject } from "../ContentBlock.ts"
import type { Check } from "./Check.ts"
import { combiningKeywords } from "./combined.ts"
import { pointerTo } from "./pointer.ts"
import { arrayKeywords, objectKeywords } from "./structures.ts"
import { choiceKeywords, numberKeywords, textKeywords, typeCheck } from "./values.ts"

const anything: Check = () => undefined

const nothing: Check = (value, place, { found }) =>
  void found.push({ place, type: "additional", message: "there may be nothing here", value })

const keywords = [choiceKeywords, numberKeywords, textKeywords, objectKeywords, arrayKeywords, combiningKeywords]

/** Where `$ref` leads; nothing when that is outside of the schema. */
const referred = (root: JsonObject, reference: unknown): unknown =>
  typeof reference === "string" && (reference === "#" || reference.startsWith("#/"))
    ? pointerTo(root, reference)
    : undefined

/** Compiles a schema, each part of it once. */
export const compileSchema = (root: JsonObject): Check => {
  const known = new Map<object, Check>()
  // There, nothing beside a reference counts (draft-07, core, §8.3).
  const isReferenceAlone = /draft-0[3-7]\b/.test(String(root["$schema"]))

  const partsOf = (schema: JsonObject): ReadonlyArray<Check> => {
    const reference = schema["$ref"] === undefined ? [] : [compile(referred(root, schema["$ref"]))]
    if (reference.length > 0 && isReferenceAlone) return reference
    return [...reference, ...keywords.flatMap((make) => make(schema, compile))]
  }

  const compile = (schema: unknown): Check => {
    if (schema === false) return nothing
    if (!isJsonObject(schema)) return anything
    const made = known.get(schema)
    if (made !== undefined) return made
    // It may refer to itself, so it is there before its parts are.
    let parts: ReadonlyArray<Check> = []
    const ofType = typeCheck(schema)
    const check: Check = (value, place, run) => {
      run.budget.left -= 1
      if (run.budget.left <= 0) return
      const before = run.found.length
      ofType?.(value, place, run)
      if (run.found.length > before) return
      for (const part of parts) part(value, place, run)
    }
    known.set(schema, check)
    parts = partsOf(schema)
    return check
  }
  return compile(root)
}
