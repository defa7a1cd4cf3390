import { assert, layer } from "@effect/vitest"
import { checkReferences, ConfigInvalid, Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { Effect, FileSystem, Redacted } from "effect"
import { stringify } from "yaml"
import { configWith, fxServer, load, problemsOf, setupFor } from "./support.ts"

const preset = "preset:default@1"
const files = fxServer({ tools: ["echo"] })
const keys = [
  { name: "ci", key: "env:CI_KEY", tools: ["files"], models: ["claude-*"] },
  { name: "desk", key: "env:DESK_KEY" }
]
const withAuth = (list: ReadonlyArray<object>, more: object = {}) =>
  stringify({ extends: preset, server: { auth: { mode: "keys", keys: list }, ...more }, servers: { files } })
const auth = (more: object = {}) => withAuth(keys, more)

const entry = (name: string, more: object = {}) => ({ name, key: `key-of-${name}`, ...more })

layer(nodePlatform)("the keys of clients", (it) => {
  it.effect("are resolved at the start, and shown nowhere", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        { files },
        { "model.provider": "offline", "server.auth": { mode: "keys", keys } }
      )
      const clientKeys = yield* Effect.flatMap(Host, ({ reload }) => reload.clientKeys).pipe(
        Effect.provide(Host.layer(setupFor(config, { CI_KEY: "c-1", DESK_KEY: "d-2" })))
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
  it.effect("follow the file: those that are new, gone, or allow something else, and no wrong one is taken up", () =>
    Effect.gen(function* () {
      const config = yield* load(withAuth([entry("a"), entry("b"), entry("c"), entry("d")]))
      const { file = "" } = config
      const fs = yield* FileSystem.FileSystem
      yield* Effect.gen(function* () {
        const { reload } = yield* Host
        const names = Effect.map(reload.clientKeys, (all) => all.map(({ name }) => name))
        const write = (list: ReadonlyArray<object>, more: object = {}) =>
          Effect.andThen(fs.writeFileString(file, withAuth(list, more)), reload.reload)
        const next = [entry("a"), entry("b", { tools: "none" }), { ...entry("c"), key: "other" }, entry("e")]
        const { clients, needsRestart } = yield* write(next)
        assert.deepStrictEqual(clients, { added: ["e"], removed: ["d"], changed: ["b", "c"] })
        assert.deepStrictEqual(needsRestart, [])
        const wrong = yield* Effect.flip(write([entry("a"), { name: "f", key: "env:NOT_SET_ANYWHERE" }]))
        assert.include(wrong.message, "server.auth.keys.1.key: the environment variable NOT_SET_ANYWHERE is not set")
        assert.deepStrictEqual(yield* names, ["a", "b", "c", "e"])
        // Whether anybody is asked for a key is no matter of a reload.
        const mode = yield* write([], { auth: { mode: "none", keys: [] } })
        assert.deepStrictEqual([mode.needsRestart, yield* names], [["server.auth"], ["a", "b", "c", "e"]])
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
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
  it.effect("that two clients share are told at both places, and not shown", () =>
    Effect.gen(function* () {
      const text = [
        "extends: preset:default@1",
        "server:",
        "  auth:",
        "    mode: keys",
        "    keys:",
        "      - { name: ci, key: env:CI_KEY }",
        "      - { name: desk, key: key-of-desk }",
        "      - { name: guest, key: key-of-guest, tools: none }",
        `servers: ${JSON.stringify({ files })}`
      ].join("\n")
      const config = yield* load(text)
      const environment = { CI_KEY: " key-of-guest\n" }
      const error = yield* Effect.flip(checkReferences(config, environment))
      assert.instanceOf(error, ConfigInvalid)
      assert.deepStrictEqual(
        error.problems.map(({ line, message, path }) => [line, path, message]),
        [
          [6, "server.auth.keys.0.key", '"ci" has the same key as "guest" (server.auth.keys.2.key)'],
          [8, "server.auth.keys.2.key", '"guest" has the same key as "ci" (server.auth.keys.0.key)']
        ]
      )
      const start = yield* Effect.flip(Effect.provide(Host, Host.layer(setupFor(config, environment))))
      for (const { message } of [error, start]) {
        assert.include(message, '"ci" has the same key as "guest"')
        assert.notInclude(message, "key-of")
      }
      yield* checkReferences(config, { CI_KEY: "key-of-ci" })
    })
  )
  it.effect("do not matter where nobody is asked for one", () =>
    Effect.gen(function* () {
      const text = stringify({ extends: preset, server: { auth: { mode: "none", keys } }, servers: { files } })
      assert.lengthOf(yield* checkReferences(yield* load(text), {}), 1)
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
      const urls = { ...forward, tools: "none", mcpUrls: { allowed: true } }
      assert.lengthOf(yield* problemsOf(stringify({ extends: preset, server: urls })), 1)
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
  it.effect("have names of their own, and allow tools of servers that there are", () =>
    Effect.gen(function* () {
      const text = [
        "extends: preset:default@1",
        "server:",
        "  tools: [fils]",
        "  auth:",
        "    mode: keys",
        "    keys:",
        "      - { name: ci, key: a, tools: [files, elsewhere] }",
        "      - { name: desk, key: b, tools: none }",
        "      - { name: ci, key: c }",
        `servers: ${JSON.stringify({ files })}`
      ].join("\n")
      assert.deepStrictEqual(
        (yield* problemsOf(text)).map(({ line, message, path, suggestion }) => [line, path, message, suggestion]),
        [
          [3, "server.tools.0", 'there is no server "fils"', 'did you mean "files"?'],
          [7, "server.auth.keys.0.tools.1", 'there is no server "elsewhere"', "there are: files, builtin"],
          [
            9,
            "server.auth.keys.2.name",
            'the name "ci" is there already, at server.auth.keys.0',
            "give each client a name of its own: costs and sessions are kept apart by it"
          ]
        ]
      )
    })
  )
})
