/**
 * What a turn of several model calls cost, as the one message that shows it says it.
 */
import { isJsonObject, type JsonObject, type Usage } from "@signalbox/model"
import type { UsageWire } from "../wire.ts"

/** Counts are added, lists joined, and of what is neither the later word counts. */
const sum = (a: unknown, b: unknown): unknown => {
  if (b === undefined || b === null) return a
  if (typeof a === "number" && typeof b === "number") return a + b
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
  return isJsonObject(a) && isJsonObject(b) ? addFields(a, b) : b
}

const addFields = (a: JsonObject, b: JsonObject): JsonObject =>
  Object.fromEntries(Object.keys({ ...a, ...b }).map((name) => [name, sum(a[name], b[name])]))

/** The sum of two usages, with everything that the vendor counts. */
export const sumUsage = (a: Usage, b: Usage): Usage => ({
  ...addFields(a, b),
  input_tokens: a.input_tokens + b.input_tokens,
  output_tokens: a.output_tokens + b.output_tokens
})

/** Usage as messages carry it: with the cache counters, which official clients read without asking. */
export const usageWire = (usage: Usage): UsageWire => ({
  ...usage,
  cache_creation_input_tokens: usage.cache_creation_input_tokens ?? 0,
  cache_read_input_tokens: usage.cache_read_input_tokens ?? 0
})
