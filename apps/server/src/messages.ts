/**
 * `POST /v1/messages`: one turn as one message, streamed or not. The host runs its own tools and shows them as
 * `mcp_tool_use` and `mcp_tool_result`; calls of the caller's tools come back as `tool_use`.
 */
import { Host } from "@signalbox/host"
import { decodeRequest, InvalidMessagesRequest } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest } from "effect/http"
import { atEdge, type RequestIds } from "./edge.ts"
import { BodyTooLarge } from "./errors.ts"
import { servedTurn } from "./servedTurn.ts"
import { streamedReply } from "./streamedReply.ts"
import { wholeReply } from "./wholeReply.ts"

const readBody = (request: HttpServerRequest.HttpServerRequest) =>
  request.json.pipe(
    Effect.catch((error): Effect.Effect<never, BodyTooLarge | InvalidMessagesRequest> =>
      error.reason._tag === "RequestParseError" && error.reason.reason === "BodyTooLarge"
        ? Effect.flatMap(HttpIncomingMessage.MaxBodySize, (limit) =>
            Effect.fail(new BodyTooLarge({ maxBytes: Number(limit ?? 0) }))
          )
        : Effect.fail(new InvalidMessagesRequest({ path: "", reason: "The request body is not valid JSON." }))
    )
  )

/** About four characters make a token. */
const estimateTokens = (body: unknown): number => Math.ceil(JSON.stringify(body).length / 4)

const handle = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, ids: RequestIds) {
  const host = yield* Host
  const body = yield* readBody(request)
  const served = yield* decodeRequest(body, request.headers)
  const turn = yield* servedTurn(served, host, ids.requestId)
  if (!served.stream) return yield* wholeReply(turn, served.model, ids)
  return yield* streamedReply(turn, { model: served.model, estimatedTokens: estimateTokens(body) }, ids)
})

/** The route. */
export const MessagesRoute = HttpRouter.add(
  "POST",
  "/v1/messages",
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => atEdge(request, (ids) => handle(request, ids)))
)
