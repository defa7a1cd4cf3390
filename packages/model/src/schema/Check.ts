/**
 * What the parts of a check of JSON Schema have in common. Pure, and bounded: schemas come from servers, and one that
 * refers to itself in a clever way must cost no more than another.
 */
import type { JsonObject } from "../ContentBlock.ts"

/** What can be wrong with a value, in a word. What has no word of its own is `type`. */
export type ViolationType =
  | "missing"
  | "type"
  | "enum"
  | "min"
  | "max"
  | "min_length"
  | "max_length"
  | "pattern"
  | "format"
  | "additional"

/** Where a value stands: made on the way down, read only when something is wrong. */
export interface Place {
  readonly parent: Place | undefined
  readonly key: string
}

/** One thing that is wrong. A missing value has none. */
export interface Violation {
  readonly place: Place | undefined
  readonly type: ViolationType
  readonly message: string
  readonly value?: unknown
}

/** One run over one value. */
export interface Run {
  readonly found: Array<Violation>
  /** How many steps are left, shared by everything that belongs to the run; without any, all fits. */
  readonly budget: { left: number }
}

export type Check = (value: unknown, place: Place | undefined, run: Run) => void

/** The checks that some keywords of a schema ask for; `compile` makes those of its parts. */
export type Keywords = (schema: JsonObject, compile: (schema: unknown) => Check) => ReadonlyArray<Check>

/** The keys from the outside to the value. */
export const keysOf = (place: Place | undefined): ReadonlyArray<string> =>
  place === undefined ? [] : [...keysOf(place.parent), place.key]

/** The keyword where it is a number. */
export const numberAt = (schema: JsonObject, keyword: string): number | undefined => {
  const value = schema[keyword]
  return typeof value === "number" ? value : undefined
}

/** A value as a message shows it. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** What is wrong with a value by one check alone. */
export const violationsOf = (check: Check, value: unknown, place: Place | undefined, { budget }: Run) => {
  const found: Array<Violation> = []
  check(value, place, { found, budget })
  return found
}
