/**
 * Ends a turn whose program ended before it: what its journal knows becomes history. A call that has a result keeps it; of one
 * that was begun and may not run twice nobody knows what became; all others were not sent, or can be made again.
 */
import { Duration, Effect } from "effect"
import { assistantMessages, callsIn } from "../history.ts"
import { outcomeUnknown } from "../Journal.ts"
import { settleFailure, settleNotRun } from "../toolFailure.ts"
import { toolResultBlock, type ToolSettlement } from "../ToolOutcome.ts"
import type { AfterHooks } from "../TurnHooks.ts"
import type { ChatEvent, NewEvent } from "./ChatEvent.ts"
import { compaction } from "./EventLog.ts"
import { stepKinds } from "./eventJournal.ts"
import { eventsOfMessages } from "./messages.ts"
import { type OpenCall, type OpenStep, stepsOfTurn } from "./openSteps.ts"
import { endNote, firstIndex, type TurnNote } from "./turnNotes.ts"

const notRun = settleNotRun(
  "TURN_LOST",
  "the program ended before this call had a result. It was not sent, or can be made again without harm."
)

/** What is known of a call. */
const settlementOf = (open: OpenCall | undefined): ToolSettlement => {
  if (open?.stepId === undefined) return notRun
  return open.settled ?? settleFailure(outcomeUnknown({ id: open.stepId, toolName: open.call.name }))
}

/** When what a record tells of happened, where the journal knows it: that is before the turn was found. */
const timeOf = (event: NewEvent, { at, calls }: OpenStep) => {
  const find = (id: string) => calls.find(({ call }) => call.id === id)
  switch (event.type) {
    case "assistant_message":
      return at
    case "tool_call":
      return find(event.tool_call_id)?.begunAt ?? at
    case "tool_result":
      return find(event.tool_call_id)?.doneAt
    default:
      return undefined
  }
}

const dated = (event: NewEvent, step: OpenStep): NewEvent => {
  const timestamp = timeOf(event, step)
  return timestamp === undefined ? event : { ...event, timestamp }
}

/** The records that end the turn. Those that it has written itself are the same, and are not added again. */
export const closeLostTurn = Effect.fnUntraced(function* (
  events: ReadonlyArray<ChatEvent>,
  turn: TurnNote,
  hooks: AfterHooks
) {
  const added: Array<NewEvent> = []
  let { counts } = turn
  for (const step of stepsOfTurn(events, turn)) {
    const { number } = step
    // What was recorded has not been through the rules of the host yet.
    const reply = yield* Effect.orElseSucceed(hooks.afterModel(step.reply, number), () => step.reply)
    const results = yield* Effect.forEach(callsIn(reply.content), (call) => {
      const settled = settlementOf(step.calls.find((open) => open.call.id === call.id))
      const outcome = { ...settled, call, duration: Duration.zero }
      return Effect.map(hooks.afterTool(outcome, number), (result) => toolResultBlock(call.id, result))
    })
    const messages = [
      ...assistantMessages(reply.content),
      ...(results.length === 0 ? [] : [{ role: "user" as const, content: results }])
    ]
    const made = eventsOfMessages(messages, turn.requestId, counts)
    counts = made.counts
    added.push(...made.events.map((event) => dated(event, step)))
  }
  return [
    ...added,
    endNote(turn, firstIndex(events), "lost"),
    // Pieces of an answer that never became whole stay for people to read.
    compaction(turn.requestId, Object.values(stepKinds))
  ]
})
