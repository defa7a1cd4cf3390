/**
 * Claude over the Anthropic Messages API. It holds no state and no retries: one request, one answer, and
 * a typed error when there is none; policies are decorators of the `LanguageModel`.
 */
import { LanguageModel, makeLanguageModel, type ModelError, type ModelRequest } from "@signalbox/model"
import { type Exchange, excerpt, fetchEvents, fetchJson } from "@signalbox/model/http"
import { Effect, Layer, Result, Stream } from "effect"
import { HttpClient } from "effect/http"
import { checked } from "./blocks.ts"
import type { ClaudeOptions } from "./ClaudeOptions.ts"
import { decodeReply, messagesDecoder } from "./decode.ts"
import { encodeCountRequest, encodeRequest, leftOut } from "./encode.ts"
import { answerError, type Asked, invalidResponse } from "./errors.ts"
import { authHeaders, joinHeaders, ownHeaders, urlOf, versionOf } from "./headers.ts"
import { TokenCountWire } from "./wire/models.ts"

type Route = "answer" | "count" | "stream"

const bodyOf = (options: ClaudeOptions, request: ModelRequest, route: Route) => {
  const { defaultModel, maxTokens } = options
  const settings = { defaultModel, maxTokens, version: versionOf(options, request) }
  return route === "count"
    ? encodeCountRequest(request, settings)
    : encodeRequest(request, { ...settings, stream: route === "stream" })
}

const askedOf = ({ defaultModel, provider }: ClaudeOptions, { model }: ModelRequest): Asked => ({
  provider,
  model: model === "" ? defaultModel : model
})

const exchangeOf = Effect.fnUntraced(function* (
  options: ClaudeOptions,
  request: ModelRequest,
  route: Route
): Effect.fn.Return<Exchange> {
  const refused = leftOut(request, versionOf(options, request))
  if (refused.length > 0) {
    yield* Effect.logDebug(`This version of the API takes no ${refused.join(", ")}: left out.`)
  }
  return {
    provider: options.provider,
    url: urlOf(options, route === "count" ? "/v1/messages/count_tokens" : "/v1/messages"),
    headers: {
      ...joinHeaders(options, ownHeaders(request)),
      ...authHeaders({ ...options, apiKey: request.apiKey ?? options.apiKey }),
      accept: route === "stream" ? "text/event-stream" : "application/json"
    },
    body: bodyOf(options, request, route),
    requestTimeout: options.requestTimeout,
    idleTimeout: options.idleTimeout,
    refused: answerError(askedOf(options, request))
  }
})

const tokenCount = checked(TokenCountWire)

const readCount = (options: ClaudeOptions, body: unknown): Result.Result<number, ModelError> =>
  Result.match(tokenCount(body), {
    onSuccess: ({ input_tokens }) => Result.succeed(input_tokens),
    onFailure: () =>
      Result.fail(invalidResponse(options, `expected a count of tokens, got: ${excerpt(JSON.stringify(body))}`))
  })

/**
 * Claude as a model. Streams are aborted by ending them early; the API stops generating then.
 * Fails with the `ModelError`s of `@signalbox/model`, each naming the provider of the options.
 */
export const makeClaude = (
  options: ClaudeOptions
): Effect.Effect<LanguageModel["Service"], never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) =>
    makeLanguageModel({
      provider: options.provider,
      defaultModel: options.defaultModel,
      stream: (request) =>
        Stream.unwrap(
          Effect.map(exchangeOf(options, request, "stream"), (exchange) =>
            fetchEvents(client, exchange, messagesDecoder(askedOf(options, request)))
          )
        ),
      generate: Effect.fn("Claude.generate")(function* (request) {
        const body = yield* fetchJson(client, yield* exchangeOf(options, request, "answer"))
        return yield* Effect.fromResult(decodeReply(askedOf(options, request), body))
      }),
      countTokens: Effect.fn("Claude.countTokens")(function* (request) {
        const body = yield* fetchJson(client, yield* exchangeOf(options, request, "count"))
        return yield* Effect.fromResult(readCount(options, body))
      })
    })
  )

/** Claude as the model of a program. */
export const layer = (options: ClaudeOptions): Layer.Layer<LanguageModel, never, HttpClient.HttpClient> =>
  Layer.effect(LanguageModel, makeClaude(options))
