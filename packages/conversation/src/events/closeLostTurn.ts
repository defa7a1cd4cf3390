/**
 * Ends a turn whose program ended before it: what its journal knows becomes history. A call that has a result keeps it; of one
 * that was begun and may not run twice nobody knows what became; all others were not sent, or can be made again.
 */
import { ModelReply, type ToolUseBlock } from "@signalbox/model"
import { Duration, Effect, Option, Schema } from "effect"
import { OutcomeUnknown } from "../errors.ts"
import { assistantMessages, callsIn } from "../history.ts"
import { settleFailure, settleNotRun } from "../toolFailure.ts"
import { toolResultBlock, ToolSettlement } from "../ToolOutcome.ts"
import type { AfterHooks } from "../TurnHooks.ts"
import type { ChatEvent, MetaEvent, NewEvent } from "./ChatEvent.ts"
import { compaction } from "./EventLog.ts"
import { type KnownStep, knownSteps, stepKinds } from "./eventJournal.ts"
import { eventsOfMessages } from "./messages.ts"
import { endNote, firstIndex, type TurnNote } from "./turnNotes.ts"

const decodeReply = Schema.decodeUnknownOption(ModelReply)
const decodeSettlement = Schema.decodeUnknownOption(ToolSettlement)

/** The notes of a request that journals have written, of one turn of it. */
export const stepNotes = (
  events: ReadonlyArray<ChatEvent>,
  { requestId, seq }: Pick<TurnNote, "requestId" | "seq">
): ReadonlyArray<typeof MetaEvent.Type> =>
  events.filter(
    (event): event is typeof MetaEvent.Type =>
      event.type === "meta" &&
      event.request_id === requestId &&
      event.seq > seq &&
      Object.values<string>(stepKinds).includes(event.kind)
  )

const notRun = settleNotRun(
  "TURN_LOST",
  "the program ended before this call had a result. It was not sent, or can be made again without harm."
)

/** What is known of a call. */
const settlementOf = (steps: ReadonlyMap<string, KnownStep>, stepId: string, call: ToolUseBlock): ToolSettlement => {
  const found = [...steps].find(([id, { subject }]) => id.startsWith(`${stepId}/tool/`) && subject === call.id)
  if (found === undefined) return notRun
  const [id, step] = found
  const settled = step.state === "done" ? Option.getOrUndefined(decodeSettlement(step.value)) : undefined
  return settled ?? settleFailure(new OutcomeUnknown({ stepId: id }))
}

/** The records that end the turn. Those that it has written itself are the same, and are not added again. */
export const closeLostTurn = Effect.fnUntraced(function* (
  events: ReadonlyArray<ChatEvent>,
  turn: TurnNote,
  hooks: AfterHooks
) {
  const steps = knownSteps(stepNotes(events, turn))
  const added: Array<NewEvent> = []
  let { counts } = turn
  for (let step = 1; ; step++) {
    const stepId = `${turn.turnId}/${step}`
    const recorded = Option.getOrUndefined(decodeReply(steps.get(`${stepId}/model`)?.value))
    if (recorded === undefined) break
    // What was recorded has not been through the rules of the host yet.
    const reply = yield* Effect.orElseSucceed(hooks.afterModel(recorded, step), () => recorded)
    const results = yield* Effect.forEach(callsIn(reply.content), (call) => {
      const settled = settlementOf(steps, stepId, call)
      const outcome = { ...settled, call, duration: Duration.zero }
      return Effect.map(hooks.afterTool(outcome, step), (result) => toolResultBlock(call.id, result))
    })
    const messages = [
      ...assistantMessages(reply.content),
      ...(results.length === 0 ? [] : [{ role: "user" as const, content: results }])
    ]
    const made = eventsOfMessages(messages, turn.requestId, counts)
    counts = made.counts
    added.push(...made.events)
  }
  return [
    ...added,
    endNote(turn, firstIndex(events), "lost"),
    // Pieces of an answer that never became whole stay for people to read.
    compaction(turn.requestId, Object.values(stepKinds))
  ]
})
