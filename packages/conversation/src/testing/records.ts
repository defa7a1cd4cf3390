/** Records for tests, and how to look at them. */
import type { ChatEvent, NewEvent } from "../events/ChatEvent.ts"

/** What a user said, perhaps as part of a request. */
export const userSays = (text: string, requestId?: string): NewEvent => ({
  type: "user_message",
  role: "user",
  content: [{ type: "text", text }],
  ...(requestId === undefined ? {} : { request_id: requestId })
})

/** A piece of an answer that is still coming. */
export const delta = (requestId: string, index: number, text = `${index}`): NewEvent => ({
  type: "meta",
  role: "system",
  kind: "assistant_delta",
  data: { text },
  request_id: requestId,
  index
})

/** The places of records and what they are, such as `1 user_message`. */
export const shapeOf = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<string> =>
  events.map((event) => `${event.seq} ${event.type === "meta" ? event.kind : event.type}`)
