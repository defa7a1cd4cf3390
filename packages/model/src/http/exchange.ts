/**
 * One request to a model API over HTTP, answered by JSON or by server-sent events.
 * A stream is read to its very end, so that its connection can be used again; a server that keeps a finished
 * stream open is left after a moment. Ending the stream early closes the connection, which stops the model.
 */
import { CorrelationId } from "@signalbox/errors"
import { Clock, Context, Deferred, Duration, Effect, Predicate, Result, type Scope, Stream, Tracer } from "effect"
import { Sse } from "effect/encoding"
import { HttpClient, type HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"
import {
  type ModelError,
  ProviderInvalidResponse,
  ProviderTimeout,
  ProviderUnreachable,
  StreamInterrupted
} from "../errors.ts"
import type { ModelEvent } from "../ModelEvent.ts"
import { RateLimitObserver, readRateLimits } from "./rateLimits.ts"

/** A request, and how its refusals are understood. */
export interface Exchange {
  readonly provider: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly requestTimeout: Duration.Duration
  readonly idleTimeout: Duration.Duration
  /** The error of an answer that is not 2xx, and of one that is JSON where a stream was asked for. */
  readonly refused: (answer: Answer) => ModelError
}

/** An answer that is not what was asked for. */
export interface Answer {
  readonly httpStatus: number
  readonly text: string
  /** The text as JSON; `undefined` where it is none. */
  readonly body: unknown
  readonly retryAfter: Duration.Duration | undefined
}

/** How the data of a stream becomes events: a pure reducer. */
export interface StreamDecoder<S> {
  readonly initial: S
  /** Takes the data of one server-sent event; `undefined` is the end of the stream. */
  readonly step: (
    state: S,
    data: string | undefined
  ) => Result.Result<readonly [S, ReadonlyArray<ModelEvent>], ModelError>
  /** Whether the answer is whole: nothing that follows can matter. */
  readonly isComplete: (state: S) => boolean
}

/** How long a server may keep a stream open after its last event. */
const linger = Duration.millis(250)

/** JSON of unknown content, or `undefined` where it is none. */
export const readJson = (text: string): unknown => Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))

/** The beginning of a text, for messages. */
export const excerpt = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text)

/** RFC 9110 §10.2.3: seconds or a date; `retry-after-ms` is what OpenAI and Anthropic add. */
export const retryAfterOf = (
  headers: Readonly<Record<string, string | undefined>>,
  now: number
): Duration.Duration | undefined => {
  const millis = Number(headers["retry-after-ms"] ?? "none")
  if (millis >= 0) return Duration.millis(millis)
  const text = headers["retry-after"]
  if (text === undefined || text.trim() === "") return undefined
  if (Number(text) >= 0) return Duration.seconds(Number(text))
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Duration.millis(Math.max(0, date - now))
}

/** What an error that was thrown says; `undefined` where it says nothing. */
export const messageOf = (cause: unknown): string | undefined =>
  cause instanceof Error && cause.message !== "" ? cause.message : undefined

const causeText = ({ reason }: HttpClientError.HttpClientError): string =>
  messageOf("cause" in reason ? reason.cause : undefined) ?? reason._tag

/** A request that cannot be sent at all, because of a header or a URL, will not be sendable later either. */
export const isMalformedCause = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "code") && cause.code === "UND_ERR_INVALID_ARG"

const isMalformed = ({ reason }: HttpClientError.HttpClientError): boolean =>
  reason._tag !== "TransportError" || isMalformedCause(reason.cause)

const timedOut = (exchange: Pick<Exchange, "provider">, limit: Duration.Duration, what: string) =>
  new ProviderTimeout({ provider: exchange.provider, limit, reason: `${what} within ${Duration.format(limit)}` })

/** The failure of an upstream that has not begun to answer within `requestTimeout`. */
export const noAnswer = (exchange: Pick<Exchange, "provider" | "requestTimeout">): ModelError =>
  timedOut(exchange, exchange.requestTimeout, "no answer")

const readAnswer = Effect.fnUntraced(function* (response: HttpClientResponse.HttpClientResponse) {
  const text = yield* response.text
  const retryAfter = retryAfterOf(response.headers, yield* Clock.currentTimeMillis)
  return { httpStatus: response.status, text, body: readJson(text), retryAfter }
})

