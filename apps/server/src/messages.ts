/**
 * `POST /v1/messages`: one turn as one message, streamed or not. The host runs its own tools and shows them as
 * `mcp_tool_use` and `mcp_tool_result`; calls of the caller's tools come back as `tool_use`.
 */
import { Host } from "@signalbox/host"
import { decodeRequest } from "@signalbox/provider-claude/serve"
import { Effect } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { withJsonBody } from "./body.ts"
import { atEdge, type RequestIds } from "./edge.ts"
import { servedTurn } from "./servedTurn.ts"
import { streamedReply } from "./streamedReply.ts"
import { wholeReply } from "./wholeReply.ts"

/** About four characters make a token. */
const estimateTokens = (body: unknown) => (): number => Math.ceil(JSON.stringify(body).length / 4)

const handle = (request: HttpServerRequest.HttpServerRequest, ids: RequestIds) =>
  withJsonBody(
    Effect.fnUntraced(function* (body) {
      const served = yield* decodeRequest(body, request.headers)
      const turn = yield* servedTurn(served, yield* Host, ids.requestId)
      if (!served.stream) return yield* wholeReply(turn, served.model, ids)
      return yield* streamedReply(turn, { model: served.model, estimatedTokens: estimateTokens(body) }, ids)
    })
  )

/** The route. */
export const MessagesRoute = HttpRouter.add(
  "POST",
  "/v1/messages",
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => atEdge(request, (ids) => handle(request, ids)))
)
