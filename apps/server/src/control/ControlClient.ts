/**
 * The control API seen from another process. Every failure that the host tells comes back as an error of ours, with
 * the code and the exit code that it had there.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { CorrelationId, type SignalboxError } from "@signalbox/errors"
import { Effect, Layer, Predicate, Stream } from "effect"
import { HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { ControlApi } from "./ControlApi.ts"
import { correlationHeader } from "./controlGroup.ts"
import { HostNotAnswering } from "./errors.ts"
import { hostFailure } from "./HostFailure.ts"
import type { HostRecord } from "./HostRecord.ts"

/** One method for each route, by group: `client.servers.list({})`. Call it within `ask` or `watch`. */
export type ControlClient = Effect.Success<typeof makeClient>

const makeClient = HttpApiClient.make(ControlApi, {
  baseUrl: "http://signalbox",
  transformClient: HttpClient.mapRequestEffect((request) =>
    Effect.map(CorrelationId, (id) =>
      id === undefined ? request : HttpClientRequest.setHeader(request, correlationHeader, id)
    )
  )
})

/** Answers may take as long as a server takes to start, and a stream may be silent for days. */
const patient = { headersTimeout: 0, bodyTimeout: 0 }

/** See `connectControl`. */
export const makeConnection = Effect.fnUntraced(function* (record: HostRecord) {
  const http = NodeHttpClient.layerUndiciOptions({ ...patient, connect: { socketPath: record.socket } })
  const context = yield* Layer.build(http)
  const client = yield* Effect.provideContext(makeClient, context)
  const failed = errorOf(record)
  return {
    record,
    /** Asks for one thing. */
    ask: <A, E>(work: (client: ControlClient) => Effect.Effect<A, E>): Effect.Effect<A, SignalboxError> =>
      Effect.mapError(work(client), failed),
    /** Follows a stream until it ends, or until the reader has seen enough. */
    watch: <A, E, E2>(
      work: (client: ControlClient) => Effect.Effect<Stream.Stream<A, E>, E2>
    ): Stream.Stream<A, SignalboxError> => Stream.mapError(Stream.unwrap(work(client)), failed)
  } satisfies ControlConnection
})

/** A host that can be asked. */
export interface ControlConnection {
  readonly record: HostRecord
  readonly ask: <A, E>(work: (client: ControlClient) => Effect.Effect<A, E>) => Effect.Effect<A, SignalboxError>
  readonly watch: <A, E, E2>(
    work: (client: ControlClient) => Effect.Effect<Stream.Stream<A, E>, E2>
  ) => Stream.Stream<A, SignalboxError>
}

const errorOf =
  ({ pid, socket }: HostRecord) =>
  (error: unknown): SignalboxError => {
    const told = hostFailure(error)
    if (told !== undefined) return told
    const reason = HttpClientError.isHttpClientError(error)
      ? `${error.reason._tag} ${causeOf(error.reason)}`.trim()
      : `its answer is not understood (${String(error)})`
    return new HostNotAnswering({ pid, socket, reason, cause: error })
  }

const causeOf = (reason: object): string =>
  Predicate.hasProperty(reason, "cause") && reason.cause instanceof Error ? reason.cause.message : ""
