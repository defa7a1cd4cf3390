/**
 * Calls as items of a response. Those of the host stay open while their tools run. One that may wait for approval is
 * held back until it is known whether it does: then it is an `mcp_approval_request`, and else it is told all at once.
 */
import { answeredItem, approvalItem, callItem, prefixOf, type ToldCall } from "./callItems.ts"
import type { TurnPart } from "../turnParts.ts"
import type { OpenItem } from "./ResponsesState.ts"
import { addItem, type Draft, emit, finishItem, idOf, placeOf, setOpen } from "./Draft.ts"

/** The events that tell of arguments, of calls that are told while they arrive. */
const argumentEvents = ({ form, source }: ToldCall): string | undefined => {
  if (source !== undefined) return "response.mcp_call_arguments"
  return form === undefined || form.kind === "function" ? "response.function_call_arguments" : undefined
}

const beginItem = (draft: Draft, call: ToldCall, step: number): void => {
  const id = idOf(draft, prefixOf(call), step, call.source === undefined ? undefined : call.callId)
  const index = addItem(draft, callItem(id, call, "", "in_progress"))
  setOpen(draft, { kind: "call", id, index, text: "", call })
  if (call.source !== undefined) emit(draft, "response.mcp_call.in_progress", { item_id: id, output_index: index })
}

/** A call begins. */
export const startCall = (draft: Draft, part: Extract<TurnPart, { type: "call_started" }>, step: number): void => {
  const { approvals, callForms } = draft.state.stream
  const { id: callId, name } = part.call
  const requestId = approvals?.requestOf(callId)
  const call: ToldCall = { callId, name, form: callForms.get(name), source: part.source, requestId }
  if (part.source === undefined || approvals?.mayWait(part.call) !== true) return beginItem(draft, call, step)
  setOpen(draft, undefined)
  draft.state = {
    ...draft.state,
    held: new Map([...draft.state.held, [callId, { call, step, text: "" }]]),
    holding: callId
  }
}

/** A piece of its arguments. */
export const tellArguments = (draft: Draft, text: string): void => {
  const { open } = draft.state
  const events = open?.call === undefined ? undefined : argumentEvents(open.call)
  if (open !== undefined && events !== undefined) emit(draft, `${events}.delta`, { ...placeOf(open), delta: text })
}

/** All of its arguments are there. */
export const finishCall = (draft: Draft, text: string): void => {
  const { held, holding, open } = draft.state
  const kept = holding === undefined ? undefined : held.get(holding)
  if (holding !== undefined && kept !== undefined) {
    draft.state = { ...draft.state, held: new Map([...held, [holding, { ...kept, text }]]), holding: undefined }
  } else if (open?.call !== undefined) endItem(draft, open, open.call, text)
}

/** The item has all of its arguments. Those of the host's stay open until there is a result. */
const endItem = (draft: Draft, open: OpenItem, call: ToldCall, text: string): void => {
  const item = callItem(open.id, call, text, call.source === undefined ? "completed" : "in_progress")
  const events = argumentEvents(call)
  if (events !== undefined) emit(draft, `${events}.done`, { ...placeOf(open), arguments: text })
  if (call.form?.kind === "custom" && call.source === undefined) {
    emit(draft, "response.custom_tool_call_input.delta", { ...placeOf(open), delta: item["input"] })
    emit(draft, "response.custom_tool_call_input.done", { ...placeOf(open), input: item["input"] })
  }
  setOpen(draft, undefined)
  if (call.source === undefined) {
    finishItem(draft, open.index, item)
    return
  }
  abandon(draft, [call.callId])
  const { output, running } = draft.state
  draft.state = {
    ...draft.state,
    output: output.with(open.index, item),
    running: new Map([...running, [call.callId, open.index]])
  }
}

/** Ends the items of calls of the host that nobody will answer. */
const abandon = (draft: Draft, callIds: ReadonlyArray<string>): void => {
  const running = new Map(draft.state.running)
  for (const callId of callIds) {
    const index = running.get(callId)
    const item = index === undefined ? undefined : draft.state.output[index]
    if (index === undefined || item === undefined) continue
    running.delete(callId)
    finishItem(draft, index, { ...item, status: "incomplete" })
  }
  draft.state = { ...draft.state, running }
}

/** Tells a call that was held back: as one that ran, or as one that waits. */
const release = (draft: Draft, callId: string, isWaiting: boolean): void => {
  const kept = draft.state.held.get(callId)
  if (kept === undefined) return
  const held = new Map(draft.state.held)
  held.delete(callId)
  draft.state = { ...draft.state, held }
  const { call, step, text } = kept
  if (isWaiting) {
    const item = approvalItem(idOf(draft, "mcpr", step, callId), call, text)
    finishItem(draft, addItem(draft, item), item)
    return
  }
  beginItem(draft, call, step)
  tellArguments(draft, text)
  finishCall(draft, text)
}

/** The host has answered a call, or it waits for approval. */
export const tellResult = (
  draft: Draft,
  { isWaiting = false, result }: Extract<TurnPart, { type: "result" }>
): void => {
  release(draft, result.tool_use_id, isWaiting)
  const index = draft.state.running.get(result.tool_use_id)
  const item = index === undefined ? undefined : draft.state.output[index]
  if (index === undefined || item === undefined) return
  const answered = answeredItem(item, result)
  const event = `response.mcp_call.${answered["status"] === "failed" ? "failed" : "completed"}`
  emit(draft, event, { item_id: item["id"], output_index: index })
  finishItem(draft, index, answered)
  const running = new Map(draft.state.running)
  running.delete(result.tool_use_id)
  draft.state = { ...draft.state, running }
}

/** The turn is over: what is open then stays without an answer. */
export const endCalls = (draft: Draft): void => {
  for (const callId of draft.state.held.keys()) release(draft, callId, false)
  abandon(draft, [...draft.state.running.keys()])
}
