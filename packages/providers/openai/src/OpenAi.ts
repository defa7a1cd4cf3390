/**
 * OpenAI, and whatever speaks its Chat Completions, as a model. It holds no state and no retries: one request,
 * one answer, and a typed error when there is none; policies are decorators of the `LanguageModel`.
 */
import { LanguageModel, makeLanguageModel, type ModelRequest } from "@signalbox/model"
import { Effect, Layer, Random, Redacted, Stream } from "effect"
import { HttpClient } from "effect/http"
import { chatDecoder, decodeReply, type DecodeSettings, estimateTokens } from "./decode.ts"
import { encodeRequest, toolNames } from "./encode.ts"
import { answerError } from "./errors.ts"
import { type Exchange, fetchEvents, fetchJson } from "@signalbox/model/http"
import type { OpenAiOptions } from "./OpenAiOptions.ts"

/** A key read from a file brings the end of its line. */
const authorization = ({ apiKey }: OpenAiOptions): Readonly<Record<string, string>> =>
  apiKey === undefined ? {} : { authorization: `Bearer ${Redacted.value(apiKey).trim()}` }

/** One request, ready to be sent, and what is needed to read its answer. */
const prepare = Effect.fnUntraced(function* (options: OpenAiOptions, request: ModelRequest, isStream: boolean) {
  const model = request.model === "" ? options.defaultModel : request.model
  const asked = { provider: options.provider, model }
  const body = encodeRequest(request, options, isStream)
  const exchange: Exchange = {
    provider: options.provider,
    url: `${options.baseUrl.replace(/\/+$/, "")}/chat/completions`,
    headers: {
      ...options.headers,
      ...authorization(options),
      accept: isStream ? "text/event-stream" : "application/json"
    },
    body,
    requestTimeout: options.requestTimeout,
    idleTimeout: options.idleTimeout,
    refused: answerError(asked)
  }
  const settings: DecodeSettings = {
    ...asked,
    toolNames: toolNames(request),
    usedIds: request.messages.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []))
    ),
    salt: (yield* Random.nextIntBetween(0, 2 ** 48)).toString(36),
    estimatedInputTokens: estimateTokens(JSON.stringify(body["messages"]).length)
  }
  return { exchange, settings }
})

/**
 * A model behind a Chat Completions URL. Streams are aborted by ending them early.
 * Fails with the `ModelError`s of `@signalbox/model`, each naming the provider of the options.
 */
export const makeOpenAi = (
  options: OpenAiOptions
): Effect.Effect<LanguageModel["Service"], never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) =>
    makeLanguageModel({
      provider: options.provider,
      defaultModel: options.defaultModel,
      stream: (request) =>
        Stream.unwrap(
          Effect.map(prepare(options, request, true), ({ exchange, settings }) =>
            fetchEvents(client, exchange, chatDecoder(settings))
          )
        ),
      generate: Effect.fn("OpenAi.generate")(function* (request) {
        const { exchange, settings } = yield* prepare(options, request, false)
        const body = yield* fetchJson(client, exchange)
        return yield* Effect.fromResult(decodeReply(body, settings))
      })
    })
  )

/** The model of a program behind a Chat Completions URL. */
export const layer = (options: OpenAiOptions): Layer.Layer<LanguageModel, never, HttpClient.HttpClient> =>
  Layer.effect(LanguageModel, makeOpenAi(options))
