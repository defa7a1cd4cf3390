/**
 * Calls as pieces of a message. Those of the caller's tools are streamed in `tool_calls`, each under its number
 * among them; those of the host are kept until the end.
 */
import type { JsonObject } from "@signalbox/model"
import { customInput } from "../callForms.ts"
import type { TurnPart } from "../turnParts.ts"
import { chunk, type ChatState, type Encoded, type OpenCall } from "./ChatState.ts"
import type { McpCallWire } from "./wire.ts"

/** Free text cannot be told before the whole of its JSON is there. */
const isHeld = ({ isCustom, source }: OpenCall): boolean => source !== undefined || isCustom

const start = (state: ChatState, { call, source }: Extract<TurnPart, { type: "call_started" }>): Encoded => {
  const form = state.stream.callForms.get(call.name)
  const isCustom = form?.kind === "custom" && source === undefined
  const open: OpenCall = { id: call.id, name: isCustom ? form.name : call.name, source, isCustom }
  if (isHeld(open)) return [{ ...state, open }, []]
  const shown = { id: open.id, type: "function", function: { name: open.name, arguments: "" } }
  return [{ ...state, open }, [chunk(state, { tool_calls: [{ index: state.toolCalls.length, ...shown }] })]]
}

const tellPiece = (state: ChatState, text: string): Encoded => {
  if (state.open === undefined || isHeld(state.open)) return [state, []]
  const piece = { index: state.toolCalls.length, function: { arguments: text } }
  return [state, [chunk(state, { tool_calls: [piece] })]]
}

const keepHostCall = (
  state: ChatState,
  { id, name }: OpenCall,
  source: string,
  text: string,
  step: number
): ChatState => {
  const index = state.hostCalls.length
  const call: McpCallWire = {
    type: "mcp_call",
    index,
    id,
    server_label: source,
    name,
    arguments: text,
    output: null,
    is_error: false,
    step,
    tool_calls_before: state.toolCalls.length
  }
  return { ...state, open: undefined, hostCalls: [...state.hostCalls, call] }
}

const end = (state: ChatState, text: string, step: number): Encoded => {
  const { open } = state
  if (open === undefined) return [state, []]
  if (open.source !== undefined) return [keepHostCall(state, open, open.source, text, step), []]
  const { id, isCustom, name } = open
  const call: JsonObject = isCustom
    ? { id, type: "custom", custom: { name, input: customInput(text) } }
    : { id, type: "function", function: { name, arguments: text } }
  return [
    { ...state, open: undefined, toolCalls: [...state.toolCalls, call], callerStep: step },
    isCustom ? [chunk(state, { tool_calls: [{ index: state.toolCalls.length, ...call }] })] : []
  ]
}

type Calling = Extract<TurnPart, { type: "call_started" | "call_piece" | "call_ended" }>

/** A call, piece by piece. `step` is the model call that makes it. */
export const tellCall = (state: ChatState, part: Calling, step: number): Encoded => {
  switch (part.type) {
    case "call_started":
      return start(state, part)
    case "call_piece":
      return tellPiece(state, part.text)
    case "call_ended":
      return end(state, part.text, step)
  }
}
