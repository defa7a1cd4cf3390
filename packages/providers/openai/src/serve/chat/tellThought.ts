/**
 * Thinking as pieces of a message: its text as `reasoning_content`, and the same with its signature as
 * `reasoning_details`. Pieces of a detail are told apart by its index; only the first says what it is.
 */
import type { Thought, TurnPart } from "../turnParts.ts"
import { chunk, type ChatState, type Encoded, paragraph } from "./ChatState.ts"
import { detailHead, wholeDetail } from "./reasoningDetails.ts"

const keepThought = (state: ChatState, thought: Thought, step: number): ChatState => ({
  ...state,
  details: [...state.details, wholeDetail(thought, step, state.details.length)]
})

const tellPiece = (state: ChatState, piece: string, step: number): Encoded => {
  const index = state.details.length
  const text = !state.isThoughtShown && state.reasoning !== "" ? `${paragraph}${piece}` : piece
  const head = state.isThoughtShown ? { type: "reasoning.text", index } : detailHead("thinking", step, index)
  return [
    { ...state, reasoning: state.reasoning + text, isThoughtShown: true },
    [chunk(state, { reasoning_content: text, reasoning_details: [{ ...head, text: piece }] })]
  ]
}

/** Of a thought whose text was sent the signature is left. */
const tellEnd = (state: ChatState, thought: Thought, step: number): Encoded => {
  const index = state.details.length
  const signature = thought.type === "thinking" ? thought.signature : ""
  const kept = keepThought(state, thought, step)
  if (!state.isThoughtShown) {
    const isNothing = thought.type === "thinking" && signature === ""
    return isNothing ? [state, []] : [kept, [chunk(state, { reasoning_details: [wholeDetail(thought, step, index)] })]]
  }
  return [
    kept,
    signature === "" ? [] : [chunk(state, { reasoning_details: [{ type: "reasoning.text", index, signature }] })]
  ]
}

type Thinking = Extract<TurnPart, { type: "thought_started" | "thought_piece" | "thought_ended" }>

/** A thought, piece by piece. `step` is the model call that thinks. */
export const tellThought = (state: ChatState, part: Thinking, step: number): Encoded => {
  switch (part.type) {
    case "thought_started":
      return [{ ...state, isThoughtShown: false }, []]
    case "thought_piece":
      return tellPiece(state, part.text, step)
    case "thought_ended":
      return tellEnd(state, part.thought, step)
  }
}
