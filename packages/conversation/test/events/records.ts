/** Records for tests of stores, and what they look like there. */
import type { ChatEvent, NewEvent } from "@signalbox/conversation"

export const userSays = (text: string, requestId?: string): NewEvent => ({
  type: "user_message",
  role: "user",
  content: [{ type: "text", text }],
  ...(requestId === undefined ? {} : { request_id: requestId })
})

export const delta = (requestId: string, index: number, text = `${index}`): NewEvent => ({
  type: "meta",
  role: "system",
  kind: "assistant_delta",
  data: { text },
  request_id: requestId,
  index
})

export const shapeOf = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<string> =>
  events.map((event) => `${event.seq} ${event.type === "meta" ? event.kind : event.type}`)
