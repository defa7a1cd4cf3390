/**
 * What an answer of fx-llm means, read back from each of its four wires: two dialects, whole or streamed.
 */
import { assert } from "@effect/vitest"

interface SseEvent {
  readonly event: string | undefined
  readonly data: string
}

/** The events of a stream. */
export const eventsOf = (text: string): ReadonlyArray<SseEvent> =>
  text
    .split("\n\n")
    .filter((block) => block.includes("data: "))
    .map((block) => ({
      event: /^event: (.*)$/m.exec(block)?.[1],
      data: /^data: (.*)$/m.exec(block)?.[1] ?? ""
    }))

/** What a reply means, whatever wire it came over. */
export interface Meaning {
  readonly text: string
  readonly thinking: string
  readonly calls: ReadonlyArray<{ readonly name: string; readonly input: unknown }>
  readonly stop: string
  readonly inputTokens: number
  readonly outputTokens: number
}

// oxlint-disable-next-line typescript/no-explicit-any -- foreign JSON, read field by field below
export const json = (text: string): any => JSON.parse(text)

export const meaningOfMessages = (text: string): Meaning => {
  const message = json(text)
  const blocks: ReadonlyArray<Record<string, string>> = message.content
  const join = (type: string) =>
    blocks
      .filter((block) => block["type"] === type)
      .map((block) => block[type])
      .join("")
  return {
    text: join("text"),
    thinking: join("thinking"),
    calls: blocks
      .filter((block) => block["type"] === "tool_use")
      .map((block) => ({ name: String(block["name"]), input: block["input"] })),
    stop: message.stop_reason,
    inputTokens:
      message.usage.input_tokens + message.usage.cache_read_input_tokens + message.usage.cache_creation_input_tokens,
    outputTokens: message.usage.output_tokens
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- foreign JSON
type Foreign = any

const addDelta = (block: Foreign, delta: Foreign): void => {
  if (delta.type === "text_delta") block.text += delta.text
  if (delta.type === "thinking_delta") block.thinking += delta.thinking
  if (delta.type === "input_json_delta") block.partial += delta.partial_json
}

/** What each event does to the message. */
const messageEvents: Readonly<Record<string, (message: Foreign, event: Foreign) => void>> = {
  message_start: (message, event) => {
    message.usage = event.message.usage
  },
  content_block_start: (message, event) => {
    message.content[event.index] = { ...event.content_block, partial: "" }
  },
  content_block_delta: (message, event) => addDelta(message.content[event.index], event.delta),
  content_block_stop: (message, event) => {
    const block = message.content[event.index]
    if (block.type === "tool_use") block.input = json(block.partial || "{}")
  },
  message_delta: (message, event) =>
    Object.assign(message, event.delta, { usage: { ...message.usage, ...event.usage } })
}

export const meaningOfMessagesStream = (text: string): Meaning => {
  const message: Foreign = { content: [] }
  for (const { event, data } of eventsOf(text)) {
    const value = json(data)
    assert.strictEqual(event, value.type)
    messageEvents[value.type]?.(message, value)
  }
  assert.strictEqual(eventsOf(text).at(-1)?.event, "message_stop")
  return meaningOfMessages(JSON.stringify(message))
}

const stopWords: Readonly<Record<string, string>> = { tool_calls: "tool_use", stop: "end_turn", length: "max_tokens" }

export const meaningOfChat = (text: string): Meaning => {
  const { choices, usage } = json(text)
  const { message, finish_reason } = choices[0]
  const calls: ReadonlyArray<{ readonly function: { readonly name: string; readonly arguments: string } }> =
    message.tool_calls ?? []
  return {
    text: message.content ?? "",
    thinking: message.reasoning_content ?? "",
    calls: calls.map((call) => ({ name: call.function.name, input: json(call.function.arguments) })),
    stop: stopWords[finish_reason] ?? finish_reason,
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens
  }
}

const addChatDelta = (message: Foreign, delta: Foreign): void => {
  message.content += delta.content ?? ""
  message.reasoning_content += delta.reasoning_content ?? ""
  for (const call of delta.tool_calls ?? []) {
    message.tool_calls[call.index] ??= { function: { name: "", arguments: "" } }
    message.tool_calls[call.index].function.name += call.function.name ?? ""
    message.tool_calls[call.index].function.arguments += call.function.arguments ?? ""
  }
}

export const meaningOfChatStream = (text: string): Meaning => {
  const message: Foreign = { content: "", reasoning_content: "", tool_calls: [] }
  let finish = ""
  let usage: unknown
  const events = eventsOf(text)
  assert.strictEqual(events.at(-1)?.data, "[DONE]")
  for (const { data } of events.slice(0, -1)) {
    const chunk = json(data)
    usage = chunk.usage ?? usage
    const choice = chunk.choices[0]
    if (choice === undefined) continue
    finish = choice.finish_reason ?? finish
    addChatDelta(message, choice.delta)
  }
  return meaningOfChat(JSON.stringify({ choices: [{ message, finish_reason: finish }], usage }))
}

export const meaningOfResponses = (text: string): Meaning => {
  const { output, status, incomplete_details, usage } = json(text)
  const items: ReadonlyArray<Foreign> = output
  const textsIn = (type: string, field: string) =>
    items
      .filter((item) => item.type === type)
      .flatMap((item) => item[field])
      .map((part: Foreign) => part.text)
      .join("")
  const calls = items.filter((item) => item.type === "function_call")
  return {
    text: textsIn("message", "content"),
    thinking: textsIn("reasoning", "summary"),
    calls: calls.map((call) => ({ name: call.name, input: json(call.arguments) })),
    stop: status === "incomplete" ? incomplete_details.reason : calls.length > 0 ? "tool_use" : "end_turn",
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens
  }
}

/** The pieces of each item make the item that its end brings, and the items the response. */
export const meaningOfResponsesStream = (text: string): Meaning => {
  const events = eventsOf(text).map(({ data, event }) => ({ event, value: json(data) }))
  const pieces: Array<string> = []
  const items: Array<Foreign> = []
  for (const [number, { event, value }] of events.entries()) {
    assert.strictEqual(event, value.type)
    assert.strictEqual(value.sequence_number, number)
    if (value.type.endsWith(".delta")) pieces[value.output_index] = (pieces[value.output_index] ?? "") + value.delta
    if (value.type === "response.output_item.done") items[value.output_index] = value.item
  }
  for (const [index, item] of items.entries()) {
    assert.strictEqual(pieces[index], item.arguments ?? (item.content ?? item.summary)[0].text)
  }
  const { response } = events.at(-1)?.value ?? {}
  assert.deepStrictEqual(response.output, items)
  return meaningOfResponses(JSON.stringify(response))
}
