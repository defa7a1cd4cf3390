import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { listModels, openAiPresets, type OpenAiPreset } from "@signalbox/provider-openai"
import { startFxLlm } from "@signalbox/testing"
import { Duration, Effect, Redacted } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { key } from "./support.ts"

const optionsFor = (preset: OpenAiPreset, baseUrl: string) => ({
  ...preset,
  baseUrl,
  apiKey: Redacted.make(key),
  defaultModel: "m"
})

const listed = (preset: OpenAiPreset, baseUrl: string) =>
  Effect.provide(listModels(optionsFor(preset, baseUrl)), NodeHttpClient.layerUndici)

/** Runs a test against a server of its own. */
const withServer = <A, E>(listener: RequestListener, use: (url: string) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.promise(async () => {
      const server = createServer(listener)
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return server
    }),
    // A server that listens on a port has an address of this form.
    (server) => use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    (server) => Effect.sync(() => server.close().closeAllConnections())
  )

describe("listing models", () => {
  it.live("asks below the base URL with the key, and nothing else", () =>
    Effect.gen(function* () {
      const upstream = yield* Effect.acquireRelease(
        Effect.promise(() => startFxLlm({ models: ["b", "a"] })),
        (server) => Effect.promise(() => server.close())
      )
      const models = yield* listed(openAiPresets.openai, `${upstream.url}/v1/`)
      assert.deepStrictEqual(
        models.map(({ id }) => id),
        ["b", "a"]
      )
      const [asked] = upstream.otherRequests
      assert.strictEqual(asked?.path, "/v1/models")
      assert.strictEqual(asked?.headers["authorization"], `Bearer ${key}`)
      assert.lengthOf(upstream.otherRequests, 1)
    })
  )

  it.live("says the version and the key as Azure wants them", () =>
    Effect.gen(function* () {
      const upstream = yield* Effect.acquireRelease(
        Effect.promise(() => startFxLlm()),
        (server) => Effect.promise(() => server.close())
      )
      yield* listed(openAiPresets.azure, `${upstream.url}/openai`)
      assert.match(upstream.otherRequests[0]?.path ?? "", /^\/openai\/models\?api-version=/)
      assert.strictEqual(upstream.otherRequests[0]?.headers["api-key"], key)
    })
  )

  for (const [name, status, body, tag] of [
    ["a refused key", 401, '{"error":{"message":"no","code":"invalid_api_key"}}', "ProviderAuthFailed"],
    ["a web page", 200, "<h1>Hello</h1>", "ProviderInvalidResponse"],
    ["another path", 404, "<h1>No</h1>", "ProviderInvalidResponse"],
    ["something else", 200, '{"models":[]}', "ProviderInvalidResponse"],
    ["too much to do", 503, "{}", "ProviderOverloaded"]
  ] as const) {
    it.live(`fails with ${tag} at ${name}`, () =>
      withServer(
        (_request, response) => response.writeHead(status).end(body),
        (url) =>
          Effect.map(Effect.flip(listed(openAiPresets.openai, url)), (error) => assert.strictEqual(error._tag, tag))
      )
    )
  }

  it.live("fails with ProviderTimeout where nobody answers in time", () =>
    withServer(
      () => undefined,
      (url) =>
        listModels({ ...optionsFor(openAiPresets.openai, url), requestTimeout: Duration.millis(20) }).pipe(
          Effect.provide(NodeHttpClient.layerUndici),
          Effect.flip,
          Effect.map((error) => assert.strictEqual(error._tag, "ProviderTimeout"))
        )
    )
  )

  it.live("shows the key to OpenRouter, whose list is open to everybody", () => {
    const statuses: Record<string, number> = { "/key": 401 }
    return withServer(
      ({ url = "" }, response) => response.writeHead(statuses[url] ?? 200).end('{"data":[{"id":"x"}]}'),
      (url) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(listed(openAiPresets.openrouter, url))
          assert.strictEqual(error._tag, "ProviderAuthFailed")
          // What only looks like it need not have that route.
          statuses["/key"] = 404
          assert.lengthOf(yield* listed(openAiPresets.openrouter, url), 1)
        })
    )
  })
})
