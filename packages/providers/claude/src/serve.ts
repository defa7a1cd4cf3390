// Requests
export { decodeRequest, type ServedRequest } from "./serve/decodeRequest.ts"
export { InvalidMessagesRequest } from "./serve/InvalidMessagesRequest.ts"

// Answers
export { encodeReply, type ServedStep, type ServedTurn } from "./serve/encodeReply.ts"
export {
  encodeStream,
  renderEvent,
  startStream,
  type StreamInput,
  type StreamState,
  type StreamTurn
} from "./serve/encodeStream.ts"
export { encodeError, type EncodedError, errorBody } from "./serve/encodeError.ts"
