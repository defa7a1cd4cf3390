/** An answer that was given before, as the events of a turn: its text once more, and its end. */
import { eventsOf, type Message, type ModelReply } from "@signalbox/model"
import { Stream } from "effect"
import { pendingCallsOf } from "../history.ts"
import type { TurnEvent } from "../TurnEvent.ts"
import type { FinishedTurn } from "./turnNotes.ts"

/** The events. No model is asked and no tool is run. */
export const answerAgain = (
  { finishReason, messages, requestId, text, usage }: FinishedTurn & { readonly messages: ReadonlyArray<Message> },
  provider: string
): Stream.Stream<TurnEvent> => {
  const reply: ModelReply = {
    id: requestId,
    model: "",
    content: text === "" ? [] : [{ type: "text", text }],
    stop_reason: finishReason,
    stop_sequence: null,
    usage
  }
  const result = { finishReason, usage, steps: [], messages, pendingCalls: pendingCallsOf(messages), text }
  return Stream.fromIterable<TurnEvent>([
    { type: "step_start", step: 1, provider, model: "" },
    ...eventsOf(reply).map((event) => ({ type: "model" as const, step: 1, event })),
    { type: "turn_end", result, isCached: true }
  ])
}
