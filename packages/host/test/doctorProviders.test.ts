import { assert, layer } from "@effect/vitest"
import { diagnoseProviders, type ProviderFinding } from "@signalbox/host/doctor"
import { nodePlatform } from "@signalbox/host/node"
import { startFxLlm } from "@signalbox/testing"
import { Duration, Effect } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { configWith, withoutOllama } from "./support.ts"

/** A server of this test alone; answers with its address. */
const serve = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer(listener)
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      // An address of the Internet is what a server on a port has.
      return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.promise(() => {
        server.closeAllConnections()
        return new Promise((resolve) => server.close(resolve))
      })
  )

const fxLlm = (...models: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.promise(() => startFxLlm({ models: [...models] })),
    (server) => Effect.promise(() => server.close())
  )

/** Answers these paths, and a web page for all others, as a server does that has more than an API. */
const only =
  (answers: Readonly<Record<string, readonly [status: number, body: object]>>): RequestListener =>
  ({ url = "" }, response) => {
    const answer = answers[url.split("?")[0] ?? ""]
    if (answer === undefined) return void response.writeHead(404, { "content-type": "text/html" }).end("<h1>No</h1>")
    response.writeHead(answer[0], { "content-type": "application/json" }).end(JSON.stringify(answer[1]))
  }

const listing = (...ids: ReadonlyArray<string>) => [200, { object: "list", data: ids.map((id) => ({ id })) }] as const
const refusal = [401, { error: { message: "Incorrect API key provided", code: "invalid_api_key" } }] as const

