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

// What upstreams say about how much more they will take
export { type RateLimit, RateLimitObserver, type RateLimits, readRateLimits } from "./rateLimits.ts"
