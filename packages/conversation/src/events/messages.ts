/**
 * Records as the messages of a history, and back. Whatever the records are, the history is one that every provider takes:
 * each call has one result, in the user message right after, and each result its call.
 */
import { type ContentBlock, lostResult, type Message, textMessage, type ToolResultBlock } from "@signalbox/model"
import { assistantMessages, callsIn } from "../history.ts"
import type { ChatEvent, NewEvent } from "./ChatEvent.ts"
import { visibleToModel } from "./windows.ts"

const resultOf = (event: Extract<ChatEvent, { type: "tool_result" }>): ToolResultBlock => ({
  type: "tool_result",
  tool_use_id: event.tool_call_id,
  ...(event.content === undefined ? {} : { content: event.content }),
  ...(event.is_error === true ? { is_error: true } : {})
})

const isResult = (block: ContentBlock): block is ToolResultBlock => block.type === "tool_result"

/** A history as it is being read. */
class Reader {
  readonly messages: Array<Message> = []

  user(content: ReadonlyArray<ContentBlock>): void {
    const last = this.messages.at(-1)
    // Results and what is said after them are one message, as providers want it.
    if (last?.role === "user" && last.content.every(isResult)) {
      this.messages[this.messages.length - 1] = { role: "user", content: [...last.content, ...content] }
    } else if (content.length > 0) this.messages.push({ role: "user", content })
  }

  take(event: ChatEvent): void {
    if (event.type === "user_message") this.user(event.content)
    else if (event.type === "tool_result") this.user([resultOf(event)])
    else if (event.type === "assistant_message") this.messages.push(...assistantMessages(event.content))
    else if (event.type === "system_update") this.messages.push({ role: "system", content: event.content })
  }
}

/** The history that records tell of, oldest first. Calls at its end may be open: they wait for results. */
export const messagesOf = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<Message> => {
  const reader = new Reader()
  for (const event of events) if (visibleToModel(event)) reader.take(event)
  return validHistory(reader.messages)
}

/**
 * Puts right what would be refused: a call that has no result where the conversation went on gets one that says so, a result
 * that is not right after its call is left out, and so is the second of two.
 */
const validHistory = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const valid: Array<Message> = []
  for (const message of messages) {
    const previous = valid.at(-1)
    const calls = previous?.role === "assistant" ? callsIn(previous.content) : []
    if (message.role !== "user") {
      if (calls.length > 0) valid.push({ role: "user", content: calls.map(({ id }) => lostResult(id)) })
      valid.push(message)
      continue
    }
    const isLast = message === messages.at(-1)
    const results = new Map(message.content.filter(isResult).map((block) => [block.tool_use_id, block]))
    const answers = calls.flatMap(({ id }) => {
      const found = results.get(id)
      // At the end it may still come.
      return found !== undefined ? [found] : isLast && message.content.every(isResult) ? [] : [lostResult(id)]
    })
    const content = [...answers, ...message.content.filter((block) => !isResult(block))]
    if (content.length > 0) valid.push({ ...message, content })
  }
  return valid
}

/** A history that begins with a user, as every provider wants it, where its first record is missing. */
export const withBeginning = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> =>
  messages.find(({ role }) => role !== "system")?.role === "assistant"
    ? [textMessage("user", "[The beginning of this conversation is missing.]"), ...messages]
    : messages

/** Where the records of a turn go on counting: each type counts for itself. */
export interface EventCounts {
  readonly assistant: number
  readonly calls: number
  readonly results: number
}

/** Messages of one request as records, with the counts after them. */
export const eventsOfMessages = (
  messages: ReadonlyArray<Message>,
  requestId: string,
  counts: EventCounts
): { readonly events: ReadonlyArray<NewEvent>; readonly counts: EventCounts } => {
  let { assistant, calls, results } = counts
  const events = messages.flatMap(({ content, role }): ReadonlyArray<NewEvent> => {
    if (role === "assistant")
      return [
        { type: "assistant_message", role, content, request_id: requestId, index: assistant++ },
        ...callsIn(content).map(({ id, input, name }): NewEvent => ({
          type: "tool_call",
          role,
          tool_call_id: id,
          name,
          arguments: input,
          request_id: requestId,
          index: calls++
        }))
      ]
    return content.filter(isResult).map((block): NewEvent => ({
      type: "tool_result",
      role: "tool",
      tool_call_id: block.tool_use_id,
      ...(block.content === undefined ? {} : { content: block.content }),
      ...(block.is_error === true ? { is_error: true } : {}),
      request_id: requestId,
      index: results++
    }))
  })
  return { events, counts: { assistant, calls, results } }
}
