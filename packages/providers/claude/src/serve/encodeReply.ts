/**
 * A whole turn as one message. However many times the model was called, the client sees one message with
 * one id, one stop reason and one usage; the host's calls and results stand between what the model said.
 */
import { type ContentBlock, type JsonObject, noUsage, type ServedReply } from "@signalbox/model"
import { Predicate } from "effect"
import { toWireBlock, vendor } from "../blocks.ts"
import type { ReplyWire } from "../wire/reply.ts"
import { withBrokenInput } from "./brokenInput.ts"
import { hostCallBlock, hostResultBlock } from "./hostCalls.ts"
import { sumUsage, usageWire } from "./usage.ts"

/** A block as clients see it. Strict ones fail at `citations: null`, and a text that is still empty begins a stream. */
export const shownBlock = (block: ContentBlock): JsonObject | undefined => {
  if (block.type !== "text") return toWireBlock(block)
  const { citations, ...text } = block
  return citations === undefined || citations === null ? text : block
}

const blockOf = (block: ContentBlock, answered: ReadonlySet<string>): JsonObject | undefined => {
  if (block.type !== "tool_use") return shownBlock(block)
  if (block.runBy?._tag === "Host") return hostCallBlock(block, block.runBy.source)
  return answered.has(block.id) ? hostCallBlock(block, "signalbox") : toWireBlock(withBrokenInput(block))
}

/** The stop reason that a client can act upon: by whether there is a call for it to run, not by the upstream's word. */
export const servedStopReason = (stopReason: string | null, hasCallerCall: boolean): string | null => {
  if (stopReason === "tool_use" && !hasCallerCall) return "pause_turn"
  return stopReason === "end_turn" && hasCallerCall ? "tool_use" : stopReason
}

/** The JSON body of a turn that was not streamed: the same blocks in the same order as the stream has. */
export const encodeReply = (turn: ServedReply): ReplyWire => {
  const content = turn.steps.flatMap(({ reply, results }) => {
    const answered = new Set(results.map((result) => result.tool_use_id))
    const said = reply.content.map((block) => blockOf(block, answered)).filter(Predicate.isNotUndefined)
    return [...said, ...results.map(hostResultBlock)]
  })
  const last = turn.steps.at(-1)?.reply
  const hasCallerCall = content.some((block) => block["type"] === "tool_use")
  return {
    id: turn.id,
    type: "message",
    role: "assistant",
    model: turn.model,
    ...Object.fromEntries(turn.steps.flatMap(({ reply }) => Object.entries(reply.vendor?.[vendor] ?? {}))),
    content,
    stop_reason: servedStopReason(turn.stopReason ?? last?.stop_reason ?? "end_turn", hasCallerCall),
    stop_sequence: last?.stop_sequence ?? null,
    stop_details: last?.stop_details ?? null,
    usage: usageWire(turn.steps.reduce((usage, { reply }) => sumUsage(usage, reply.usage), noUsage))
  }
}
