/**
 * Which records a model is shown: what may be seen at all, and how far back. Pure: the caller brings tokens and time.
 */
import { DateTime, type Duration } from "effect"
import type { ChatEvent } from "./ChatEvent.ts"

/** What is shown beside what was said. */
export interface VisibilityPolicy {
  /** Whether words of the host that say so of themselves are shown. */
  readonly systemUpdates: boolean
}

/** Whether a model is shown a record: what was said and what tools answered, never a call on its own or a note. */
export const visibleToModel = (event: ChatEvent, policy: VisibilityPolicy = { systemUpdates: true }): boolean => {
  switch (event.type) {
    case "user_message":
    case "assistant_message":
    case "tool_result":
      return true
    case "system_update":
      return policy.systemUpdates && event.visible_to_llm === true
    case "tool_call":
    case "meta":
      return false
  }
}

/** How tokens of records are counted. */
export interface CountTokens {
  /** Called where a record has no count of its own. */
  readonly countTokens: (event: ChatEvent) => number
}

/** The calls that a record makes. */
const callsOf = (event: ChatEvent): ReadonlyArray<string> => {
  if (event.type === "tool_call") return [event.tool_call_id]
  if (event.type !== "assistant_message") return []
  return event.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []))
}

/** Leaves out results whose calls are not among the records, and calls of which a result was cut cannot be: results are newer. */
const withoutStrayResults = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<ChatEvent> => {
  const called = new Set(events.flatMap(callsOf))
  return events.filter((event) => event.type !== "tool_result" || called.has(event.tool_call_id))
}

/**
 * The newest records that fit into so many tokens, oldest first. The first that does not fit ends it; a result whose call
 * did not fit is left out too.
 */
export const lastTokens = (
  events: ReadonlyArray<ChatEvent>,
  { countTokens, tokens }: CountTokens & { readonly tokens: number }
): ReadonlyArray<ChatEvent> => {
  let left = tokens
  let from = events.length
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index]
    if (event === undefined) break
    left -= event.token_count ?? countTokens(event)
    if (left < 0) break
    from = index
  }
  return withoutStrayResults(events.slice(from))
}

/** How much of a conversation is remembered. */
export interface MemoryWindow {
  /** So many records at most, the newest. */
  readonly maxEvents: number
  /** Nothing older. */
  readonly maxAge: Duration.Duration
}

/** What is still remembered at a moment, oldest first. It begins with what a user said, as every provider wants it. */
export const remembered = (
  events: ReadonlyArray<ChatEvent>,
  { maxAge, maxEvents }: MemoryWindow,
  now: DateTime.Utc
): ReadonlyArray<ChatEvent> => {
  const oldest = DateTime.subtractDuration(now, maxAge)
  const young = events.filter(({ timestamp }) => DateTime.isGreaterThanOrEqualTo(timestamp, oldest))
  const kept = withoutStrayResults(maxEvents <= 0 ? [] : young.slice(-maxEvents))
  const start = kept.findIndex(({ type }) => type === "user_message")
  return start === -1 ? [] : kept.slice(start)
}

/** How many tokens and records there are of each type. */
export interface TokenDistribution {
  readonly total: { readonly events: number; readonly tokens: number }
  readonly byType: Readonly<Record<ChatEvent["type"], { readonly events: number; readonly tokens: number }>>
}

/** Counts records and their tokens by type. The sums of the types are the total. */
export const tokenDistribution = (
  events: ReadonlyArray<ChatEvent>,
  { countTokens }: CountTokens
): TokenDistribution => {
  const none = { events: 0, tokens: 0 }
  const byType: Record<ChatEvent["type"], { events: number; tokens: number }> = {
    user_message: { ...none },
    assistant_message: { ...none },
    tool_call: { ...none },
    tool_result: { ...none },
    system_update: { ...none },
    meta: { ...none }
  }
  const total = { ...none }
  for (const event of events) {
    const tokens = event.token_count ?? countTokens(event)
    for (const sum of [byType[event.type], total]) {
      sum.events++
      sum.tokens += tokens
    }
  }
  return { total, byType }
}
