/** Another vendor is an encoder, a decoder and `makeLanguageModel`. This one sends the events of the vocabulary as they are. */
import * as M from "@signalbox/model"
import { type Answer, type Exchange, fetchEvents, readJson, type StreamDecoder } from "@signalbox/model/http"
import { Duration, Effect, Predicate, Result, Schema } from "effect"
import { HttpClient } from "effect/http"

export const provider = "telegraph"
export const key = "telegraph-canary-0123456789"

interface Said {
  readonly provider: string
  readonly reason: string
  readonly httpStatus: number
  readonly retryAfter?: Duration.Duration
}

const errorOfStatus: Readonly<Record<number, (said: Said) => M.ModelError>> = {
  401: (said) => new M.ProviderAuthFailed(said),
  402: (said) => new M.ProviderQuotaExceeded(said),
  403: (said) => new M.ProviderAuthFailed(said),
  404: (said) => new M.ModelNotFound({ ...said, model: "" }),
  429: (said) => new M.ProviderRateLimited(said),
  504: (said) => new M.ProviderTimeout({ ...said, limit: Duration.zero })
}

const refused = ({ body, httpStatus, retryAfter, text }: Answer): M.ModelError => {
  const said = { provider, reason: text, httpStatus, ...(retryAfter === undefined ? {} : { retryAfter }) }
  if (httpStatus < 400 || (httpStatus === 404 && body === undefined)) return new M.ProviderInvalidResponse(said)
  const known = errorOfStatus[httpStatus]
  if (known !== undefined) return known(said)
  return httpStatus >= 500 ? new M.ProviderOverloaded(said) : new M.ModelRequestRejected(said)
}

const decodeEvent = Schema.decodeUnknownResult(M.ModelEvent)

const read = (isOver: boolean, body: unknown): ReturnType<StreamDecoder<boolean>["step"]> => {
  if (Predicate.hasProperty(body, "error")) {
    const text = JSON.stringify(body.error)
    return Result.fail(refused({ httpStatus: /rate/.test(text) ? 429 : 529, body, text, retryAfter: undefined }))
  }
  if (Predicate.hasProperty(body, "type") && body.type === "ping") return Result.succeed([isOver, []])
  return Result.mapBoth(decodeEvent(body), {
    onSuccess: (event) => [event.type === "message_stop", [event]] as const,
    onFailure: (error) => new M.ProviderInvalidResponse({ provider, reason: error.message })
  })
}

/** Its state is whether the message has ended. */
const decoder: StreamDecoder<boolean> = {
  initial: false,
  isComplete: (isOver) => isOver,
  step: (isOver, data) => {
    if (data !== undefined) return read(isOver, readJson(data))
    return isOver ? Result.succeed([true, []]) : Result.fail(new M.StreamInterrupted({ provider, reason: "no end" }))
  }
}

/** The third provider, at this URL. */
export const makeTelegraph = (baseUrl: string, limits: Partial<Pick<Exchange, "idleTimeout" | "requestTimeout">>) =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const exchangeOf = ({ messages, model, tools }: M.ModelRequest): Exchange => ({
      provider,
      url: `${baseUrl}/v1/messages`,
      headers: { "x-api-key": key },
      body: { model: model === "" ? "telegraph-1" : model, messages, tools, stream: true },
      requestTimeout: Duration.minutes(1),
      idleTimeout: Duration.minutes(1),
      ...limits,
      refused
    })
    const stream = (request: M.ModelRequest) => fetchEvents(client, exchangeOf(request), decoder)
    return M.makeLanguageModel({ provider, defaultModel: "telegraph-1", stream })
  })
