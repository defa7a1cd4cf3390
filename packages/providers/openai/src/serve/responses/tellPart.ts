/**
 * Parts of a turn as items of a response, and the events that tell of them. Calls are told by `tellCall.ts`.
 */
import type { JsonObject } from "@signalbox/model"
import { openAiErrorBody } from "../encodeError.ts"
import type { Thought, TurnEnd, TurnPart } from "../turnParts.ts"
import { responsesUsage } from "../usage.ts"
import { annotationsOf, responsesAnnotation } from "../annotations.ts"
import { addItem, type Draft, emit, finishItem, idOf, placeOf, setOpen } from "./Draft.ts"
import { endCalls, finishCall, startCall, tellArguments, tellResult } from "./tellCall.ts"
import type { OpenItem } from "./ResponsesState.ts"
import { reasoningItem, summaryOf } from "./reasoning.ts"
import { responseOf } from "./responseOf.ts"

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
      return tellResult(draft, part)
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
  endCalls(draft)
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
  endCalls(draft)
  const said = openAiErrorBody(error).error
  const { code, message: words, param } = said
  const response = responseOf(draft.state, "failed", { error: { code: code ?? "server_error", message: words } })
  draft.state = { ...draft.state, ended: response }
  emit(draft, "error", { code, message: words, param, error: { ...said } })
  emit(draft, "response.failed", { response })
}
