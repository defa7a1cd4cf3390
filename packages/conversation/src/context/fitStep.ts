/**
 * The request of one step, made to fit, and what a person is told of it: once for each time that more is left out, and
 * whenever it cannot be made to fit.
 */
import type { ModelRequest } from "@signalbox/model"
import { Effect } from "effect"
import type { TurnEvent } from "../TurnEvent.ts"
import type { ContextWindow } from "./ContextWindow.ts"

type Notice = Extract<TurnEvent, { type: "notice" }>

const trimmed = (leftOut: number): Notice => ({
  type: "notice",
  code: "CONTEXT_TRIMMED",
  text: `The model is not shown the ${leftOut === 1 ? "oldest message" : `${leftOut} oldest messages`} any more: there is no room for all in its context window.`
})

const overflowing: Notice = {
  type: "notice",
  code: "CONTEXT_OVERFLOW",
  text: "Instructions, tools and the question fill the context window of the model. It may refuse them, or answer in few words."
}

/** The request that is sent. `given` is how many messages there were before the turn began to answer. */
export const fitStep = (
  window: ContextWindow | undefined,
  request: ModelRequest,
  given: number,
  step: number
): Effect.Effect<{ readonly request: ModelRequest; readonly notices: ReadonlyArray<Notice> }> => {
  if (window === undefined) return Effect.succeed({ request, notices: [] })
  return Effect.map(window.fit(request), ({ fits, leftOut, movedAt, request: fitted }) => {
    // What was said since the last request: the question, or the answer of the last step with its results.
    const news = step === 1 ? given - 1 : request.messages.length - 2
    const hasMoved = movedAt !== undefined && movedAt >= news && leftOut > 0
    return { request: fitted, notices: [...(hasMoved ? [trimmed(leftOut)] : []), ...(fits ? [] : [overflowing])] }
  })
}
