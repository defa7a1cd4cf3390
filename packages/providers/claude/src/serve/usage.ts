/**
 * What a turn of several model calls cost, as the one message that shows it says it.
 */
import { addUsage, type JsonObject, type Usage } from "@signalbox/model"
import { type UsageWire } from "../wire.ts"

const addCounters = (a: JsonObject, b: JsonObject): JsonObject => {
  const sum: Record<string, unknown> = { ...a }
  for (const [name, count] of Object.entries(b)) {
    const before = sum[name]
    sum[name] = typeof before === "number" && typeof count === "number" ? before + count : count
  }
  return sum
}

const counters = (key: "server_tool_use" | "output_tokens_details", a: Usage, b: Usage) => {
  const [first, second] = [a[key], b[key]]
  if (!first && !second) return {}
  return { [key]: addCounters(first ?? {}, second ?? {}) }
}

/** The sum of two usages with the vendor's own counters, each added by name. */
export const sumUsage = (a: Usage, b: Usage): Usage => ({
  ...addUsage(a, b),
  ...counters("server_tool_use", a, b),
  ...counters("output_tokens_details", a, b)
})

/** Usage as messages carry it: with the cache counters, which official clients read without asking. */
export const usageWire = (usage: Usage): UsageWire => ({
  ...usage,
  cache_creation_input_tokens: usage.cache_creation_input_tokens ?? 0,
  cache_read_input_tokens: usage.cache_read_input_tokens ?? 0
})
