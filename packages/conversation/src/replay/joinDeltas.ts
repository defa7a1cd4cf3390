/**
 * Pieces of one block of an answer as one: a secret that a model says in many pieces stands in none of them.
 */
import type { BlockDelta } from "@signalbox/model"
import type { TurnEvent } from "../TurnEvent.ts"

/** An event, and of how many it was made. */
export interface JoinedEvent {
  readonly event: TurnEvent
  readonly pieces: number
}

const joined = (a: BlockDelta, b: BlockDelta): BlockDelta | undefined => {
  if (a.type === "text_delta" && b.type === "text_delta") return { ...a, text: a.text + b.text }
  if (a.type === "thinking_delta" && b.type === "thinking_delta") return { ...a, thinking: a.thinking + b.thinking }
  if (a.type === "input_json_delta" && b.type === "input_json_delta")
    return { ...a, partial_json: a.partial_json + b.partial_json }
  return undefined
}

const withNext = (held: TurnEvent, next: TurnEvent): TurnEvent | undefined => {
  if (held.type !== "model" || next.type !== "model" || held.step !== next.step) return undefined
  const [a, b] = [held.event, next.event]
  if (a.type !== "content_block_delta" || b.type !== "content_block_delta" || a.index !== b.index) return undefined
  const delta = joined(a.delta, b.delta)
  return delta === undefined ? undefined : { ...held, event: { ...a, delta } }
}

/** Takes events, and gives those that nothing more can be joined to. */
export const makeJoiner = () => {
  let held: JoinedEvent | undefined
  const end = (): ReadonlyArray<JoinedEvent> => {
    const last = held
    held = undefined
    return last === undefined ? [] : [last]
  }
  return {
    next: (event: TurnEvent): ReadonlyArray<JoinedEvent> => {
      const longer = held === undefined ? undefined : withNext(held.event, event)
      if (held !== undefined && longer !== undefined) {
        held = { event: longer, pieces: held.pieces + 1 }
        return []
      }
      const given = end()
      held = { event, pieces: 1 }
      const mayGoOn = event.type === "model" && event.event.type === "content_block_delta"
      return mayGoOn ? given : [...given, ...end()]
    },
    end
  }
}
