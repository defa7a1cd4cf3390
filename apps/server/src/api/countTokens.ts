/**
 * `POST /v1/messages/count_tokens` and `POST /v1/responses/input_tokens`: counted by the provider of the model where it
 * can, else estimated. The caller's request is counted, without the tools that the host would add.
 */
import { Host } from "@signalbox/host"
import type { SignalboxError } from "@signalbox/errors"
import type { ServedRequest } from "@signalbox/model"
import { decodeCountTokensRequest, withoutMcpServers } from "@signalbox/provider-claude/serve"
import { decodeResponsesRequest } from "@signalbox/provider-openai/serve"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { ApiContext } from "./ApiContext.ts"
import { readJsonBody } from "./body.ts"
import { untilComingAgain } from "./comingAgain.ts"
import type { RequestHeaders } from "./Dialect.ts"
import { atEdge, type SayFailure } from "./edge.ts"
import { messagesDialect } from "./messagesDialect.ts"
import { responsesDialect } from "./openAiDialects.ts"
import { type Incoming, passThrough } from "./passThrough.ts"
import { requireModel } from "./requireModel.ts"

/** How an API asks for a count, and says it. */
interface Counting {
  readonly failure: SayFailure
  readonly decode: (
    body: unknown,
    headers: RequestHeaders
  ) => Effect.Effect<Pick<ServedRequest, "model" | "request">, SignalboxError>
  readonly say: (tokens: number) => object
  /** Answers what needs none of the host's work; `undefined` is all else. */
  readonly direct?: (incoming: Incoming) => ReturnType<typeof passThrough>
}

const countRoute = (path: HttpRouter.PathInput, { decode, direct, failure, say }: Counting) =>
  HttpRouter.add(
    "POST",
    path,
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      atEdge(request, failure, (ids) =>
        Effect.gen(function* () {
          const { models } = yield* Host
          const server = yield* ApiContext
          const client = yield* server.letIn(request.headers)
          const body = yield* readJsonBody(request)
          const passed = direct === undefined ? undefined : yield* direct({ request, client, body, ids })
          if (passed !== undefined) return passed
          const { model, request: asked } = yield* decode(body.value, request.headers)
          yield* requireModel(client, model)
          const own = client.apiKey === undefined ? asked : { ...asked, apiKey: client.apiKey }
          const count = models.router.model.countTokens ?? (() => Effect.succeed(0))
          return HttpServerResponse.jsonUnsafe(say(yield* untilComingAgain(count(own))), { headers: ids.headers })
        })
      )
    )
  )

/** Without the servers that it names, which are for the host alone, and so are their tokens. */
const decodeCount: Counting["decode"] = (body, headers) =>
  Effect.map(decodeCountTokensRequest(body, headers), ({ model, request }) => ({
    model,
    request: withoutMcpServers(request)
  }))

/** The routes. */
export const CountTokensRoutes = Layer.merge(
  countRoute("/v1/messages/count_tokens", {
    failure: messagesDialect.failure,
    decode: decodeCount,
    say: (input_tokens) => ({ input_tokens }),
    direct: (incoming) => passThrough("/v1/messages/count_tokens", incoming)
  }),
  countRoute("/v1/responses/input_tokens", {
    failure: responsesDialect.failure,
    decode: decodeResponsesRequest,
    say: (input_tokens) => ({ object: "response.input_tokens", input_tokens })
  })
)
