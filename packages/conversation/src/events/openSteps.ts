/**
 * What a journal knows of a turn that has not ended: what the model answered, and how far its calls came. Steps become history
 * when the next one begins, or the turn ends; until then only these notes tell of the last one.
 */
import { ModelReply, type ToolUseBlock } from "@signalbox/model"
import type { DateTime } from "effect"
import { Option, Schema } from "effect"
import { callsIn } from "../history.ts"
import { ToolSettlement } from "../ToolOutcome.ts"
import type { ChatEvent, MetaEvent } from "./ChatEvent.ts"
import { type KnownStep, knownSteps, stepKinds } from "./eventJournal.ts"
import { type TurnNote, unfinishedTurns } from "./turnNotes.ts"

const decodeReply = Schema.decodeUnknownOption(ModelReply)
const decodeSettlement = Schema.decodeUnknownOption(ToolSettlement)

/** A call of a turn that has not ended. */
export interface OpenCall {
  readonly call: ToolUseBlock
  /**
   * `done`: it has a result. `begun`: it runs, or nobody knows whether it took effect. `not_sent`: it was not sent, or can be
   * made again without harm.
   */
  readonly state: "done" | "begun" | "not_sent"
  /** The step of the journal; nothing for one that was not sent. */
  readonly stepId?: string
  readonly begunAt?: DateTime.Utc
  readonly doneAt?: DateTime.Utc
  /** Of one that is done. */
  readonly settled?: ToolSettlement
}

/** An answer of the model in a turn that has not ended, and its calls. */
export interface OpenStep {
  readonly requestId: string
  /** From 1, within its turn. */
  readonly number: number
  /** When the model had answered. */
  readonly at?: DateTime.Utc
  readonly reply: ModelReply
  readonly calls: ReadonlyArray<OpenCall>
}

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

/** How far a call came, by the steps of its turn. */
const openCallOf = (stepId: string, steps: ReadonlyMap<string, KnownStep>, call: ToolUseBlock): OpenCall => {
  const found = [...steps].find(([id, { subject }]) => id.startsWith(`${stepId}/tool/`) && subject === call.id)
  if (found === undefined) return { call, state: "not_sent" }
  const [id, { begunAt, doneAt, state, value }] = found
  const shared = { call, stepId: id, ...(begunAt === undefined ? {} : { begunAt }) }
  const settled = state === "done" ? Option.getOrUndefined(decodeSettlement(value)) : undefined
  if (settled === undefined) return { ...shared, state: "begun" }
  return { ...shared, state: "done", settled, ...(doneAt === undefined ? {} : { doneAt }) }
}

/** The steps that the journal of one turn knows, oldest first. */
export const stepsOfTurn = (events: ReadonlyArray<ChatEvent>, turn: TurnNote): ReadonlyArray<OpenStep> => {
  const steps = knownSteps(stepNotes(events, turn))
  const found: Array<OpenStep> = []
  for (let number = 1; ; number++) {
    const stepId = `${turn.turnId}/${number}`
    const answered = steps.get(`${stepId}/model`)
    const reply = Option.getOrUndefined(decodeReply(answered?.value))
    if (reply === undefined) return found
    const calls = callsIn(reply.content).map((call) => openCallOf(stepId, steps, call))
    const at = answered?.doneAt
    found.push({ requestId: turn.requestId, number, reply, calls, ...(at === undefined ? {} : { at }) })
  }
}

/** The steps of turns that have not ended, as far as they are not history yet, by all records of the conversation. */
export const openStepsOf = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<OpenStep> =>
  unfinishedTurns(events).flatMap((turn) => {
    const written = events.filter(
      ({ request_id, seq, type }) => type === "assistant_message" && request_id === turn.requestId && seq > turn.seq
    ).length
    return stepsOfTurn(events, turn).slice(written)
  })
