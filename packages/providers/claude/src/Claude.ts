/**
 * Claude over the Anthropic Messages API. It holds no state and no retries: one request, one answer, and
 * a typed error when there is none; policies are decorators of the `LanguageModel`.
 */
import { LanguageModel, makeLanguageModel, type ModelRequest } from "@signalbox/model"
import { Effect, Layer, Redacted, Stream } from "effect"
import { Headers, HttpClient } from "effect/http"
import { vendor } from "./blocks.ts"
import type { ClaudeOptions } from "./ClaudeOptions.ts"
import { decodeReply, messagesDecoder } from "./decode.ts"
import { encodeRequest } from "./encode.ts"
import { answerError, provider } from "./errors.ts"
import { type Exchange, fetchEvents, fetchJson } from "@signalbox/model/http"

const betaHeader = "anthropic-beta"

/** The headers that the options and the request ask for; betas of both are on, and the request's version counts. */
const apiHeaders = (options: ClaudeOptions, request: ModelRequest): Readonly<Record<string, string>> => {
  const given = Headers.fromInput(options.headers)
  const own = Headers.fromInput(request.vendorHeaders?.[vendor])
  const betas = [given[betaHeader], own[betaHeader]].flatMap((list) => list?.split(",") ?? [])
  const on = new Set(betas.map((beta) => beta.trim()).filter((beta) => beta !== ""))
  return {
    ...given,
    "anthropic-version": options.apiVersion,
    ...own,
    ...(on.size === 0 ? {} : { [betaHeader]: [...on].join(",") })
  }
}

const exchangeOf = (options: ClaudeOptions, request: ModelRequest, stream: boolean): Exchange => {
  const model = request.model === "" ? options.defaultModel : request.model
  return {
    provider,
    url: `${options.baseUrl.replace(/\/+$/, "")}/v1/messages`,
    headers: {
      ...apiHeaders(options, request),
      // A key read from a file brings the end of its line.
      "x-api-key": Redacted.value(options.apiKey).trim(),
      accept: stream ? "text/event-stream" : "application/json"
    },
    body: encodeRequest(request, { defaultModel: options.defaultModel, maxTokens: options.maxTokens, stream }),
    requestTimeout: options.requestTimeout,
    idleTimeout: options.idleTimeout,
    refused: (answer) => answerError({ ...answer, model })
  }
}

/**
 * Claude as a model. Streams are aborted by ending them early; the API stops generating then.
 * Fails with the `ModelError`s of `@signalbox/model`, each naming the provider `claude`.
 */
export const makeClaude = (
  options: ClaudeOptions
): Effect.Effect<LanguageModel["Service"], never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) =>
    makeLanguageModel({
      provider,
      defaultModel: options.defaultModel,
      stream: (request) =>
        Stream.suspend(() => {
          const exchange = exchangeOf(options, request, true)
          return fetchEvents(
            client,
            exchange,
            messagesDecoder(request.model === "" ? options.defaultModel : request.model)
          )
        }),
      generate: Effect.fn("Claude.generate")(function* (request) {
        const body = yield* fetchJson(client, exchangeOf(options, request, false))
        return yield* Effect.fromResult(decodeReply(body, request.model === "" ? options.defaultModel : request.model))
      })
    })
  )

/** Claude as the model of a program. */
export const layer = (options: ClaudeOptions): Layer.Layer<LanguageModel, never, HttpClient.HttpClient> =>
  Layer.effect(LanguageModel, makeClaude(options))
