/**
 * The models that a server has for a key. Asking costs nothing, and shows that the address and the key are right.
 */
import { type ModelError, ProviderInvalidResponse } from "@signalbox/model"
import { type Exchange, excerpt, noAnswer, readJson, sendRequest } from "@signalbox/model/http"
import { Effect, Option, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { answerError } from "./errors.ts"
import { authHeaders, urlOf } from "./headers.ts"
import type { OpenAiOptions } from "./OpenAiOptions.ts"

/** What is needed of an entry; servers differ in everything else. */
const ModelsWire = Schema.Struct({ data: Schema.Array(Schema.Struct({ id: Schema.String })) })

/** A model, by the name under which it is asked. */
export type ListedModel = (typeof ModelsWire.Type)["data"][number]

const decodeModels = Schema.decodeUnknownOption(ModelsWire)

const get = (
  client: HttpClient.HttpClient,
  options: OpenAiOptions,
  path: string
): Effect.Effect<string, ModelError> => {
  const exchange: Pick<Exchange, "provider" | "refused" | "requestTimeout" | "url"> = {
    provider: options.provider,
    url: urlOf(options, path, ""),
    requestTimeout: options.requestTimeout,
    refused: answerError({ provider: options.provider, model: "" })
  }
  const request = HttpClientRequest.get(exchange.url).pipe(
    HttpClientRequest.setHeaders({ ...options.headers, ...authHeaders(options), accept: "application/json" })
  )
  return sendRequest(client, exchange, request).pipe(
    Effect.flatMap(({ text }) => text),
    Effect.catchTag("HttpClientError", ({ message }) =>
      Effect.fail(new ProviderInvalidResponse({ provider: options.provider, reason: message }))
    ),
    Effect.timeoutOrElse({
      duration: options.requestTimeout,
      orElse: () => Effect.fail(noAnswer(exchange))
    }),
    Effect.scoped
  )
}

/**
 * All models, in the order of the server. Fails with `ProviderAuthFailed` where the key is refused; where the list is
 * open to everybody, the key is shown to `keyPath` of the options, too.
 */
export const listModels = Effect.fn("OpenAi.listModels")(function* (
  options: OpenAiOptions
): Effect.fn.Return<ReadonlyArray<ListedModel>, ModelError, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const { keyPath, provider } = options
  const text = yield* get(client, options, "/models")
  const models = Option.getOrUndefined(decodeModels(readJson(text)))
  if (models === undefined) {
    const reason = `expected a list of models, got: ${excerpt(text)}`
    return yield* new ProviderInvalidResponse({ provider, reason, hint: "Check the base URL." })
  }
  if (keyPath !== undefined && options.apiKey !== undefined) {
    // Only a refusal says something about the key: what stands in for the vendor need not have this route.
    yield* Effect.catchIf(
      get(client, options, keyPath),
      ({ _tag }) => _tag !== "ProviderAuthFailed",
      () => Effect.void
    )
  }
  return models.data
})