const keys = { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b", OPENROUTER_API_KEY: "c" }

const examine = Effect.fnUntraced(function* (
  settings: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>> = keys,
  named?: ReadonlyArray<string>
) {
  const config = yield* configWith({}, { ...withoutOllama, ...settings })
  return yield* diagnoseProviders(config, {
    environment,
    timeout: Duration.seconds(20),
    ...(named === undefined ? {} : { only: named })
  })
})

const shown = ({ code, path, providerName, severity }: ProviderFinding) =>
  `${severity} ${providerName} ${code} ${path.join(".")}`

/** One provider, asked by name. */
const openaiAt = (baseUrl: string, more: object = {}) => ({
  "model.provider": "openai",
  "providers.openai": { apiKey: "env:OPENAI_API_KEY", baseUrl, model: "gpt-x", ...more }
})

const openai = ["openai"]

layer(nodePlatform, { excludeTestServices: true })("the doctor, of providers,", (it) => {
  it.effect("has nothing to say of those that are well, and asks no model anything", () =>
    Effect.gen(function* () {
      const upstream = yield* fxLlm("claude-x", "gpt-x")
      const found = yield* examine(
        {
          ...openaiAt(`${upstream.url}/v1`),
          "providers.claude": { apiKey: "env:ANTHROPIC_API_KEY", baseUrl: upstream.url, model: "claude-x" }
        },
        { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b" }
      )
      assert.deepStrictEqual(found, {
        providers: [
          { name: "claude", works: true, models: 2 },
          { name: "openai", works: true, models: 2 }
        ],
        findings: []
      })
      assert.lengthOf(upstream.requests, 0)
    })
  )

  it.effect("looks at none that nobody names and that has no key", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* examine({}, {}), { providers: [], findings: [] })
    })
  )

  it.effect("names the variable of a key that is missing where the provider is named", () =>
    Effect.gen(function* () {
      const { findings, providers } = yield* examine({ "routing.small": "openai/gpt-x" }, {})
      assert.deepStrictEqual(findings.map(shown), ["error openai KEY_MISSING providers.openai.apiKey"])
      assert.include(findings[0]?.message, "OPENAI_API_KEY")
      assert.include(findings[0]?.fix, "routing.small names openai")
      assert.deepStrictEqual(providers, [{ name: "openai", works: false, models: undefined }])
    })
  )

  it.effect("says that a key is missing of one that is asked about, though nobody needs it", () =>
    Effect.gen(function* () {
      const { findings } = yield* examine({}, {}, openai)
      assert.deepStrictEqual(findings.map(shown), ["error openai KEY_MISSING providers.openai.apiKey"])
    })
  )

  it.effect("says which key is refused", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(only({ "/v1/models": refusal }))
      const { findings } = yield* examine(openaiAt(`${url}/v1`), keys, openai)
      assert.deepStrictEqual(findings.map(shown), ["error openai KEY_REFUSED providers.openai.apiKey"])
      assert.include(findings[0]?.fix, "OPENAI_API_KEY")
    })
  )

  it.effect("shows the key where it counts, where the list of models is open to everybody", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(only({ "/api/v1/models": listing("vendor/x"), "/api/v1/key": refusal }))
      const entry = { apiKey: "env:OPENROUTER_API_KEY", baseUrl: `${url}/api/v1`, model: "vendor/x" }
      const settings = { "model.provider": "openrouter", "providers.openrouter": entry }
      const { findings } = yield* examine(settings, keys, ["openrouter"])
      assert.deepStrictEqual(findings.map(shown), ["error openrouter KEY_REFUSED providers.openrouter.apiKey"])
    })
  )

  it.effect("says why one cannot be reached", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(serve(() => undefined))
      for (const [baseUrl, fix] of [
        ["http://nowhere.invalid/v1", "no host of this name"],
        [`${closed.url}/v1`, "Nobody listens there"]
      ] as const) {
        const { findings } = yield* examine(openaiAt(baseUrl), keys, openai)
        assert.deepStrictEqual(findings.map(shown), ["error openai UNREACHABLE providers.openai.baseUrl"])
        assert.include(findings[0]?.fix, fix)
      }
    })
  )

  it.effect("waits no longer than it may for one that does not answer", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(() => undefined)
      const config = yield* configWith({}, { ...withoutOllama, ...openaiAt(`${url}/v1`) })
      const timeout = Duration.millis(50)
      const { findings } = yield* diagnoseProviders(config, { environment: keys, timeout, only: openai })
      assert.deepStrictEqual(findings.map(shown), ["error openai NO_ANSWER providers.openai.baseUrl"])
    })
  )

  it.effect("finds the base URL that was meant", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(only({ "/v1/models": listing("gpt-x") }))
      for (const wrong of [url, `${url}/v1/chat/completions`, `${url}/v1/models/`, `${url}/v1/responses`]) {
        const { findings } = yield* examine(openaiAt(wrong), keys, openai)
        assert.deepStrictEqual(findings.map(shown), ["error openai BASE_URL_WRONG providers.openai.baseUrl"])
        assert.strictEqual(findings[0]?.fix, `Write baseUrl: ${url}/v1`)
      }
      const elsewhere = yield* examine(openaiAt(`${url}/elsewhere`), keys, openai)
      assert.deepStrictEqual(elsewhere.findings.map(shown), ["error openai BASE_URL_WRONG providers.openai.baseUrl"])
      assert.notInclude(elsewhere.findings[0]?.fix, "Write baseUrl")
    })
  )

  it.effect("takes the end of Claude's URLs off a base URL, too", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(
        only({ "/v1/models": [401, { type: "error", error: { type: "authentication_error", message: "no" } }] })
      )
      for (const wrong of [`${url}/v1`, `${url}/v1/messages`]) {
        const entry = { apiKey: "env:ANTHROPIC_API_KEY", baseUrl: wrong, model: "claude-x" }
        const { findings } = yield* examine({ "providers.claude": entry }, keys, ["claude"])
        assert.strictEqual(findings[0]?.fix, `Write baseUrl: ${url}`)
      }
    })
  )

  it.effect("takes a refusal in the words of the API for a good sign, where no models are listed", () =>
    Effect.gen(function* () {
      const empty = [400, { type: "error", error: { type: "invalid_request_error", message: "no messages" } }] as const
      const { url } = yield* serve(only({ "/anthropic/v1/messages": empty }))
      const entry = { apiKey: "env:ANTHROPIC_API_KEY", baseUrl: `${url}/anthropic`, model: "claude-x" }
      assert.deepStrictEqual(yield* examine({ "providers.claude": entry }, keys, ["claude"]), {
        providers: [{ name: "claude", works: true, models: undefined }],
        findings: []
      })
    })
  )

  it.effect("names each model that a provider does not have, where it is asked for, and the one that was meant", () =>
    Effect.gen(function* () {
      const upstream = yield* fxLlm("gpt-x", "gpt-4-large")
      const { findings } = yield* examine(
        {
          ...openaiAt(`${upstream.url}/v1`),
          "routing.rules": [{ name: "fast", provider: "openai", model: "gpt-4-lrge" }],
          "routing.big": "openai/other"
        },
        keys,
        openai
      )
      assert.deepStrictEqual(findings.map(shown), [
        "error openai MODEL_UNKNOWN routing.rules.0.model",
        "error openai MODEL_UNKNOWN routing.big"
      ])
      assert.strictEqual(findings[0]?.fix, 'Did you mean "gpt-4-large"?')
      assert.include(findings[1]?.fix, "gpt-x, gpt-4-large")
    })
  )

  it.effect("says how an Ollama is started that is asked for, and nothing of one that nobody asks for", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* examine({}, {})).findings, [])
      const { findings } = yield* examine({ "model.provider": "ollama" }, {})
      assert.deepStrictEqual(findings.map(shown), ["error ollama UNREACHABLE providers.ollama.baseUrl"])
      assert.include(findings[0]?.fix, "ollama serve")
      const upstream = yield* fxLlm()
      const empty = yield* examine({ "model.provider": "ollama", "providers.ollama.baseUrl": `${upstream.url}/v1` }, {})
      assert.deepStrictEqual(empty.findings.map(shown), ["error ollama NO_MODEL providers.ollama"])
      assert.include(empty.findings[0]?.fix, "ollama pull")
    })
  )

  it.effect("only warns of what nobody needs, and of what may be over soon", () =>
    Effect.gen(function* () {
      const { url } = yield* serve((_, response) => response.writeHead(503, { "retry-after": "7" }).end("{}"))
      const busy = yield* examine(openaiAt(`${url}/v1`), keys, openai)
      assert.deepStrictEqual(busy.findings.map(shown), ["warning openai PROVIDER_BUSY providers.openai"])
      assert.include(busy.findings[0]?.fix, "7s")
      const upstream = yield* fxLlm("claude-x")
      const unneeded = yield* examine(
        {
          "providers.claude": { apiKey: "env:ANTHROPIC_API_KEY", baseUrl: upstream.url, model: "claude-x" },
          "providers.openai": { apiKey: "env:OPENAI_API_KEY", baseUrl: `${upstream.url}/v1`, model: "gpt-x" }
        },
        { ANTHROPIC_API_KEY: "a", OPENAI_API_KEY: "b" }
      )
      assert.deepStrictEqual(unneeded.findings.map(shown), ["warning openai MODEL_UNKNOWN providers.openai.model"])
    })
  )

  it.effect("has nothing against a refusal where callers bring their keys", () =>
    Effect.gen(function* () {
      const { url } = yield* serve(only({ "/v1/models": refusal }))
      const found = yield* examine({ ...openaiAt(`${url}/v1`), "server.auth.mode": "forward" }, {}, openai)
      assert.deepStrictEqual(found, { providers: [{ name: "openai", works: true, models: undefined }], findings: [] })
    })
  )

  it.effect("knows models whose date, tag or variant a name leaves out", () =>
    Effect.gen(function* () {
      const upstream = yield* fxLlm(
        "claude-sonnet-4-5-20250929",
        "claude-3-5-haiku-20241022",
        "gpt-5.1-2025-11-13",
        "llama3.2:latest",
        "anthropic/x",
        "models/gemini-2.5-pro"
      )
      const names = ["claude-3-5-haiku-latest", "gpt-5.1", "llama3.2", "anthropic/x:nitro", "gemini-2.5-pro"]
      const others = ["claude-sonnet-4", "llama3.2:70b"]
      const rules = [...names, ...others].map((model) => ({ name: model, provider: "openai", model }))
      const settings = { ...openaiAt(`${upstream.url}/v1`, { model: "claude-sonnet-4-5" }), "routing.rules": rules }
      const { findings } = yield* examine(settings, keys, openai)
      assert.deepStrictEqual(
        findings.map(({ message }) => message),
        others.map((model) => `"openai" has no model "${model}", or not for this key.`)
      )
    })
  )
})