const interrupted = (exchange: Pick<Exchange, "provider">, why: string) =>
  new StreamInterrupted({ provider: exchange.provider, reason: `the connection was lost: ${why}` })

const broken = (exchange: Pick<Exchange, "provider">) => (error: HttpClientError.HttpClientError) =>
  interrupted(exchange, causeText(error))

/** The failure of an answer whose connection was lost. */
export const lostConnection = (exchange: Pick<Exchange, "provider">, cause: unknown): ModelError =>
  interrupted(exchange, messageOf(cause) ?? "it was closed")

/** The failure of an answer of which nothing more came for `idleTimeout`. */
export const wentSilent = (exchange: Pick<Exchange, "idleTimeout" | "provider">): ModelError =>
  timedOut(exchange, exchange.idleTimeout, "the stream went silent: nothing came")

const isSuccess = (status: number): boolean => status >= 200 && status < 300

const always = () => true

/**
 * Vendors have no business with the ids of our traces, and some refuse headers that they do not know. A span that
 * nobody would see is not made at all.
 */
const untold = (context: Context.Context<Scope.Scope>): Context.Context<Scope.Scope> =>
  Context.get(context, Tracer.Tracer) === Tracer.nativeTracer
    ? Context.add(context, HttpClient.TracerDisabledWhen, always)
    : Context.add(context, HttpClient.TracerPropagationEnabled, false)

/**
 * Sends a request and waits for the head of its answer, without a limit. An answer that is not accepted, by default
 * one whose status is not 2xx, is read and is the failure that `refused` makes of it. The connection lives as long as
 * the scope.
 */
export const sendRequest = Effect.fnUntraced(function* (
  client: HttpClient.HttpClient,
  exchange: Pick<Exchange, "provider" | "refused" | "url">,
  given: HttpClientRequest.HttpClientRequest,
  isAccepted: (status: number) => boolean = isSuccess
) {
  const correlationId = yield* CorrelationId
  const request =
    correlationId === undefined ? given : HttpClientRequest.setHeader(given, "x-correlation-id", correlationId)
  // Bound to the scope: an interruption between the head and the first read would leave the request running.
  const response = yield* HttpClient.withScope(client)
    .execute(request)
    .pipe(
      Effect.updateContext(untold),
      Effect.mapError(
        (error) =>
          new ProviderUnreachable({
            provider: exchange.provider,
            url: exchange.url,
            reason: causeText(error),
            retryable: !isMalformed(error)
          })
      )
    )
  const observe = yield* RateLimitObserver
  yield* observe(readRateLimits(response.headers, yield* Clock.currentTimeMillis))
  if (isAccepted(response.status)) return response
  return yield* Effect.flatMap(Effect.mapError(readAnswer(response), broken(exchange)), (answer) =>
    Effect.fail(exchange.refused(answer))
  )
})

const send = (client: HttpClient.HttpClient, exchange: Exchange) =>
  sendRequest(
    client,
    exchange,
    HttpClientRequest.post(exchange.url).pipe(
      HttpClientRequest.setHeaders(exchange.headers),
      HttpClientRequest.bodyText(JSON.stringify(exchange.body), "application/json")
    )
  )

/** The bytes of an answer. Fails when the connection is lost, and when nothing came for `idleTimeout`. */
export const answerBytes = (
  exchange: Pick<Exchange, "idleTimeout" | "provider">,
  response: HttpClientResponse.HttpClientResponse
): Stream.Stream<Uint8Array, ModelError> =>
  response.stream.pipe(
    Stream.mapError(broken(exchange)),
    Stream.timeoutOrElse({
      duration: exchange.idleTimeout,
      orElse: () => Stream.fail(wentSilent(exchange))
    })
  )

/** Asks for a JSON answer. */
export const fetchJson = (client: HttpClient.HttpClient, exchange: Exchange): Effect.Effect<unknown, ModelError> =>
  send(client, exchange).pipe(
    Effect.flatMap((response) => Effect.mapError(response.text, broken(exchange))),
    Effect.flatMap((text) => {
      const body = readJson(text)
      if (body !== undefined) return Effect.succeed(body)
      const reason = `expected JSON, got: ${excerpt(text)}`
      return Effect.fail(new ProviderInvalidResponse({ provider: exchange.provider, reason }))
    }),
    Effect.timeoutOrElse({
      duration: exchange.requestTimeout,
      orElse: () => Effect.fail(noAnswer(exchange))
    }),
    Effect.scoped
  )

