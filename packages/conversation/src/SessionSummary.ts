/**
 * What a session has done so far, as numbers.
 */
import { addUsage, noUsage, Usage } from "@signalbox/model"
import { Schema } from "effect"
import type { TurnStep } from "./TurnResult.ts"

/** A session in numbers, as it is printed. */
export const SessionSummary = Schema.Struct({
  id: Schema.String,
  /** Turns that have begun, those that failed or were interrupted included. */
  turns: Schema.Int,
  /** Model calls that were answered. */
  steps: Schema.Int,
  messages: Schema.Int,
  /** Tool calls that the host answered, and those of them that succeeded. */
  toolCalls: Schema.Int,
  successfulCalls: Schema.Int,
  /** From 0 to 1; 1 while there were no calls. */
  successRate: Schema.Finite,
  usage: Usage
})
export interface SessionSummary extends Schema.Schema.Type<typeof SessionSummary> {}

/** Counters of a session without its history: they stay small, however long it gets. */
export type SessionCounters = Pick<SessionSummary, "turns" | "steps" | "toolCalls" | "successfulCalls" | "usage">

export const noCounters: SessionCounters = { turns: 0, steps: 0, toolCalls: 0, successfulCalls: 0, usage: noUsage }

/** Adds what one turn did. */
export const countTurn = (counters: SessionCounters, steps: ReadonlyArray<TurnStep>): SessionCounters => {
  const outcomes = steps.flatMap((step) => step.outcomes)
  return {
    turns: counters.turns + 1,
    steps: counters.steps + steps.length,
    toolCalls: counters.toolCalls + outcomes.length,
    successfulCalls: counters.successfulCalls + outcomes.filter(({ status }) => status === "ok").length,
    usage: steps.reduce((sum, { usage }) => addUsage(sum, usage), counters.usage)
  }
}
