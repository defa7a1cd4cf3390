import { assert, layer } from "@effect/vitest"
import { checkReferences, managedServers } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { load } from "./support.ts"

const text = `extends: preset:default@1
model: { provider: claude }
providers:
  claude:
    apiKey: env:FOO
servers:
  a:
    enabled: true
    transport: stdio
    command: node
    args:
      - a.js
      - env:BAR
    env:
      PLAIN: x
      TOKEN: env:BAZ
  b:
    enabled: true
    transport: http
    url: http://h/env:ONE/\${env:TWO}x
    headers: {}
  off:
    enabled: false
    transport: http
    url: http://h/env:NOT_NEEDED
    headers: {}
`

const keptIn = (url: string) =>
  load(`extends: preset:default@1
model: { provider: offline }
history:
  store: postgres
  postgres: { url: ${url} }
`)

const set = { FOO: "f", BAR: "b", BAZ: "z", ONE: "1", TWO: "2" }

layer(NodeServices.layer)("what a configuration refers to", (it) => {
  it.effect("is told when it is not set: every variable at once, each with its line", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(checkReferences(yield* load(text), { FOO: "" }))
      assert.strictEqual(error.status.exit, 78)
      assert.deepStrictEqual(
        error.message.split("\n").slice(1),
        [
          "signalbox.yaml:5 providers.claude.apiKey: the environment variable FOO is not set (model.provider names claude; set the key, or choose another provider)",
          "signalbox.yaml:13 servers.a.args.1: the environment variable BAR is not set (set it, or disable the server)",
          "signalbox.yaml:16 servers.a.env.TOKEN: the environment variable BAZ is not set (set it, or disable the server)",
          "signalbox.yaml:20 servers.b.url: the environment variables ONE, TWO are not set (set it, or disable the server)"
        ].map((line) => `  ${line}`)
      )
    })
  )
  it.effect("stops the start of its server alone, in the same words", () =>
    Effect.gen(function* () {
      const servers = yield* managedServers(yield* load(text), { ...set, BAZ: "" })
      assert.deepStrictEqual(
        servers.map(({ lacks }) => lacks),
        [["signalbox.yaml:16 servers.a.env.TOKEN: the environment variable BAZ is not set"], []]
      )
    })
  )
  it.effect("is told with the variable that brought the reference, where that is no line of the file", () =>
    Effect.gen(function* () {
      const servers = { c: { enabled: true, transport: "http", url: "http://h", headers: { A: "env:QUX" } } }
      const config = yield* load(text, { environment: { SIGNALBOX_SERVERS: JSON.stringify(servers) } })
      const error = yield* Effect.flip(checkReferences(config, set))
      assert.include(
        error.message,
        "signalbox.yaml servers.c.headers.A: the environment variable QUX is not set, from environment SIGNALBOX_SERVERS"
      )
    })
  )
  it.effect("needs no key of a provider that is not named", () =>
    Effect.gen(function* () {
      const config = yield* load(text.replace("provider: claude", "provider: auto"))
      const servers = yield* checkReferences(config, { ...set, FOO: "" })
      assert.deepStrictEqual(
        servers.map(({ server }) => server.name),
        ["a", "b"]
      )
    })
  )
  it.effect("is filled in, also where letters touch it", () =>
    Effect.gen(function* () {
      const [, b] = yield* checkReferences(yield* load(text), set)
      assert.deepInclude(b?.server.endpoint, { url: "http://h/1/2x" })
    })
  )

  it.effect("is a database, where the history is in one", () =>
    Effect.gen(function* () {
      const messageOf = Effect.fnUntraced(function* (url: string, environment: Record<string, string> = {}) {
        const error = yield* Effect.flip(checkReferences(yield* keptIn(url), environment))
        assert.notInclude(error.message, "canary")
        return error.problems.map(({ line, message, path }) => `${line} ${path}: ${message}`)
      })
      const where = "5 history.postgres.url"
      assert.deepStrictEqual(yield* messageOf("env:DB"), [`${where}: the environment variable DB is not set`])
      assert.deepStrictEqual(yield* messageOf('""'), [
        `${where}: history.store is postgres, and there is no address of a database`
      ])
      const noAddress = [`${where}: it is no address of a PostgreSQL database`]
      assert.deepStrictEqual(yield* messageOf("mysql://u:sk-canary-word@h/db"), noAddress)
      assert.deepStrictEqual(yield* messageOf("env:DB", { DB: "sk-canary-word" }), noAddress)
      yield* checkReferences(yield* keptIn("env:DB"), { DB: "postgres://u:p@h/db" })
      yield* checkReferences(yield* keptIn("postgresql://u:p@h/db"), {})
      const files = yield* load("extends: preset:default@1\nhistory: { postgres: { url: env:DB } }\n")
      yield* checkReferences(files, {})
    })
  )
})
