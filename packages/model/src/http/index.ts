// For providers that are reached over HTTP: one request, answered by JSON or by server-sent events
export {
  type Answer,
  answerBytes,
  excerpt,
  type Exchange,
  fetchEvents,
  fetchJson,
  readJson,
  sendRequest,
  type StreamDecoder
} from "./exchange.ts"

// Answers that are only handed on
export {
  type BodyListener,
  type ByteSink,
  drainAnswer,
  type FindNativeBody,
  NativeBodies,
  type NativeBody
} from "./drainAnswer.ts"

// What upstreams say about how much more they will take
export { type RateLimit, RateLimitObserver, type RateLimits, readRateLimits } from "./rateLimits.ts"
