/**
 * `GET /v1/models` and `GET /v1/models/{id}`. Both vendors have them at the same place; a client of the Messages API says
 * so with the header that names the version of that API.
 */
import { Host } from "@signalbox/host"
import { decodeModelsQuery, encodeModel, encodeModelsPage } from "@signalbox/provider-claude/serve"
import { encodeOpenAiError } from "@signalbox/provider-openai/serve"
import { ModelNotFound } from "@signalbox/model"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { type Client, mayAsk } from "../clients/Client.ts"
import { ApiContext } from "./ApiContext.ts"
import type { RequestHeaders } from "./Dialect.ts"
import { atEdge, type RequestIds } from "./edge.ts"
import { messagesDialect } from "./messagesDialect.ts"

const isMessagesClient = (headers: RequestHeaders): boolean => headers["anthropic-version"] !== undefined

/** The names that a client may ask for: those of the routing, and that of the default model. */
const offered = (host: Host["Service"], client: Client): ReadonlyArray<string> => {
  const standard = host.model.model === "" ? host.model.upstream : host.model.model
  return [...new Set([...host.models.router.models, standard])].filter((name) => mayAsk(client, name))
}

const openAiModel = (id: string) => ({ id, object: "model", created: 0, owned_by: "signalbox" })

const listed = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  names: ReadonlyArray<string>
) {
  if (!isMessagesClient(request.headers)) return { object: "list", data: names.map(openAiModel) }
  const query = yield* decodeModelsQuery(new URLSearchParams(request.url.split("?")[1] ?? ""))
  return encodeModelsPage(
    names.map((id) => ({ id })),
    query
  )
})

const one = Effect.fnUntraced(function* (headers: RequestHeaders, names: ReadonlyArray<string>) {
  const { id = "" } = yield* HttpRouter.params
  if (!names.includes(id)) {
    return yield* new ModelNotFound({ provider: "signalbox", model: id, reason: "it is not offered here" })
  }
  return isMessagesClient(headers) ? encodeModel({ id }) : openAiModel(id)
})

const modelsRoute = <E, R>(
  path: HttpRouter.PathInput,
  answer: (request: HttpServerRequest.HttpServerRequest, names: ReadonlyArray<string>) => Effect.Effect<object, E, R>
) =>
  HttpRouter.add(
    "GET",
    path,
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const say = isMessagesClient(request.headers) ? messagesDialect.failure : encodeOpenAiError
      return atEdge(request, say, ({ headers }: RequestIds) =>
        Effect.gen(function* () {
          const client = yield* (yield* ApiContext).letIn(request.headers)
          const body = yield* answer(request, offered(yield* Host, client))
          return HttpServerResponse.jsonUnsafe(body, { headers })
        })
      )
    })
  )

/** The routes. */
export const ModelsRoutes = Layer.merge(
  modelsRoute("/v1/models", listed),
  modelsRoute("/v1/models/:id", ({ headers }, names) => one(headers, names))
)
