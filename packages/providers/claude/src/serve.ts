// Requests
export { decodeRequest } from "./serve/decodeRequest.ts"
export { InvalidMessagesRequest } from "./serve/InvalidMessagesRequest.ts"

// Answers
export { encodeReply } from "./serve/encodeReply.ts"
export { encodeStream, renderEvent, startStream, type StreamState } from "./serve/encodeStream.ts"
export { encodeError, type EncodedError, errorBody } from "./serve/encodeError.ts"