/** The head of a streamed answer. Anything that is not server-sent events is read and refused. */
const openStream = (client: HttpClient.HttpClient, exchange: Exchange) =>
  send(client, exchange).pipe(
    Effect.flatMap((response) => {
      const type = response.headers["content-type"] ?? ""
      if (type.includes("text/event-stream")) return Effect.succeed(response)
      return Effect.flatMap(Effect.mapError(readAnswer(response), broken(exchange)), (answer) => {
        if (typeof answer.body === "object") return Effect.fail(exchange.refused(answer))
        const reason = `expected text/event-stream, got ${type === "" ? "no content type" : type}: ${excerpt(answer.text)}`
        return Effect.fail(new ProviderInvalidResponse({ provider: exchange.provider, reason }))
      })
    }),
    Effect.timeoutOrElse({
      duration: exchange.requestTimeout,
      orElse: () => Effect.fail(noAnswer(exchange))
    })
  )

/** The data of server-sent events. Comments and `retry:` lines mean nothing here and are passed over. */
const eventData =
  (exchange: Exchange) =>
  (texts: Stream.Stream<string, ModelError>): Stream.Stream<string, ModelError> =>
    Stream.suspend(() => {
      let data: Array<string> = []
      const parser = Sse.makeParser((event) => {
        if (event._tag === "Event") data.push(event.data)
      })
      return texts.pipe(
        Stream.mapEffect((text) => {
          data = []
          const error = parser.feed(text)
          if (error === undefined) return Effect.succeed(data)
          return Effect.fail(new ProviderInvalidResponse({ provider: exchange.provider, reason: error.message }))
        }),
        Stream.flattenIterable
      )
    })

/** What a run of data gave: events, and the failure that came after them. */
interface Batch {
  readonly events: ReadonlyArray<ModelEvent>
  readonly error: ModelError | undefined
}

const emit = ({ error, events }: Batch): Stream.Stream<ModelEvent, ModelError> =>
  error === undefined ? Stream.fromIterable(events) : Stream.concat(Stream.fromIterable(events), Stream.fail(error))

/** Decodes the bytes of an answer, however they were cut. */
const decodeStream = <S>(
  exchange: Exchange,
  decoder: StreamDecoder<S>,
  bytes: Stream.Stream<Uint8Array, ModelError>
): Stream.Stream<ModelEvent, ModelError> =>
  Stream.suspend(() => {
    const complete = Deferred.makeUnsafe<void>()
    const unlessComplete = (error: ModelError): Stream.Stream<never, ModelError> =>
      Deferred.isDoneUnsafe(complete) ? Stream.empty : Stream.fail(error)
    const decodeBatch = (state: S, data: ReadonlyArray<string | undefined>): readonly [S, Batch] => {
      const events: Array<ModelEvent> = []
      let current = state
      for (const item of data) {
        const result = decoder.step(current, item)
        if (Result.isFailure(result)) return [current, { events, error: result.failure }]
        current = result.success[0]
        events.push(...result.success[1])
      }
      if (decoder.isComplete(current)) Deferred.doneUnsafe(complete, Effect.void)
      return [current, { events, error: undefined }]
    }
    return bytes.pipe(
      Stream.catch(unlessComplete),
      Stream.interruptWhen(Effect.andThen(Deferred.await(complete), Effect.sleep(linger))),
      Stream.decodeText(),
      eventData(exchange),
      Stream.concat(Stream.succeed(undefined)),
      Stream.mapAccumArray(
        () => decoder.initial,
        (state, data: ReadonlyArray<string | undefined>) => {
          const [next, batch] = decodeBatch(state, data)
          return [next, [batch]]
        }
      ),
      Stream.flatMap(emit)
    )
  })

/** Asks for a stream and decodes it. */
export const fetchEvents = <S>(
  client: HttpClient.HttpClient,
  exchange: Exchange,
  decoder: StreamDecoder<S>
): Stream.Stream<ModelEvent, ModelError> =>
  Stream.unwrap(
    Effect.map(openStream(client, exchange), (response) =>
      decodeStream(exchange, decoder, answerBytes(exchange, response))
    )
  )
