/** What is told of a turn that has not ended: the calls that its program left, or makes now. */
import { type ChatEvent, type OpenCall, type OpenStep, openStepsOf, overviewOf } from "@signalbox/conversation"
import { resultText, textOf } from "@signalbox/model"
import { DateTime } from "effect"

/** A step of such a turn, where it is in the conversation. */
export interface UnfinishedStep extends OpenStep {
  /** As `sessions show` counts them. */
  readonly place: string
}

/** The steps that are not history yet, oldest first. */
export const unfinishedSteps = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<UnfinishedStep> => {
  const { turns } = overviewOf(events)
  const shown = new Map<string, number>()
  return openStepsOf(events).map((step) => {
    const turn = turns.findLast(({ requestId }) => requestId === step.requestId)
    const before = shown.get(step.requestId) ?? 0
    shown.set(step.requestId, before + 1)
    return { ...step, place: `${turn?.number ?? ""}.${(turn?.steps.length ?? 0) + before + 1}` }
  })
}

/** What is known of a call without a result, for people. */
export const openCallWords = ({ state }: OpenCall, isRunning: boolean): string | undefined => {
  if (state === "done") return undefined
  if (state === "begun") return isRunning ? "begun, and runs" : "begun: nobody knows whether it took effect"
  return isRunning ? "has no result yet" : "not sent, or can be made again without harm"
}

/** What somebody reads of the result of a call; nothing where there is none. */
export const openResult = ({ settled }: OpenCall) =>
  settled === undefined ? undefined : { isError: settled.result.isError, text: resultText(settled.result) }

const states = { done: "done", begun: "unknown", not_sent: "not_sent" } as const

const callJson = (open: OpenCall, isRunning: boolean) => ({
  tool_call_id: open.call.id,
  name: open.call.name,
  arguments: open.call.input,
  state: isRunning && open.state !== "done" ? "running" : states[open.state],
  begun_at: open.begunAt === undefined ? null : DateTime.formatIso(open.begunAt),
  result: openResult(open)?.text ?? null
})

/** The step for programs. */
export const unfinishedJson = ({ calls, place, reply, requestId }: UnfinishedStep, isRunning: boolean) => ({
  at: place,
  request_id: requestId,
  text: textOf(reply.content),
  calls: calls.map((call) => callJson(call, isRunning))
})
