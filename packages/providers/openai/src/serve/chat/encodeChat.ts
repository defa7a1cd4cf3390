/**
 * A turn as Chat Completions shows it: one message, however many times the model was called. The stream is a
 * state machine that also keeps the message it has told, so that whole answers are its last state. Tools that
 * the host ran are not in `tool_calls`, which clients would run: they come in `mcp_calls`, all at once before
 * the end, because the official accumulators either replace a field that they do not know or join it by index. So do
 * the annotations of the text.
 */
import type { ServedEvent, ToolResultBlock } from "@signalbox/model"
import { openAiErrorBody } from "../encodeError.ts"
import { annotationsOf, chatAnnotations } from "../annotations.ts"
import { resultWords } from "../resultWords.ts"
import { servedEvents, type TurnEnd, type TurnPart, turnParts } from "../turnParts.ts"
import { chatUsage } from "../usage.ts"
import { type ChatReply, type ChatState, chunk, type Encoded, paragraph, startChatStream } from "./ChatState.ts"
import { tellCall } from "./tellCall.ts"
import { tellThought } from "./tellThought.ts"
import type { ChatCompletionWire, ChatEvent, FinishReason, McpCallWire } from "./wire.ts"

/** The next state, and the events to send. After the end, and after a failure, there are none. */
export const encodeChatStream = (state: ChatState, event: ServedEvent): Encoded => {
  const [turn, parts] = turnParts(state.turn, event)
  let current: ChatState = { ...state, turn }
  const events: Array<ChatEvent> = []
  for (const part of parts) {
    const [next, more] = encodePart(current, part, state.turn.step)
    current = next
    events.push(...more)
  }
  return [current, events]
}

/** One event as it goes over the wire. Pings are comments: clients parse every line of data. */
export const renderChatEvent = (event: ChatEvent): string => {
  switch (event.type) {
    case "ping":
      return ": ping\n\n"
    case "done":
      return "data: [DONE]\n\n"
    case "error":
      return `data: ${JSON.stringify(event.body)}\n\n`
    case "chunk":
      return `data: ${JSON.stringify(event.chunk)}\n\n`
  }
}

const encodePart = (state: ChatState, part: TurnPart, step: number): Encoded => {
  switch (part.type) {
    case "opened":
      return [state, [chunk(state, { role: "assistant", content: "", refusal: null })]]
    case "text": {
      const text = state.isBetweenSteps && state.content !== "" ? `${paragraph}${part.text}` : part.text
      return [{ ...state, content: state.content + text, isBetweenSteps: false }, [chunk(state, { content: text })]]
    }
    case "cited": {
      const end = state.content.length
      const annotations = annotationsOf(part.citations, { start: end - part.length, end }).flatMap(chatAnnotations)
      return [{ ...state, annotations: [...state.annotations, ...annotations] }, []]
    }
    case "thought_started":
    case "thought_piece":
    case "thought_ended":
      return tellThought(state, part, step)
    case "call_started":
    case "call_piece":
    case "call_ended":
      return tellCall(state, part, step)
    case "step_ended":
      return [endStep(state, step), []]
    case "result":
      return [{ ...state, hostCalls: state.hostCalls.map((call) => withResult(call, part.result)) }, []]
    case "ping":
      return [state, [part]]
    case "ended":
      return end(state, part.end)
    case "failed":
      return [state, [{ type: "error", body: openAiErrorBody(part.error) }, { type: "done" }]]
    case "foreign":
      return [state, []]
  }
}

const withResult = (call: McpCallWire, result: ToolResultBlock): McpCallWire =>
  call.id === result.tool_use_id && call.output === null
    ? { ...call, output: resultWords(result), is_error: result.is_error ?? false }
    : call

/** What was said until here was said before the results of this step. */
const endStep = (state: ChatState, step: number): ChatState => ({
  ...state,
  isBetweenSteps: true,
  hostCalls: state.hostCalls.map((call) =>
    call.step === step ? { ...call, content_offset: state.content.length } : call
  )
})

const finishReason = ({ hasCallerCall, refusal, stopReason }: TurnEnd): FinishReason => {
  if (stopReason === "max_tokens" || stopReason === "model_context_window_exceeded") return "length"
  if (stopReason === "refusal" || refusal !== undefined) return "content_filter"
  return hasCallerCall ? "tool_calls" : "stop"
}

const end = (before: ChatState, how: TurnEnd): Encoded => {
  const last = endStep(before, before.turn.step)
  const hostCalls = last.hostCalls.map(({ tool_calls_before, ...call }) =>
    call.step === last.callerStep ? { ...call, tool_calls_before: tool_calls_before ?? 0 } : call
  )
  const state = { ...last, hostCalls, refusal: how.refusal, finish: finishReason(how), tokens: how.tokens }
  const usage: ReadonlyArray<ChatEvent> = state.stream.includeUsage ? [usageChunk(state)] : []
  return [
    state,
    [
      ...(how.refusal === undefined ? [] : [chunk(state, { refusal: how.refusal })]),
      ...(state.annotations.length === 0 ? [] : [chunk(state, { annotations: state.annotations })]),
      ...(hostCalls.length === 0 ? [] : [chunk(state, { mcp_calls: hostCalls })]),
      chunk(state, {}, state.finish),
      ...usage,
      { type: "done" }
    ]
  ]
}

const usageChunk = ({ stream, tokens }: ChatState): ChatEvent => ({
  type: "chunk",
  chunk: {
    id: stream.id,
    object: "chat.completion.chunk",
    created: stream.created,
    model: stream.model,
    choices: [],
    usage: chatUsage(tokens)
  }
})

/** The JSON body of a turn that was not streamed: what the stream would have told. */
export const encodeChatReply = (reply: ChatReply): ChatCompletionWire => {
  const { callForms, created, id, model } = reply
  const start = startChatStream({
    id,
    model,
    created,
    callForms,
    includeUsage: true,
    runBy: () => ({ _tag: "Caller" })
  })
  const state = servedEvents(reply).reduce((current, event) => encodeChatStream(current, event)[0], start)
  const { annotations, content, details, hostCalls, reasoning, toolCalls } = state
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: content === "" && toolCalls.length > 0 ? null : content,
          refusal: state.refusal ?? null,
          ...(annotations.length === 0 ? {} : { annotations }),
          ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
          ...(details.length === 0 ? {} : { reasoning_details: details }),
          ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
          ...(hostCalls.length === 0 ? {} : { mcp_calls: hostCalls })
        },
        logprobs: null,
        finish_reason: state.finish ?? "stop"
      }
    ],
    usage: chatUsage(state.tokens)
  }
}
