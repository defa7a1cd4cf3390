/**
 * Parts of a turn as items of a response, and the events that tell of them. Each function adds to a draft: the
 * next state, and the events that lead there.
 */
import type { JsonObject, ToolResultBlock } from "@signalbox/model"
import { openAiErrorBody } from "../encodeError.ts"
import type { Thought, TurnEnd, TurnPart } from "../turnParts.ts"
import { responsesUsage } from "../usage.ts"
import { annotationsOf, responsesAnnotation } from "../annotations.ts"
import { answeredItem, callItem, prefixOf, type ToldCall } from "./callItems.ts"
import type { OpenItem, ResponsesState } from "./ResponsesState.ts"
import { itemId, type ItemPrefix } from "./itemIds.ts"
import { reasoningItem, summaryOf } from "./reasoning.ts"
import { responseOf } from "./responseOf.ts"
import type { ResponsesEvent } from "./wire.ts"

/** A state in the making. */
export interface Draft {
  state: ResponsesState
  readonly events: Array<ResponsesEvent>
}

/** Adds an event. Every one has the next number. */
export const emit = (draft: Draft, type: string, fields: JsonObject): void => {
  const { sequence, silentPings } = draft.state
  draft.events.push({ type, sequence_number: sequence, ...fields })
  draft.state = { ...draft.state, sequence: sequence + 1, silentPings: type === "keepalive" ? silentPings : 0 }
}

const idOf = ({ state }: Draft, prefix: ItemPrefix, step: number, callId?: string): string =>
  itemId(prefix, { responseId: state.stream.id, step, index: state.output.length }, callId)

const addItem = (draft: Draft, item: JsonObject): number => {
  const output_index = draft.state.output.length
  draft.state = { ...draft.state, output: [...draft.state.output, item] }
  emit(draft, "response.output_item.added", { output_index, item })
  return output_index
}

const finishItem = (draft: Draft, output_index: number, item: JsonObject): void => {
  draft.state = { ...draft.state, output: draft.state.output.with(output_index, item) }
  emit(draft, "response.output_item.done", { output_index, item })
}

const setOpen = (draft: Draft, open: OpenItem | undefined): void => {
  draft.state = { ...draft.state, open }
}

const placeOf = ({ id, index }: OpenItem): JsonObject => ({ item_id: id, output_index: index })

const textPart = (text: string, annotations: ReadonlyArray<JsonObject> = []): JsonObject => ({
  type: "output_text",
  text,
  annotations
})

const message = (id: string, status: string, content: ReadonlyArray<JsonObject>): JsonObject => ({
  id,
  type: "message",
  status,
  role: "assistant",
  content
})

const openMessage = (draft: Draft, step: number): OpenItem => {
  const id = idOf(draft, "msg", step)
  const index = addItem(draft, message(id, "in_progress", []))
  const open: OpenItem = { kind: "message", id, index, text: "" }
  emit(draft, "response.content_part.added", { ...placeOf(open), content_index: 0, part: textPart("") })
  return open
}

const closeMessage = (draft: Draft, status: "completed" | "incomplete" = "completed"): void => {
  const { open } = draft.state
  if (open?.kind !== "message") return
  const place = { ...placeOf(open), content_index: 0 }
  emit(draft, "response.output_text.done", { ...place, text: open.text, logprobs: [] })
  const part = textPart(open.text, open.annotations)
  emit(draft, "response.content_part.done", { ...place, part })
  finishItem(draft, open.index, message(open.id, status, [part]))
  setOpen(draft, undefined)
}

const tellText = (draft: Draft, text: string, step: number): void => {
  const open = draft.state.open?.kind === "message" ? draft.state.open : openMessage(draft, step)
  emit(draft, "response.output_text.delta", { ...placeOf(open), content_index: 0, delta: text, logprobs: [] })
  setOpen(draft, { ...open, text: open.text + text })
}

/** The place of the text is that in its own message. */
const tellCitations = (draft: Draft, { citations, length }: Extract<TurnPart, { type: "cited" }>): void => {
  const { open } = draft.state
  if (open?.kind !== "message") return
  const end = open.text.length
  const before = open.annotations ?? []
  const added = annotationsOf(citations, { start: end - length, end }).map(responsesAnnotation)
  for (const [index, annotation] of added.entries()) {
    const place = { ...placeOf(open), content_index: 0, annotation_index: before.length + index }
    emit(draft, "response.output_text.annotation.added", { ...place, annotation })
  }
  setOpen(draft, { ...open, annotations: [...before, ...added] })
}

const openReasoning = (draft: Draft, step: number): OpenItem => {
  const id = idOf(draft, "rs", step)
  return { kind: "reasoning", id, index: addItem(draft, { id, type: "reasoning", summary: [] }), text: "" }
}

const tellThought = (draft: Draft, text: string, step: number): void => {
  const { open: current } = draft.state
  const open = current?.kind === "reasoning" ? current : openReasoning(draft, step)
  const place = { ...placeOf(open), summary_index: 0 }
  if (open.text === "") {
    emit(draft, "response.reasoning_summary_part.added", { ...place, part: { type: "summary_text", text: "" } })
  }
  emit(draft, "response.reasoning_summary_text.delta", { ...place, delta: text })
  setOpen(draft, { ...open, text: open.text + text })
}

