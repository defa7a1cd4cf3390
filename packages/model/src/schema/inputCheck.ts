/**
 * Whether the arguments of a call fit the input schema of its tool, before anybody is asked. The server remains the
 * judge: only what its schema certainly forbids is refused.
 */
import { redact } from "@signalbox/errors"
import { Predicate, Result } from "effect"
import type { JsonObject } from "../ContentBlock.ts"
import type { ValidationError } from "../errors.ts"
import { type Check, keysOf, type Run, type Violation } from "./Check.ts"
import { compileSchema } from "./compileSchema.ts"

/** What is wrong with arguments, in the order of the schema; empty where nothing is. */
export type InputCheck = (schema: JsonObject, input: JsonObject) => ReadonlyArray<typeof ValidationError.Type>

/** A model corrects a few at a time. */
const mostErrors = 50
/** Steps of one check. Ten thousand items take as many; what a clever schema would take ends here. */
const mostSteps = 100_000

const mask = "<redacted>"

/** A value as it may be shown: what stands under a name of a secret is one, however deep. */
const showable = (keys: ReadonlyArray<string>, value: unknown): unknown => {
  const nested = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
  let shown: unknown = redact(nested)
  for (const key of keys) {
    if (!Predicate.isObject(shown)) return mask
    shown = Reflect.get(shown, key)
  }
  return shown
}

const errorOf = ({ message, place, type, ...violation }: Violation): typeof ValidationError.Type => {
  const keys = keysOf(place)
  const field = keys.join(".")
  if (!("value" in violation)) return { field, type, message }
  const input = showable(keys, violation.value)
  // What is hidden must not stand in the message either.
  const isHidden = JSON.stringify(input) !== JSON.stringify(violation.value)
  const told = isHidden ? message.replace(/, got .*$/s, "") : message
  return { field, type, message: told, input }
}

/** A check that compiles each schema once, at its first use. A schema that cannot be compiled allows everything. */
export const makeInputCheck = (): InputCheck => {
  const compiled = new WeakMap<JsonObject, Check | undefined>()
  const checkFor = (schema: JsonObject): Check | undefined => {
    if (!compiled.has(schema))
      compiled.set(
        schema,
        Result.getOrElse(
          Result.try(() => compileSchema(schema)),
          () => undefined
        )
      )
    return compiled.get(schema)
  }
  return (schema, input) => {
    const check = checkFor(schema)
    if (check === undefined) return []
    const run: Run = { found: [], budget: { left: mostSteps } }
    // Values that are nested too deep for the stack are the server's to refuse.
    const ran = Result.try(() => check(input, undefined, run))
    return Result.isFailure(ran) ? [] : run.found.slice(0, mostErrors).map(errorOf)
  }
}
