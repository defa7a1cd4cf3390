/** What several test files share: an upstream for one test, and the model that asks it. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { type LanguageModel, type ModelRequest, textMessage, type ToolDefinition } from "@signalbox/model"
import { makeOpenAi, openAiDefaults, type OpenAiOptions } from "@signalbox/provider-openai"
import { type FxLlm, type FxLlmOptions, startFxLlm } from "@signalbox/testing"
import { Effect, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"

export const key = "sk-canary-0123456789"

export const ask = (text = "hello", fields: Partial<ModelRequest> = {}): ModelRequest => ({
  model: "",
  system: [],
  messages: [textMessage("user", text)],
  tools: [],
  maxTokens: 256,
  ...fields
})

export const tool = (name: string, fields: Partial<ToolDefinition> = {}): ToolDefinition => ({
  name,
  originalName: name,
  description: `Does ${name}.`,
  inputSchema: { type: "object", properties: { path: { type: "string" } } },
  annotations: {},
  runBy: { _tag: "Caller" },
  isTrusted: false,
  ...fields
})

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
    const model = yield* makeOpenAi({
      ...openAiDefaults,
      defaultModel: "gpt-fx",
      apiKey: Redacted.make(key),
      baseUrl: `${upstream.url}${path}`,
      ...options
    })
    return yield* use(model, upstream)
  }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))

/** What a canned server got, and what it answers: bytes in the given pieces. */
export const withCannedAnswer = <A, E>(
  pieces: ReadonlyArray<Uint8Array | string>,
  use: (model: LanguageModel["Service"], bodies: ReadonlyArray<Record<string, unknown>>) => Effect.Effect<A, E>,
  options: Partial<OpenAiOptions> = {},
  contentType = "text/event-stream"
) => {
  const bodies: Array<Record<string, unknown>> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const body = request.body
      bodies.push(body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(body.body)) : {})
      const bytes = new ReadableStream({
        start: (controller) => {
          for (const piece of pieces) {
            controller.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece)
          }
          controller.close()
        }
      })
      return HttpClientResponse.fromWeb(request, new Response(bytes, { headers: { "content-type": contentType } }))
    })
  )
  return Effect.gen(function* () {
    const model = yield* makeOpenAi({ ...openAiDefaults, defaultModel: "gpt-fx", apiKey: undefined, ...options })
    return yield* use(model, bodies)
  }).pipe(Effect.provideService(HttpClient.HttpClient, client))
}
