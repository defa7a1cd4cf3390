/**
 * Requests to models on their way into a cassette and out of one. Answers stream as they did, cut as they were.
 */
import {
  bytesOf,
  type ExchangeTape,
  IsWithinAnswer,
  outsideTurn,
  type PlayedExchange,
  type Player,
  type Recorder,
  type RecordedRequest
} from "@signalbox/conversation/replay"
import { Cause, Effect, Exit, Result, Stream } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse, UrlParams } from "effect/http"

type Response = HttpClientResponse.HttpClientResponse
type Request = HttpClientRequest.HttpClientRequest

const clientOf = (execute: (request: Request) => Effect.Effect<Response, HttpClientError.HttpClientError>) =>
  HttpClient.makeWith<HttpClientError.HttpClientError, never, HttpClientError.HttpClientError, never>(
    Effect.flatMap(execute),
    Effect.succeed
  )

/** JSON where it is such, else the text. */
const bodyOf = ({ body }: Request): unknown => {
  if (body._tag !== "Uint8Array") return undefined
  const text = new TextDecoder().decode(body.body)
  return Result.getOrElse(
    Result.try((): unknown => JSON.parse(text)),
    () => text
  )
}

const describe = (request: Request): RecordedRequest => {
  const query = UrlParams.toString(request.urlParams)
  const body = bodyOf(request)
  return {
    method: request.method,
    url: query === "" ? request.url : `${request.url}?${query}`,
    headers: { ...request.headers },
    ...(body === undefined ? {} : { body })
  }
}

/** The same answer with another body. What reads it as a whole reads the same. */
const withBody = (response: Response, stream: Response["stream"]): Response => {
  const text = Stream.mkString(Stream.decodeText(stream))
  // All that is not redefined comes from the response itself.
  return Object.create(response, {
    stream: { value: stream },
    text: { value: text },
    json: { value: Effect.map(text, (whole) => Result.getOrUndefined(Result.try((): unknown => JSON.parse(whole)))) }
  }) as Response
}

const reasonOf = ({ message, reason }: HttpClientError.HttpClientError): string =>
  "cause" in reason && reason.cause instanceof Error ? reason.cause.message : message

/** Pieces go onto the tape as they are read. */
const taped = (stream: Response["stream"], tape: ExchangeTape): Response["stream"] =>
  stream.pipe(
    Stream.mapArray((pieces) => {
      for (const piece of pieces) tape.piece(piece)
      return pieces
    }),
    Stream.tapError((error) => Effect.sync(() => tape.end("lost", reasonOf(error)))),
    Stream.onExit((exit) => Effect.sync(() => tape.end(Exit.isSuccess(exit) ? "complete" : "cut")))
  )

/** A client whose requests are recorded, with their answers. */
export const recordedHttp =
  (recorder: Recorder) =>
  (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    clientOf((request) =>
      Effect.gen(function* () {
        if (yield* IsWithinAnswer) return yield* client.execute(request)
        const tape = recorder.exchange(describe(request))
        const response = yield* outsideTurn(client.execute(request)).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              if (Exit.isSuccess(exit)) return
              const error = Cause.squash(exit.cause)
              tape.end(
                HttpClientError.isHttpClientError(error) ? "lost" : "cut",
                HttpClientError.isHttpClientError(error) ? reasonOf(error) : "given up"
              )
            })
          )
        )
        tape.head(response.status, { ...response.headers })
        return withBody(response, taped(response.stream, tape))
      })
    )

const lost = (request: Request, reason: string | undefined) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, cause: new Error(reason ?? "The connection was lost.") })
  })

/** Each piece by itself, and the program has time to act upon it, as it had. */
const piecesOf = (pieces: PlayedExchange["pieces"]): Stream.Stream<Uint8Array> =>
  Stream.fromIterable(pieces).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((piece) => Effect.as(Effect.yieldNow, bytesOf(piece)))
  )

/** Nothing more was recorded. */
const silence = (player: Player): Effect.Effect<never> =>
  Effect.suspend(() => {
    player.exhaust()
    return Effect.never
  })

/** What comes after the pieces: nothing more, a lost connection, or silence where the program had enough. */
const afterPieces = (player: Player, request: Request, end: PlayedExchange["end"]): Response["stream"] => {
  if (end?.how === "complete") return Stream.empty
  return end?.how === "lost" ? Stream.fail(lost(request, end.reason)) : Stream.fromEffect(silence(player))
}

/** A request that never got an answer: the connection was lost, or the program or the recording ended before. */
const withoutAnswer = (
  player: Player,
  request: Request,
  end: PlayedExchange["end"]
): Effect.Effect<never, HttpClientError.HttpClientError> =>
  end?.how === "lost" ? Effect.fail(lost(request, end.reason)) : silence(player)

/** A client that answers from a cassette; once a replay has gone live, the real one is asked. */
export const playedHttp =
  (player: Player) =>
  (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    clientOf((request) =>
      Effect.gen(function* () {
        if (player.isLive() || (yield* IsWithinAnswer)) return yield* client.execute(request)
        const played = yield* player.exchange(describe(request))
        if (played === undefined) return yield* Effect.fail(lost(request, "The recording has no such request."))
        const { end, head, pieces } = played
        if (head === undefined) return yield* withoutAnswer(player, request, end)
        const answer = new globalThis.Response(null, { status: head.status, headers: head.headers })
        const body = Stream.concat(piecesOf(pieces), afterPieces(player, request, end))
        return withBody(HttpClientResponse.fromWeb(request, answer), body)
      })
    )
