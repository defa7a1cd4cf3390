import { assert, layer } from "@effect/vitest"
import { checkReferences, Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { Effect, Redacted } from "effect"
import { stringify } from "yaml"
import { configWith, load, problemsOf, setupFor } from "./support.ts"

const preset = "preset:default@1"
const keys = [
  { name: "ci", key: "env:CI_KEY", tools: ["files"], models: ["claude-*"] },
  { name: "desk", key: "env:DESK_KEY" }
]
const auth = (more: object = {}) => stringify({ extends: preset, server: { auth: { mode: "keys", keys }, ...more } })

layer(nodePlatform)("the keys of clients", (it) => {
  it.effect("are resolved at the start, and shown nowhere", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, { "model.provider": "offline", "server.auth": { mode: "keys", keys } })
      const { clientKeys } = yield* Effect.provide(
        Host,
        Host.layer(setupFor(config, { CI_KEY: "c-1", DESK_KEY: "d-2" }))
      )
      assert.deepStrictEqual(
        clientKeys.map(({ key, name }) => [name, Redacted.value(key)]),
        [
          ["ci", "c-1"],
          ["desk", "d-2"]
        ]
      )
      assert.deepInclude(clientKeys[0], { tools: ["files"], models: ["claude-*"] })
      assert.notInclude(JSON.stringify(clientKeys), "c-1")
    })
  )
  it.effect("that are not set are told all at once with their lines, by a check as by a start", () =>
    Effect.gen(function* () {
      const config = yield* load(auth())
      const error = yield* Effect.flip(checkReferences(config, {}))
      assert.strictEqual(error.status.exit, 78)
      assert.include(error.message, "server.auth.keys.0.key: the environment variable CI_KEY is not set")
      assert.include(error.message, "server.auth.keys.1.key: the environment variable DESK_KEY is not set")
      const start = yield* Effect.flip(Effect.provide(Host, Host.layer(setupFor(config, { CI_KEY: "c" }))))
      assert.include(start.message, "DESK_KEY")
      assert.notInclude(start.message, "CI_KEY")
    })
  )
  it.effect("do not matter where nobody is asked for one", () =>
    Effect.gen(function* () {
      const text = stringify({ extends: preset, server: { auth: { mode: "none", keys } } })
      assert.deepStrictEqual(yield* checkReferences(yield* load(text), {}), [])
    })
  )
  it.effect("must be there where they are asked for, and where others reach the port", () =>
    Effect.gen(function* () {
      const none = yield* problemsOf(stringify({ extends: preset, server: { auth: { mode: "keys" } } }))
      assert.deepStrictEqual(
        none.map(({ path }) => path),
        ["server.auth.keys"]
      )
      const forward = { auth: { mode: "forward", keys: [] }, host: "0.0.0.0" }
      assert.lengthOf(yield* problemsOf(stringify({ extends: preset, server: forward })), 1)
      const bare = yield* load(stringify({ extends: preset, server: { ...forward, tools: "none" } }))
      assert.strictEqual(bare.options.server.host, "0.0.0.0")
      const open = yield* problemsOf(stringify({ extends: preset, server: { host: "0.0.0.0" } }))
      assert.deepStrictEqual(
        open.map(({ path }) => path),
        ["server.host"]
      )
      assert.strictEqual((yield* load(auth({ host: "0.0.0.0" }))).options.server.host, "0.0.0.0")
    })
  )
})
