/**
 * OpenAI, and whatever speaks its Chat Completions or its Responses, as a model. There are no hidden retries:
 * one request, one answer, and a typed error when there is none; policies are decorators of the `LanguageModel`.
 */
import {
  collectReply,
  LanguageModel,
  makeLanguageModel,
  type ModelError,
  type ModelEvent,
  type ModelReply,
  type ModelRequest,
  ModelRequestRejected,
  ProviderInvalidResponse
} from "@signalbox/model"
import { type Exchange, fetchEvents, fetchJson } from "@signalbox/model/http"
import { Effect, Layer, Random, type Result, Schema, Stream } from "effect"
import { Digest } from "effect/crypto"
import { HttpClient } from "effect/http"
import { type DecodeSettings, estimateTokens } from "./answer.ts"
import { chatDecoder, decodeReply, readUsage } from "./decode.ts"
import { encodeRequest } from "./encode.ts"
import { answerError } from "./errors.ts"
import { authHeaders, urlOf } from "./headers.ts"
import type { OpenAiOptions } from "./OpenAiOptions.ts"
import { type Plan, planOf, unsendable } from "./plan.ts"
import { decodeResponsesReply, estimatedUsage, responsesDecoder } from "./responses/decode.ts"
import { encodeInput, encodeResponsesRequest } from "./responses/encode.ts"
import { InputTokensWire } from "./responses/wire.ts"
import { stopAt } from "./stops.ts"
import { callsOf } from "./turns.ts"

/** What differs between the two APIs. */
interface Api {
  readonly path: string
  readonly encode: (plan: Plan, isStream: boolean, userDigest?: string) => Readonly<Record<string, unknown>>
  readonly fetchEvents: (
    client: HttpClient.HttpClient,
    exchange: Exchange,
    settings: DecodeSettings,
    stops: ReadonlyArray<string>
  ) => Stream.Stream<ModelEvent, ModelError>
  readonly decodeReply: (
    body: unknown,
    settings: DecodeSettings,
    stops: ReadonlyArray<string>
  ) => Result.Result<ModelReply, ModelError>
}

const chat: Api = {
  path: "/chat/completions",
  encode: encodeRequest,
  fetchEvents: (client, exchange, settings, stops) => {
    const decoder = chatDecoder(settings)
    if (stops.length === 0) return fetchEvents(client, exchange, decoder)
    return fetchEvents(
      client,
      exchange,
      stopAt(decoder, stops, (state) => readUsage(state, settings))
    )
  },
  decodeReply
}

const responses: Api = {
  path: "/responses",
  encode: encodeResponsesRequest,
  fetchEvents: (client, exchange, settings, stops) => {
    const decoder = responsesDecoder(settings)
    if (stops.length === 0) return fetchEvents(client, exchange, decoder)
    return fetchEvents(
      client,
      exchange,
      stopAt(decoder, stops, (state) => estimatedUsage(state, settings))
    )
  },
  decodeReply: decodeResponsesReply
}

const digestUser = Effect.fnUntraced(function* (userId: string) {
  const digest = yield* Effect.provide(Digest.Digest, Digest.layerWebCrypto)
  return yield* Effect.orDie(digest.digestHex(Digest.sha256, new TextEncoder().encode(userId)))
})

const planned = (options: OpenAiOptions, request: ModelRequest): Effect.Effect<Plan, ModelError> =>
  Effect.suspend(() => {
    const plan = planOf(request, options)
    const what = unsendable(plan)
    if (what === undefined) return Effect.succeed(plan)
    const reason = `the request has ${what}, which cannot be sent to this provider`
    return Effect.fail(new ModelRequestRejected({ provider: options.provider, httpStatus: 400, reason }))
  })

