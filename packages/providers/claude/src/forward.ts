/**
 * A request handed on to the upstream as it came, and its answer handed back: for requests that need nothing of the
 * host but a key and a route. The bytes are not looked into in either direction, so that whatever the API has
 * tomorrow passes; only the model's name may be another one.
 */
import { type ModelError, ProviderTimeout } from "@signalbox/model"
import {
  type Answer,
  answerBytes,
  type ByteSink,
  drainAnswer,
  type FindNativeBody,
  sendRequest
} from "@signalbox/model/http"
import { Duration, Effect, Scope, Stream } from "effect"
import { type HttpClient, HttpClientRequest } from "effect/http"
import type { ClaudeOptions } from "./ClaudeOptions.ts"
import { answerError, provider } from "./errors.ts"
import { answerHeaders, type GivenHeaders, type KeyMode, requestHeaders } from "./forwardHeaders.ts"
import { urlOf } from "./headers.ts"
import { concat, modelIn, spliceModel } from "./spliceModel.ts"

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

/** The head of an answer, and its bytes as they come. */
export interface ForwardedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Read it once, within the scope. A failure comes after the first bytes: they are the caller's already. */
  readonly body: Stream.Stream<Uint8Array, ModelError>
  /** Instead of reading it: hands all bytes to a sink, no faster than that takes them. */
  readonly drain: (sink: ByteSink) => Effect.Effect<void, ModelError>
}

/** Everything that `forward` needs to know. */
export interface ForwardInput<E = never> {
  readonly client: HttpClient.HttpClient
  readonly options: ClaudeOptions
  readonly request: ForwardRequest<E>
  /** Default `own`: the key of the options. With `forward` the caller's own key is handed on, and no other. */
  readonly keyMode?: KeyMode
  /** How `drain` finds the body in the hands of the platform, which is cheaper than the stream that it reads otherwise. */
  readonly findNativeBody?: FindNativeBody
}

const findNone: FindNativeBody = () => undefined

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
  return HttpClientRequest.bodyUint8Array(request, spliceModel(concat(pieces), model), contentType)
})

/**
 * Hands a request on. Leaving the scope, or the body, closes the connection to the upstream, which stops the model.
 *
 * What the upstream answers to the request itself (2xx, and 400, 409, 413 and 422) comes back with its status and its
 * bytes. All else, a refused key, a limit, an overload, no answer within `requestTimeout`, is the failure that
 * `makeClaude` has for it, so that retries, breakers and routers see no difference. A body that cannot be read fails
 * with what it fails with.
 */
export const forward = Effect.fnUntraced(function* <E = never>({
  client,
  findNativeBody = findNone,
  keyMode = "own",
  options,
  request
}: ForwardInput<E>): Effect.fn.Return<ForwardedAnswer, E | ModelError, Scope.Scope> {
  const query = request.query === undefined || request.query === "" ? "" : `?${request.query}`
  const url = urlOf(options, `${request.path}${query}`)
  const head = HttpClientRequest.make(request.method)(url).pipe(
    HttpClientRequest.setHeaders(requestHeaders(options, request.headers, keyMode))
  )
  const { idleTimeout, requestTimeout } = options
  const exchange = {
    provider,
    url,
    idleTimeout,
    refused: (answer: Answer) => answerError({ ...answer, model: askedModel(request) })
  }
  const sent = yield* withBody(head, request)
  // Closing a connection that has done its work costs an exception, which nobody looks at.
  let isDone = false
  const connection = Scope.makeUnsafe()
  yield* Scope.addFinalizerExit(yield* Effect.scope, (exit) =>
    isDone ? Effect.void : Scope.close(connection, exit)
  )
  const response = yield* sendRequest(client, exchange, sent, isAnswer).pipe(
    Scope.provide(connection),
    Effect.timeoutOrElse({
      duration: requestTimeout,
      orElse: () => {
        const reason = `no answer within ${Duration.format(requestTimeout)}`
        return Effect.fail(new ProviderTimeout({ provider, limit: requestTimeout, reason }))
      }
    })
  )
  return {
    status: response.status,
    headers: answerHeaders(response.headers, keyMode),
    body: Stream.suspend(() => answerBytes(exchange, response)),
    drain: (sink) =>
      Effect.map(drainAnswer(exchange, response, sink, findNativeBody), () => {
        isDone = true
      })
  }
})
