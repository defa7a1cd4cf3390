// For providers that are reached over HTTP: one request, answered by JSON or by server-sent events
export {
  type Answer,
  answerBytes,
  excerpt,
  type Exchange,
  fetchEvents,
  fetchJson,
  noAnswer,
  readJson,
  sendRequest,
  type StreamDecoder
} from "./exchange.ts"

// Answers that are only handed on
export {
  type AnswerListener,
  type ByteRequest,
  type DirectExchange,
  DirectHttp,
  type SendDirectly
} from "./directHttp.ts"
export { type ByteSink, drainTo, relayAnswer, type RelayedExchange } from "./relayAnswer.ts"

// What upstreams say about how much more they will take
export { type RateLimit, RateLimitObserver, type RateLimits, readRateLimits } from "./rateLimits.ts"
