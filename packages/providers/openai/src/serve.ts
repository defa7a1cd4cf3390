// Chat Completions
export { decodeChatRequest, type ServedChatRequest } from "./serve/chat/decodeChat.ts"
export { type ChatReply, type ChatState, type ChatStream, startChatStream } from "./serve/chat/ChatState.ts"
export { encodeChatReply, encodeChatStream, renderChatEvent } from "./serve/chat/encodeChat.ts"
export type { ChatEvent } from "./serve/chat/wire.ts"

// Responses
export { decodeResponsesRequest, type ServedResponsesRequest } from "./serve/responses/decodeResponses.ts"
export { encodeResponsesReply, encodeResponsesStream, renderResponsesEvent } from "./serve/responses/encodeResponses.ts"
export {
  type ResponsesReply,
  type ResponsesState,
  type ResponsesStream,
  startResponsesStream
} from "./serve/responses/ResponsesState.ts"
export type { ResponsesEvent } from "./serve/responses/wire.ts"

// Errors of both
export { type EncodedOpenAiError, encodeOpenAiError, openAiErrorBody } from "./serve/encodeError.ts"
export { InvalidChatRequest, InvalidResponsesRequest, serveErrors } from "./serve/InvalidRequest.ts"