const finishThought = (draft: Draft, thought: Thought, step: number): void => {
  const { open: current } = draft.state
  const isNothing = thought.type === "thinking" && thought.thinking === "" && thought.signature === ""
  if (isNothing) return
  const open = current?.kind === "reasoning" ? current : openReasoning(draft, step)
  const [part] = summaryOf(open.text)
  if (part !== undefined) {
    const place = { ...placeOf(open), summary_index: 0 }
    emit(draft, "response.reasoning_summary_text.done", { ...place, text: open.text })
    emit(draft, "response.reasoning_summary_part.done", { ...place, part })
  }
  finishItem(draft, open.index, reasoningItem(open.id, thought))
  setOpen(draft, undefined)
}

const tellForeign = (draft: Draft, item: JsonObject): void => {
  finishItem(draft, addItem(draft, item), item)
}

/** The events that tell of arguments, of calls that are told while they arrive. */
const argumentEvents = ({ form, source }: ToldCall): string | undefined => {
  if (source !== undefined) return "response.mcp_call_arguments"
  return form === undefined || form.kind === "function" ? "response.function_call_arguments" : undefined
}

const startCall = (draft: Draft, part: Extract<TurnPart, { type: "call_started" }>, step: number): void => {
  const { id: callId, name } = part.call
  const form = draft.state.stream.callForms.get(name)
  const call: ToldCall = { callId, name, form, source: part.source }
  const id = idOf(draft, prefixOf(call), step, call.source === undefined ? undefined : callId)
  const index = addItem(draft, callItem(id, call, "", "in_progress"))
  setOpen(draft, { kind: "call", id, index, text: "", call })
  if (call.source !== undefined) emit(draft, "response.mcp_call.in_progress", { item_id: id, output_index: index })
}

const tellArguments = (draft: Draft, text: string): void => {
  const { open } = draft.state
  const events = open?.call === undefined ? undefined : argumentEvents(open.call)
  if (open !== undefined && events !== undefined) emit(draft, `${events}.delta`, { ...placeOf(open), delta: text })
}

const finishCall = (draft: Draft, text: string): void => {
  const { open } = draft.state
  if (open?.call === undefined) return
  const { call } = open
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

const tellResult = (draft: Draft, result: ToolResultBlock): void => {
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

/** A part of speech, or a result. Whatever is no text ends the message before it. */
export const tellPart = (draft: Draft, part: TurnPart, step: number): void => {
  if (part.type !== "text" && part.type !== "cited" && part.type !== "result") closeMessage(draft)
  switch (part.type) {
    case "text":
      return tellText(draft, part.text, step)
    case "cited":
      return tellCitations(draft, part)
    case "thought_piece":
      return tellThought(draft, part.text, step)
    case "thought_ended":
      return finishThought(draft, part.thought, step)
    case "foreign":
      return tellForeign(draft, {
        id: idOf(draft, part.item["type"] === "reasoning" ? "rs" : "ws", step),
        ...part.item
      })
    case "call_started":
      return startCall(draft, part, step)
    case "call_piece":
      return tellArguments(draft, part.text)
    case "call_ended":
      return finishCall(draft, part.text)
    case "result":
      return tellResult(draft, part.result)
    default:
      return undefined
  }
}

/** What the model said when it refused, as the API has it: a part of its own. */
const tellRefusal = (draft: Draft, refusal: string, step: number): void => {
  const id = idOf(draft, "msg", step)
  const index = addItem(draft, message(id, "in_progress", []))
  const place = { item_id: id, output_index: index, content_index: 0 }
  emit(draft, "response.content_part.added", { ...place, part: { type: "refusal", refusal: "" } })
  emit(draft, "response.refusal.delta", { ...place, delta: refusal })
  emit(draft, "response.refusal.done", { ...place, refusal })
  emit(draft, "response.content_part.done", { ...place, part: { type: "refusal", refusal } })
  finishItem(draft, index, message(id, "completed", [{ type: "refusal", refusal }]))
}

/** Why an answer is not complete, in the API's words. */
const incompleteReason = ({ refusal, stopReason }: TurnEnd): string | undefined => {
  if (stopReason === "max_tokens" || stopReason === "model_context_window_exceeded") return "max_output_tokens"
  return stopReason === "refusal" || refusal !== undefined ? "content_filter" : undefined
}

/** The end of a turn. */
export const tellEnd = (draft: Draft, end: TurnEnd, step: number): void => {
  closeMessage(draft)
  abandon(draft, [...draft.state.running.keys()])
  if (end.refusal !== undefined) tellRefusal(draft, end.refusal, step)
  const reason = incompleteReason(end)
  const status = reason === undefined ? "completed" : "incomplete"
  const response = responseOf(draft.state, status, {
    usage: responsesUsage(end.tokens),
    incomplete_details: reason === undefined ? null : { reason }
  })
  draft.state = { ...draft.state, ended: response }
  emit(draft, `response.${status}`, { response })
}

/**
 * The end of a turn that failed, told twice as the API does: the official client raises the `error` event and hands the
 * response that failed on as any other. Clients look for the error in the event itself or, as the API has it too, inside.
 */
export const tellFailure = (draft: Draft, error: unknown): void => {
  closeMessage(draft, "incomplete")
  abandon(draft, [...draft.state.running.keys()])
  const said = openAiErrorBody(error).error
  const { code, message: words, param } = said
  const response = responseOf(draft.state, "failed", { error: { code: code ?? "server_error", message: words } })
  draft.state = { ...draft.state, ended: response }
  emit(draft, "error", { code, message: words, param, error: { ...said } })
  emit(draft, "response.failed", { response })
}
