/** The events of a turn as frames. */
import type { TurnEvent } from "@signalbox/conversation"
import { isSignalboxError, statusOf, toJson } from "@signalbox/errors"
import { clientMessage } from "@signalbox/model"
import type { ChatFrame, ServerFrame } from "./frames.ts"
import { FrameInvalid } from "./errors.ts"

/** What is said of a request. */
export const frame = (requestId: string | null, said: Omit<ServerFrame, "v" | "request_id">): ServerFrame => ({
  v: 1,
  request_id: requestId,
  ...said
})

const dataOf = (
  error: unknown
):
  | Record<string, never>
  | { readonly validation_errors: ReadonlyArray<{ readonly field: string; readonly message: string }> } =>
  error instanceof FrameInvalid ? { validation_errors: error.validationErrors } : {}

/** Failures of the store name files of this machine. */
const messageOf = (code: string, error: unknown): string =>
  code.startsWith("HISTORY_") ? "The history of this conversation cannot be used right now." : clientMessage(error)

/** A failure, with what a client may know of it. */
export const errorFrame = (requestId: string | null, error: unknown): ServerFrame => {
  const code = toJson(error).error_code
  return frame(requestId, {
    status: "error",
    error: {
      code,
      message: messageOf(code, error),
      retryable: isSignalboxError(error) ? error.retryable : statusOf(error).http >= 500,
      data: dataOf(error)
    }
  })
}

/** Says what happens in the turn of a request. Holds the whole text where the answer is not to come in pieces. */
export const makeTurnFrames = ({ payload, request_id: id }: ChatFrame, conversationId: string) => {
  const streams = payload.streaming ?? true
  const names = new Map<string, string>()
  const text = (data: string): ServerFrame => frame(id, { status: "chunk", chunk: { type: "text", data } })
  const tool = (callId: string, name: string, end?: string): ServerFrame =>
    frame(id, {
      status: "processing",
      chunk: {
        type: "tool_execution",
        metadata: {
          phase: end === undefined ? "start" : "end",
          id: callId,
          name,
          ...(end === undefined ? {} : { outcome: end })
        }
      }
    })

  const begin = frame(id, {
    status: "processing",
    chunk: { metadata: { user_message: payload.text } },
    metadata: { conversation_id: conversationId }
  })

  const of = (event: TurnEvent): ReadonlyArray<ServerFrame> => {
    switch (event.type) {
      case "model": {
        const { event: said } = event
        const isText = said.type === "content_block_delta" && said.delta.type === "text_delta"
        return streams && isText && said.delta.text !== "" ? [text(said.delta.text)] : []
      }
      case "tool_start":
        names.set(event.call.id, event.call.name)
        return [tool(event.call.id, event.call.name)]
      case "tool_end":
        return [tool(event.callId, names.get(event.callId) ?? event.outcome.call.name, event.outcome.status)]
      case "notice":
        return [
          frame(id, {
            status: "processing",
            chunk: { type: "notice", data: event.text, metadata: { code: event.code } }
          })
        ]
      case "turn_end": {
        const { finishReason, text: whole, usage } = event.result
        const complete = frame(id, {
          status: "complete",
          chunk: {},
          metadata: {
            conversation_id: conversationId,
            usage,
            finish_reason: finishReason,
            cached: event.isCached === true,
            ...(payload.metadata === undefined ? {} : { client: payload.metadata })
          }
        })
        return streams || whole === "" ? [complete] : [text(whole), complete]
      }
      default:
        return []
    }
  }
  return { begin, of }
}
