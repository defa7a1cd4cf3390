/** What several test files share: an upstream for one test, and the model that asks it. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { LanguageModel, ModelRequest } from "@signalbox/model"
import { claudeDefaults, type ClaudeOptions, makeClaude } from "@signalbox/provider-claude"
import { type FxLlm, type FxLlmOptions, startFxLlm } from "@signalbox/testing"
import { cannedHttp } from "@signalbox/tooling/cannedHttp"
import { Effect, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"

export const key = "sk-canary-ant-0123456789"

const defaults = { ...claudeDefaults, defaultModel: "claude-fx", apiKey: Redacted.make(key) }

/** Options for an upstream at this address. */
export const optionsFor = (baseUrl: string, options: Partial<ClaudeOptions> = {}): ClaudeOptions => ({
  ...defaults,
  baseUrl,
  ...options
})

/** Runs a test against an HTTP server on loopback that answers as it is told. */
export const withServer = <A, E, R>(listener: RequestListener, use: (url: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const listening = createServer(listener).listen(0, "127.0.0.1")
        await once(listening, "listening")
        return listening
      }),
      (listening) =>
        Effect.promise(async () => {
          listening.closeAllConnections()
          await new Promise((resolve) => listening.close(resolve))
        })
    )
    // A listening TCP server has an address of this form.
    const { port } = server.address() as AddressInfo
    return yield* use(`http://127.0.0.1:${port}`)
  }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))

/** Runs a test against fx-llm over real loopback HTTP. */
export const withUpstream = <A, E>(
  script: FxLlmOptions["script"],
  use: (model: LanguageModel["Service"], upstream: FxLlm) => Effect.Effect<A, E, HttpClient.HttpClient>,
  options: Partial<ClaudeOptions> = {}
) =>
  Effect.gen(function* () {
    const upstream = yield* Effect.acquireRelease(
      Effect.promise(() => startFxLlm(script === undefined ? {} : { script })),
      (server) => Effect.promise(() => server.close())
    )
    return yield* use(yield* makeClaude(optionsFor(upstream.url, options)), upstream)
  }).pipe(Effect.scoped, Effect.provide(NodeHttpClient.layerUndici))

/** Runs a test against an answer of these bytes, in these pieces. */
export const withCannedAnswer = <A, E>(
  pieces: ReadonlyArray<Uint8Array | string>,
  use: (model: LanguageModel["Service"], bodies: ReadonlyArray<Record<string, unknown>>) => Effect.Effect<A, E>,
  options: Partial<ClaudeOptions> = {},
  contentType?: string
) => {
  const { bodies, client } = cannedHttp(pieces, contentType)
  return makeClaude({ ...defaults, ...options }).pipe(
    Effect.flatMap((model) => use(model, bodies)),
    Effect.provideService(HttpClient.HttpClient, client)
  )
}

/** An answer of nothing. */
const answer = JSON.stringify({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 }
})

/** The body that a request becomes. */
export const bodyOf = (request: ModelRequest, options: Partial<ClaudeOptions> = {}) =>
  withCannedAnswer(
    [answer],
    (model, bodies) => Effect.map(model.generate(request), () => bodies[0] ?? {}),
    options,
    "application/json"
  )
