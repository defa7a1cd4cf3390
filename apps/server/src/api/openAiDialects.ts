/**
 * OpenAI's two APIs. Tools that the host ran are no calls of the caller's: Chat Completions shows them in a field of its
 * own beside the message, Responses as `mcp_call` items.
 */
import {
  decodeChatRequest,
  decodeResponsesRequest,
  encodeChatReply,
  encodeChatStream,
  encodeOpenAiError,
  encodeResponsesReply,
  encodeResponsesStream,
  renderChatEvent,
  renderResponsesEvent,
  type ServedChatRequest,
  type ServedResponsesRequest,
  startChatStream,
  startResponsesStream
} from "@signalbox/provider-openai/serve"
import { Stream } from "effect"
import type { Dialect } from "./Dialect.ts"

export const chatDialect: Dialect<ServedChatRequest> = {
  decode: decodeChatRequest,
  idOf: (digits) => `chatcmpl-${digits}`,
  reply: (reply, { created, request: { answer } }) => encodeChatReply({ ...reply, ...answer, created }),
  stream:
    (served, { created, request: { answer } }) =>
    (events) =>
      events.pipe(
        Stream.mapAccum(() => startChatStream({ ...served, ...answer, created }), encodeChatStream),
        Stream.map(renderChatEvent)
      ),
  failure: encodeOpenAiError
}

export const responsesDialect: Dialect<ServedResponsesRequest> = {
  decode: decodeResponsesRequest,
  idOf: (digits) => `resp_${digits}`,
  showsApprovals: true,
  reply: (reply, { created, request: { answer } }) => encodeResponsesReply({ ...reply, ...answer, created }),
  stream:
    (served, { created, request: { answer } }) =>
    (events) =>
      events.pipe(
        Stream.mapAccum(() => startResponsesStream({ ...served, ...answer, created }), encodeResponsesStream),
        Stream.map(renderResponsesEvent)
      ),
  failure: encodeOpenAiError
}
