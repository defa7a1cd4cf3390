/**
 * A request handed on to the upstream as it came, and its answer handed back: for requests that need nothing of the
 * host but a key and a route. The bytes are not looked into in either direction, so that whatever the API has
 * tomorrow passes; only the model's name may be another one.
 */
import { joinBytes, type ModelError } from "@signalbox/model"
import {
  type Answer,
  answerBytes,
  type ByteSink,
  drainTo,
  noAnswer,
  RateLimitObserver,
  type RateLimits,
  relayAnswer,
  type SendDirectly,
  sendRequest
} from "@signalbox/model/http"
import { Effect, type Scope, Stream, Tracer } from "effect"
import { type HttpClient, HttpClientRequest } from "effect/http"
import type { ClaudeOptions } from "./ClaudeOptions.ts"
import { answerError } from "./errors.ts"
import { answerHeaders, type GivenHeaders, type KeyMode, requestHeaders } from "./forwardHeaders.ts"
import { urlOf } from "./headers.ts"
import { modelIn, spliceModel } from "./spliceModel.ts"

/** A request to hand on. `E` is what reading its body may fail with. */
export interface ForwardRequest<E = never> {
  readonly method: "GET" | "POST"
  /** `/v1/messages`, `/v1/messages/count_tokens`, `/v1/models`, … */
  readonly path: string
  /** Without the question mark. */
  readonly query?: string
  /** The caller's, with names in lower case. */
  readonly headers: GivenHeaders
  /** The body, unpacked: a `content-encoding` is not handed on. */
  readonly body?: Uint8Array | Stream.Stream<Uint8Array, E>
  /** The model's name upstream, where it is another than the caller's. */
  readonly model?: string
}

/** What stands before the bytes of an answer. */
export interface ForwardedHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** The head of an answer, and its bytes as they come. */
export interface ForwardedAnswer extends ForwardedHead {
  /** Read it once, within the scope. A failure comes after the first bytes: they are the caller's already. */
  readonly body: Stream.Stream<Uint8Array, ModelError>
}

/** Everything that `forward` needs to know. */
export interface ForwardInput<E = never> {
  readonly client: HttpClient.HttpClient
  readonly options: ClaudeOptions
  readonly request: ForwardRequest<E>
  /** Default `own`: the key of the options. With `forward` the caller's own key is handed on, and no other. */
  readonly keyMode?: KeyMode
}

/** Everything that `relay` needs to know. */
export interface RelayInput extends Omit<ForwardInput, "request"> {
  readonly request: ForwardRequest & { readonly body?: Uint8Array }
  /** Called with the head of the answer; the sink gets its bytes. */
  readonly begin: (head: ForwardedHead) => ByteSink
  /** Hears of the limits that the answer names. Default: nobody does. */
  readonly observe?: (limits: RateLimits) => Effect.Effect<void>
  /** What the platform sends with; without it `client` does. */
  readonly direct?: SendDirectly | undefined
}

/** What the API says about the request itself, in words and details that its clients act upon. */
const aboutTheRequest = new Set([400, 409, 413, 422])

const isAnswer = (status: number): boolean => (status >= 200 && status < 300) || aboutTheRequest.has(status)

/** The model that the upstream was asked for, for errors that name it. */
const askedModel = ({ body, model }: ForwardRequest<unknown>): string =>
  model ?? (body instanceof Uint8Array ? modelIn(body) : undefined) ?? ""

const withBody = Effect.fnUntraced(function* <E>(
  request: HttpClientRequest.HttpClientRequest,
  { body, headers, model }: ForwardRequest<E>
) {
  if (body === undefined) return request
  const contentType = headers["content-type"] ?? "application/json"
  if (body instanceof Uint8Array) {
    return HttpClientRequest.bodyUint8Array(request, model === undefined ? body : spliceModel(body, model), contentType)
  }
  if (model === undefined) return HttpClientRequest.bodyStream(request, body, { contentType })
  const pieces = yield* Stream.runCollect(body)
  return HttpClientRequest.bodyUint8Array(request, spliceModel(joinBytes(pieces), model), contentType)
})

const exchangeOf = (options: ClaudeOptions, request: ForwardRequest<unknown>) => {
  const query = request.query === undefined || request.query === "" ? "" : `?${request.query}`
  const { provider } = options
  return {
    provider,
    url: urlOf(options, `${request.path}${query}`),
    idleTimeout: options.idleTimeout,
    requestTimeout: options.requestTimeout,
    refused: (answer: Answer) => answerError({ provider, model: askedModel(request) })(answer)
  }
}

/**
 * Hands a request on. Leaving the scope, or the body, closes the connection to the upstream, which stops the model.
 *
 * What the upstream answers to the request itself (2xx, and 400, 409, 413 and 422) comes back with its status and its
 * bytes. All else, a refused key, a limit, an overload, no answer within `requestTimeout`, is the failure that
 * `makeClaude` has for it, so that retries, breakers and routers see no difference. A body that cannot be read fails
 * with what it fails with.
 */
export const forward = Effect.fn("Claude.forward")(function* <E = never>({
  client,
  keyMode = "own",
  options,
  request
}: ForwardInput<E>): Effect.fn.Return<ForwardedAnswer, E | ModelError, Scope.Scope> {
  const exchange = exchangeOf(options, request)
  const head = HttpClientRequest.make(request.method)(exchange.url).pipe(
    HttpClientRequest.setHeaders(requestHeaders(options, request.headers, keyMode))
  )
  const sent = yield* withBody(head, request)
  const response = yield* sendRequest(client, exchange, sent, isAnswer).pipe(
    Effect.timeoutOrElse({ duration: options.requestTimeout, orElse: () => Effect.fail(noAnswer(exchange)) })
  )
  return {
    status: response.status,
    headers: answerHeaders(response.headers, keyMode),
    body: answerBytes(exchange, response)
  }
})

/**
 * Hands a request on, and its answer to a sink, to the end: the cheapest way where the platform has one of its own.
 * Interrupting it closes the connection to the upstream. Fails as `forward` does, after `begin` as its body does.
 */
export const relay = (input: RelayInput): Effect.Effect<void, ModelError> =>
  Effect.flatMap(Tracer.Tracer, (tracer) => {
    const { begin, direct, keyMode = "own", observe = () => Effect.void, options, request } = input
    // Only the client makes spans.
    if (direct === undefined || tracer !== Tracer.nativeTracer) {
      const forwarded = Effect.scoped(Effect.flatMap(forward(input), (answer) => drainTo(begin(answer))(answer.body)))
      return Effect.provideService(forwarded, RateLimitObserver, observe)
    }
    const { body, headers, method, model } = request
    const exchange = {
      ...exchangeOf(options, request),
      isAccepted: isAnswer,
      observe,
      begin: (status: number, given: GivenHeaders) => begin({ status, headers: answerHeaders(given, keyMode) })
    }
    return relayAnswer(direct, exchange, {
      method,
      headers: { "content-type": "application/json", ...requestHeaders(options, headers, keyMode) },
      body: body === undefined || model === undefined ? body : spliceModel(body, model)
    })
  })
