/**
 * What a refusal means. Compatible servers agree on little but the HTTP status; codes and types decide where
 * there is no status (an error inside a stream) and where one status means two things (429 without credit).
 */
import {
  ContentFiltered,
  type ModelError,
  ModelNotFound,
  ModelRequestRejected,
  ProviderAuthFailed,
  ProviderInvalidResponse,
  ProviderOverloaded,
  ProviderQuotaExceeded,
  ProviderRateLimited,
  ProviderTimeout
} from "@signalbox/model"
import { Duration, Option, Schema } from "effect"
import { type Answer, excerpt } from "@signalbox/model/http"
import { ErrorWire } from "./wire.ts"

/** Whom was asked for what. */
export interface Asked {
  readonly provider: string
  readonly model: string
}

/** What an error says of itself, whatever its form. */
interface Said {
  readonly reason: string
  /** Codes, types and OpenRouter's `error_type`, in lower case. */
  readonly words: ReadonlyArray<string>
  readonly httpStatus: number | undefined
}

const decodeError = Schema.decodeUnknownOption(ErrorWire)

const read = (body: unknown): Said | undefined => {
  const wire = Option.getOrUndefined(decodeError(body))
  if (wire === undefined) return undefined
  if (typeof wire.error === "string") return { reason: wire.error, words: [], httpStatus: undefined }
  const { code, message, metadata, type } = wire.error
  const words = [code, type, metadata?.["error_type"]].filter((word) => typeof word === "string")
  const status = Number(code)
  return {
    reason: message ?? words.join(", "),
    words: words.map((word) => word.toLowerCase()),
    httpStatus: status >= 400 && status < 600 ? status : undefined
  }
}

/** Statuses for words, tried in order: OpenAI's codes and types, and OpenRouter's `error_type`. */
const statusOfWords: ReadonlyArray<readonly [RegExp, number]> = [
  [/insufficient_quota|payment_required|billing/, 402],
  [/invalid_api_key|authentication|unauthorized/, 401],
  [/permission/, 403],
  [/model_not_found|^not_found/, 404],
  [/payload_too_large|context_length/, 413],
  [/rate_limit/, 429],
  [/timeout/, 504],
  [/overload|unavailable/, 503],
  [/invalid_request|content_policy|content_filter|moderation|refusal/, 400]
]

const statusOf = (said: Said): number =>
  said.httpStatus ?? statusOfWords.find(([pattern]) => said.words.some((word) => pattern.test(word)))?.[1] ?? 500

/** The sentence by which coding agents know that they must shorten the conversation, from OpenAI's own. */
const tooLong = (reason: string): string => {
  const [limit, asked] = [/maximum context length is (\d+)/, /(?:resulted in|requested(?: about)?) (\d+) tokens/].map(
    (pattern) => pattern.exec(reason)?.[1]
  )
  if (limit === undefined) return `prompt is too long: ${reason}`
  return asked === undefined
    ? `prompt is too long: more than ${limit} maximum`
    : `prompt is too long: ${asked} tokens > ${limit} maximum`
}

/** A refusal with all that is known of it. */
interface Refusal {
  readonly asked: Asked
  readonly httpStatus: number
  readonly said: Said
  readonly retryAfter: Duration.Duration | undefined
}

type ErrorOf = (refusal: Refusal) => ModelError

const about = ({ asked, said }: Refusal) => ({ provider: asked.provider, reason: excerpt(said.reason) })

const wait = ({ retryAfter }: Refusal) => (retryAfter === undefined ? {} : { retryAfter })

const authFailed: ErrorOf = (refusal) => new ProviderAuthFailed({ ...about(refusal), httpStatus: refusal.httpStatus })

const quotaExceeded: ErrorOf = (refusal) => new ProviderQuotaExceeded(about(refusal))

const rejected: ErrorOf = (refusal) => new ModelRequestRejected({ ...about(refusal), httpStatus: refusal.httpStatus })

const timedOut: ErrorOf = (refusal) =>
  new ProviderTimeout({ ...about(refusal), ...wait(refusal), limit: Duration.zero })

/** Words that say more than the status, tried in order. */
const errorOfWords: ReadonlyArray<readonly [RegExp, ErrorOf]> = [
  [/insufficient_quota|payment_required/, quotaExceeded],
  [/content_filter|content_policy|moderation/, (refusal) => new ContentFiltered(about(refusal))],
  [
    /context_length/,
    ({ asked, httpStatus, said }) =>
      new ModelRequestRejected({ provider: asked.provider, httpStatus, reason: tooLong(said.reason) })
  ]
]

const errorOfStatus: ReadonlyMap<number, ErrorOf> = new Map<number, ErrorOf>([
  [401, authFailed],
  [403, authFailed],
  [404, (refusal) => new ModelNotFound({ ...about(refusal), model: refusal.asked.model })],
  [408, timedOut],
  [429, (refusal) => new ProviderRateLimited({ ...about(refusal), ...wait(refusal) })],
  // Not every 5xx passes: what the server does not support it will not support in a minute.
  [501, rejected],
  [504, timedOut]
])

const errorOf: ErrorOf = (refusal) => {
  const { httpStatus, said } = refusal
  // The status for payment counts before any words.
  if (httpStatus === 402) return quotaExceeded(refusal)
  const ofWords = errorOfWords.find(([pattern]) => said.words.some((word) => pattern.test(word)))?.[1]
  const known = ofWords ?? errorOfStatus.get(httpStatus)
  if (known !== undefined) return known(refusal)
  if (httpStatus >= 500) return new ProviderOverloaded({ ...about(refusal), httpStatus, ...wait(refusal) })
  return rejected(refusal)
}

/** The error that a chunk, or a body with status 200, stands for; `undefined` when it is none. */
export const errorInBody = (asked: Asked, body: unknown): ModelError | undefined => {
  const said = read(body)
  return said === undefined ? undefined : errorOf({ asked, httpStatus: statusOf(said), said, retryAfter: undefined })
}

/** The error of an answer that is not what was asked for. */
export const answerError =
  (asked: Asked) =>
  (answer: Answer): ModelError => {
    const { httpStatus, retryAfter } = answer
    const said = read(answer.body)
    if (said !== undefined) {
      return errorOf({ asked, httpStatus: httpStatus < 400 ? statusOf(said) : httpStatus, said, retryAfter })
    }
    // Without an error body it is not this API that answered.
    if (httpStatus < 400 || httpStatus === 404) {
      return new ProviderInvalidResponse({
        provider: asked.provider,
        reason: `HTTP ${httpStatus}: ${excerpt(answer.text)}`,
        hint: "Check the base URL."
      })
    }
    return errorOf({ asked, httpStatus, said: { reason: answer.text, words: [], httpStatus }, retryAfter })
  }
