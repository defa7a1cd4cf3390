/**
 * Requests of the Messages API that go to an upstream of that API byte for byte, and whose answer comes back so: those
 * that need no tool of the host, no other name for the model, and nobody to answer when the upstream fails.
 */
import { Host } from "@signalbox/host"
import { type ModelError, Principal } from "@signalbox/model"
import type { ForwardedAnswer } from "@signalbox/provider-claude"
import { encodeError, renderEvent } from "@signalbox/provider-claude/serve"
import { Effect, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Client } from "../clients/Client.ts"
import { ApiContext } from "./ApiContext.ts"
import type { JsonBody } from "./body.ts"
import type { RequestHeaders } from "./Dialect.ts"
import type { RequestIds } from "./edge.ts"
import { configuredServers } from "./hostTools.ts"
import { hasHostTools, isUntouched, type PlainRequest, readPlainRequest } from "./plainRequest.ts"
import { requireModel } from "./requireModel.ts"

/** What is asked at the edge. */
export interface Incoming {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly client: Client
  readonly body: JsonBody
  readonly ids: RequestIds
}

/** The path upstream. A count uses no tools and costs nothing. */
type Path = "/v1/messages" | "/v1/messages/count_tokens"

const newline = 0x0a

/** An `error` event in bytes. */
const said = (error: ModelError, requestId: string) =>
  new TextEncoder().encode(renderEvent(encodeError(error, requestId).body))

/** The bytes, with an `error` event where they break off between two events; in the middle of one nothing can be said. */
const withFailure = (body: ForwardedAnswer["body"], requestId: string): ForwardedAnswer["body"] =>
  Stream.suspend(() => {
    let isBetween = false
    let last = 0
    const note = (piece: Uint8Array) => {
      const before = piece.length > 1 ? piece[piece.length - 2] : last
      last = piece[piece.length - 1] ?? last
      isBetween = last === newline && before === newline
    }
    return body.pipe(
      Stream.mapArray((pieces) => {
        for (const piece of pieces) note(piece)
        return pieces
      }),
      Stream.catch((error) => {
        const told: ForwardedAnswer["body"] = isBetween ? Stream.succeed(said(error, requestId)) : Stream.fail(error)
        return Stream.unwrap(Effect.as(Effect.logDebug("The stream failed", error), told))
      })
    )
  })

/** The answer as it came. Its id for the request counts: its errors name that one. Ours is `x-request-id`. */
const replyOf = (
  { body, headers, status }: ForwardedAnswer,
  { headers: own, requestId }: RequestIds,
  model: string
) => {
  const { "content-type": contentType = "application/json", ...others } = headers
  const isStream = contentType.includes("text/event-stream")
  return HttpServerResponse.stream(isStream ? withFailure(body, headers["request-id"] ?? requestId) : body, {
    status,
    contentType,
    headers: { ...own, ...others, "x-signalbox-model": model }
  })
}

/** Who takes the request as it is; `undefined` where nobody does. Fails where its client may not ask for the model. */
const takerOf = Effect.fnUntraced(function* (plain: PlainRequest, client: Client) {
  const { models } = yield* Host
  const { options } = yield* ApiContext
  yield* requireModel(client, plain.model)
  const { fallbacks, route } = yield* models.router.resolve(plain.model)
  const upstream = models.upstreams.get(route.upstream)
  // Another name would have to be put back into the answer, which would have to be read for that.
  if (upstream?.forward === undefined || fallbacks.length > 0 || route.model !== plain.model) return undefined
  return isUntouched(plain, upstream, options) ? { name: upstream.name, forward: upstream.forward } : undefined
})

/** Whether a request has to be read: tools of the host may be called for it, or there is a budget, and bytes are not counted. */
const needsTurn = Effect.fnUntraced(function* (client: Client, headers: RequestHeaders) {
  const { models } = yield* Host
  return models.budget !== undefined || hasHostTools(client, headers, yield* configuredServers)
})

const queryOf = (url: string): string => url.split("?")[1] ?? ""

/** Answers what can be handed on as it is; `undefined` is all else. */
export const passThrough = Effect.fnUntraced(function* (path: Path, { body, client, ids, request }: Incoming) {
  const plain = readPlainRequest(body.value, body.text)
  if (plain === undefined) return undefined
  const isCount = path !== "/v1/messages"
  if (!isCount && (yield* needsTurn(client, request.headers))) return undefined
  const taker = yield* takerOf(plain, client)
  if (taker === undefined) return undefined
  if (!isCount) yield* (yield* ApiContext).admit
  const { "x-tool-execution": _, ...headers } = request.headers
  const answer = yield* taker
    .forward({
      request: { method: "POST", path, query: queryOf(request.url), headers, body: body.bytes },
      model: isCount ? undefined : plain.model,
      keyMode: client.apiKey === undefined ? "own" : "forward"
    })
    .pipe(Effect.provideService(Principal, client.name))
  return replyOf(answer, ids, `${taker.name}/${plain.model}`)
})
