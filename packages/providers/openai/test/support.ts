/** What several test files share: an upstream for one test, and the model that asks it. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { LanguageModel } from "@signalbox/model"
import { makeOpenAi, openAiDefaults, type OpenAiOptions } from "@signalbox/provider-openai"
import { type FxLlm, type FxLlmOptions, startFxLlm } from "@signalbox/testing"
import { cannedHttp } from "@signalbox/tooling/cannedHttp"
import { Effect, Redacted } from "effect"
import { HttpClient } from "effect/http"

export const key = "sk-canary-0123456789"

const defaults = { ...openAiDefaults, defaultModel: "gpt-fx", apiKey: Redacted.make(key) }

/** Runs a test against fx-llm over real loopback HTTP. */
export const withUpstream = <A, E>(
  script: FxLlmOptions["script"],
  use: (model: LanguageModel["Service"], upstream: FxLlm) => Effect.Effect<A, E>,
  options: Partial<OpenAiOptions> = {},
  path = "/v1"
) =>
  Effect.gen(function* () {
    const upstream = yield* Effect.acquireRelease(
      Effect.promise(() => startFxLlm(script === undefined ? {} : { script })),
      (server) => Effect.promise(() => server.close())
    )
    return yield* use(yield* makeOpenAi({ ...defaults, baseUrl: `${upstream.url}${path}`, ...options }), upstream)
  }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))

/** Runs a test against an answer of these bytes, in these pieces. */
export const withCannedAnswer = <A, E>(
  pieces: ReadonlyArray<Uint8Array | string>,
  use: (model: LanguageModel["Service"], bodies: ReadonlyArray<Record<string, unknown>>) => Effect.Effect<A, E>,
  options: Partial<OpenAiOptions> = {},
  contentType?: string
) => {
  const { bodies, client } = cannedHttp(pieces, contentType)
  return makeOpenAi({ ...defaults, ...options }).pipe(
    Effect.flatMap((model) => use(model, bodies)),
    Effect.provideService(HttpClient.HttpClient, client)
  )
}
