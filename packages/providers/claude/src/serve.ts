// Requests
export { decodeCountTokensRequest, decodeRequest, type MessagesRequest } from "./serve/decodeRequest.ts"
export { checkFlow, type FlowPolicy } from "./serve/checkFlow.ts"
export { checkJsonText, type JsonTextLimits } from "./serve/checkJsonText.ts"
export { InvalidMessagesRequest } from "./serve/InvalidMessagesRequest.ts"

// MCP servers that a request wants
export { type McpToolWish, mcpToolWish, type RequestedMcpServer, withoutMcpServers } from "./serve/mcpServers.ts"

// Answers
export { encodeReply } from "./serve/encodeReply.ts"
export { encodeStream, renderEvent, startStream, type StreamState } from "./serve/encodeStream.ts"
export { encodeError, type EncodedError, errorBody } from "./serve/encodeError.ts"

// Models
export {
  decodeModelsQuery,
  encodeModel,
  encodeModelsPage,
  type ModelsQuery,
  type OfferedModel
} from "./serve/models.ts"
