/**
 * What code below knows of the turn that it runs in, and what recording and replaying have in common.
 */
import type { ApprovalRequest } from "@signalbox/model"
import { Context, Effect, Random } from "effect"

/** The seed of the random numbers of a turn; where none is given, each recorded turn makes one. */
export const TurnSeed = Context.Reference<string | undefined>("@signalbox/conversation/TurnSeed", {
  defaultValue: () => undefined
})

/** Whether this runs within a turn: conversations that begin here are part of it, and of no interest by themselves. */
export const IsWithinTurn = Context.Reference<boolean>("@signalbox/conversation/IsWithinTurn", {
  defaultValue: () => false
})

/**
 * Whether this runs in order to answer a question. The answer is recorded, and given again without doing anything: what is
 * done for it must not be recorded.
 */
export const IsWithinAnswer = Context.Reference<boolean>("@signalbox/conversation/IsWithinAnswer", {
  defaultValue: () => false
})

/** The numbers that a seed gives. */
export const seededRandom = (seed: string) => Random.withSeed(Effect.service(Random.Random), seed)

/** What is asked when a call needs a yes. */
export const questionOf = ({ input, reason, tool }: ApprovalRequest): unknown => ({
  tool: tool.originalName,
  input,
  reason
})
