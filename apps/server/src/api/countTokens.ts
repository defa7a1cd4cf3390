/**
 * `POST /v1/messages/count_tokens`: counted by the provider of the model where it can, else estimated.
 */
import { decodeCountTokensRequest } from "@signalbox/provider-claude/serve"
import { Host } from "@signalbox/host"
import { Effect } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { ApiContext } from "./ApiContext.ts"
import { withJsonBody } from "./body.ts"
import { atEdge } from "./edge.ts"
import { passThrough } from "./passThrough.ts"
import { requireModel } from "./requireModel.ts"
import { messagesDialect } from "./messagesDialect.ts"

/** The route. The caller's request is counted, without the tools that the host would add. */
export const CountTokensRoute = HttpRouter.add(
  "POST",
  "/v1/messages/count_tokens",
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    atEdge(request, messagesDialect.failure, (ids) =>
      Effect.gen(function* () {
        const { models } = yield* Host
        const server = yield* ApiContext
        const client = yield* server.letIn(request.headers)
        return yield* withJsonBody(
          Effect.fnUntraced(function* (body) {
            const passed = yield* passThrough("/v1/messages/count_tokens", { request, client, body, ids })
            if (passed !== undefined) return passed
            const { value } = body
            const { model, request: asked } = yield* decodeCountTokensRequest(value, request.headers)
            yield* requireModel(client, model)
            const own = client.apiKey === undefined ? asked : { ...asked, apiKey: client.apiKey }
            const count = models.router.model.countTokens ?? (() => Effect.succeed(0))
            const input_tokens = yield* count(own)
            return HttpServerResponse.jsonUnsafe({ input_tokens }, { headers: ids.headers })
          })
        )
      })
    )
  )
)