const exchangeOf = (plan: Plan, path: string, body: unknown, isStream: boolean): Exchange => {
  const { model, options } = plan
  return {
    provider: options.provider,
    url: urlOf(options, path, model),
    headers: {
      ...options.headers,
      ...authHeaders({ ...options, apiKey: plan.request.apiKey ?? options.apiKey }),
      accept: isStream ? "text/event-stream" : "application/json"
    },
    body,
    requestTimeout: options.requestTimeout,
    idleTimeout: options.idleTimeout,
    refused: answerError({ provider: options.provider, model })
  }
}

const hasCacheMarks = ({ request }: Plan): boolean =>
  [...request.system, ...request.messages.flatMap(({ content }) => content)].some(
    (block) => "cache_control" in block && block.cache_control !== undefined
  )

/** One request, ready to be sent, and what is needed to read its answer. */
const prepare = Effect.fnUntraced(function* (api: Api, plan: Plan, isStream: boolean) {
  const { dialect, model, options, wishes } = plan
  const isUserSent = wishes.userId !== undefined && dialect.userField !== "none"
  const user = isUserSent ? yield* digestUser(wishes.userId) : undefined
  if (dialect.cacheMarks === "none" && hasCacheMarks(plan)) {
    yield* Effect.logTrace(`${options.provider} takes no marks of cached prefixes (cache_control); they are not sent.`)
  }
  const body = api.encode(plan, isStream, user)
  const settings: DecodeSettings = {
    provider: options.provider,
    model,
    toolNames: plan.names.fromWire,
    usedIds: callsOf(plan.turns).flatMap(({ call }) => [call.id, plan.idOf(call.id)]),
    salt: (yield* Random.nextIntBetween(0, 2 ** 48)).toString(36),
    estimatedInputTokens: estimateTokens(JSON.stringify(body["messages"] ?? body["input"]).length),
    hasThinkTags: dialect.hasThinkTags
  }
  return { exchange: exchangeOf(plan, options.path ?? api.path, body, isStream), settings }
})

const decodeCount = Schema.decodeUnknownEffect(InputTokensWire)

/**
 * A model behind the URL of a server that speaks one of OpenAI's APIs. Streams are aborted by ending them early.
 * Fails with the `ModelError`s of `@signalbox/model`, each naming the provider of the options.
 */
export const makeOpenAi = (
  options: OpenAiOptions
): Effect.Effect<LanguageModel["Service"], never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (client) => {
    const api = options.api === "responses" ? responses : chat
    const { countPath } = options.dialect
    const streamOf = (plan: Plan) =>
      Stream.unwrap(
        Effect.map(prepare(api, plan, true), ({ exchange, settings }) =>
          api.fetchEvents(client, exchange, settings, plan.foundStops)
        )
      )
    return makeLanguageModel({
      provider: options.provider,
      defaultModel: options.defaultModel,
      stream: (request) => Stream.unwrap(Effect.map(planned(options, request), streamOf)),
      generate: Effect.fn("OpenAi.generate")(function* (request) {
        const plan = yield* planned(options, request)
        // Only a stream can be left at a stop sequence that the server does not know.
        if (plan.foundStops.length > plan.sentStops.length) return yield* collectReply(options.provider, streamOf(plan))
        const { exchange, settings } = yield* prepare(api, plan, false)
        const body = yield* fetchJson(client, exchange)
        return yield* Effect.fromResult(api.decodeReply(body, settings, plan.foundStops))
      }),
      countTokens:
        countPath === undefined
          ? undefined
          : Effect.fn("OpenAi.countTokens")(function* (request) {
              const plan = yield* planned(options, request)
              const body = yield* fetchJson(client, exchangeOf(plan, countPath, encodeInput(plan), false))
              const { input_tokens } = yield* Effect.mapError(
                decodeCount(body),
                (error) => new ProviderInvalidResponse({ provider: options.provider, reason: error.message })
              )
              return input_tokens
            })
    })
  })

/** The model of a program behind such a URL. */
export const layer = (options: OpenAiOptions): Layer.Layer<LanguageModel, never, HttpClient.HttpClient> =>
  Layer.effect(LanguageModel, makeOpenAi(options))
