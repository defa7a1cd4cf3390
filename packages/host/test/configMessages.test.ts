import { assert, layer } from "@effect/vitest"
import { toJson } from "@signalbox/errors"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem } from "effect"
import { load, problemsOf } from "./support.ts"

const preset = "extends: preset:default@1\n"
const stdio = "enabled: true, transport: stdio, command: x, args: []"

layer(NodeServices.layer)("a broken configuration is told", (it) => {
  it.effect("with what a duration looks like, also where a number stands", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(`${preset}runtime: { connectTimeout: 30, idleTimeout: soon }\n`)
      assert.deepStrictEqual(
        problems.map(({ message, path }) => [path, message]),
        [
          ["runtime.connectTimeout", 'Expected a duration such as "30 seconds", found 30'],
          ["runtime.idleTimeout", 'Expected a duration such as "30 seconds", found "soon"']
        ]
      )
    })
  )

  it.effect("with the rule that a chosen name breaks", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(
        `${preset}servers:\n  "bad name!": { ${stdio}, env: {} }\n  fx: { ${stdio}, env: {}, requires: { "a b": "1" } }\n` +
          'agents:\n  "a b": { enabled: true, servers: [fx] }\n  two: { enabled: true, servers: [fx], tools: { "c d": {} } }\n'
      )
      const name = "Expected a name of 1 to 32 letters, digits, - or _"
      assert.deepStrictEqual(
        problems.map(({ line, message, path }) => [line, path, message]),
        [
          [3, "servers.bad name!", name],
          [4, "servers.fx.requires.a b", "Expected the name of a program that knows --version"],
          [6, "agents.a b", name],
          [7, "agents.two.tools.c d", name]
        ]
      )
    })
  )

  it.effect("with the rule for names of variables, in env of a server and in secrets of an agent", () =>
    Effect.gen(function* () {
      const [env, secret, ...others] = yield* problemsOf(
        `${preset}servers:\n  fx: { ${stdio}, env: { 1ST: a, _OK2: b } }\n` +
          'agents:\n  one: { enabled: true, servers: [fx], secrets: { common: { "BAD NAME": 5, GOOD: 5 } } }\n'
      )
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual([env?.path, env?.line], ["servers.fx.env.1ST", 3])
      assert.deepStrictEqual([secret?.path, secret?.line], ["agents.one.secrets.common.BAD NAME", 5])
      for (const problem of [env, secret]) assert.include(problem?.message, "name of an environment variable")
    })
  )

  it.effect("with the name of a key that is there twice, and where it is first", () =>
    Effect.gen(function* () {
      const text = `${preset}servers:\n  fx: { ${stdio}, env: {} }\n  fy: { ${stdio}, env: {} }\n  fx: { ${stdio}, env: {} }\n`
      assert.deepStrictEqual(yield* problemsOf(text), [
        { path: "servers.fx", line: 5, message: "this key is there already, on line 3" }
      ])
      const [deep] = yield* problemsOf("a:\n  - b: 1\n  - { c: 1, c: 2 }\n")
      assert.deepStrictEqual([deep?.path, deep?.line], ["a.1.c", 3])
    })
  )

  it.effect("with every transport that there is; one that there is not has a code of its own", () =>
    Effect.gen(function* () {
      const text =
        `${preset}servers:\n  one: { enabled: true, transport: websocket }\n  two: { enabled: true }\n` +
        `  three: { enabled: perhaps, type: nope }\n  four: { enabled: true, type: stdio, command: x }\n` +
        `  five: { ${stdio}, env: {}, callTimeout: soon }\n`
      const problems = yield* problemsOf(text)
      const expected = "expected transport: stdio, http or sse"
      assert.deepStrictEqual(problems.slice(0, 4), [
        { path: "servers.one", line: 3, message: `${expected}, found "websocket"`, code: "UNTRUSTED_SERVER_TYPE" },
        { path: "servers.two", line: 4, message: expected },
        { path: "servers.three", line: 5, message: `${expected}, found "nope"`, code: "UNTRUSTED_SERVER_TYPE" },
        { path: "servers.four", line: 6, message: expected, suggestion: 'write "transport" instead of "type"' }
      ])
      assert.deepInclude(problems[4], { path: "servers.five.callTimeout", line: 7 })
      assert.lengthOf(problems, 5)
      const error = toJson(yield* Effect.flip(load(text)))
      assert.deepInclude(error, { error_code: "CONFIG_INVALID" })
      assert.deepInclude(error.cause, {
        error_code: "UNTRUSTED_SERVER_TYPE",
        message: `servers.one: ${expected}, found "websocket"`
      })
    })
  )

  it.effect("with how to begin where a file is empty or no configuration", () =>
    Effect.gen(function* () {
      for (const text of ["", "# nothing yet\n", "3\n"]) {
        const [problem, ...others] = yield* problemsOf(text, { environment: { LOG_LEVEL: "info" } })
        assert.deepStrictEqual(others, [])
        assert.include(problem?.suggestion, "extends: preset:default@1")
        assert.match(problem?.suggestion ?? "", /signalbox init --force -c signalbox\.yaml$/)
      }
      // What is named is the file itself, and not the one that is taken where none is named.
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${directory}/an empty.yaml`, "")
      const named = yield* Effect.flip(load(undefined, { directory, file: "an empty.yaml" }))
      assert.include(named.message, "signalbox init --force -c 'an empty.yaml')")
    })
  )

  it.effect("with the file that was meant where a folder is named", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* fs.makeDirectory(`${directory}/settings`)
      const named = { directory, file: "settings" }
      const empty = yield* Effect.flip(load(undefined, named))
      assert.include(empty.message, "settings cannot be read: it is a folder (name a file)")
      yield* fs.writeFileString(`${directory}/settings/signalbox.yml`, preset)
      const error = yield* Effect.flip(load(undefined, named))
      assert.include(error.message, 'it is a folder (did you mean "settings/signalbox.yml"?)')
      assert.notInclude(error.hint, "lines")
    })
  )

  it.effect("in one round: what agents refer to, too, all in the order of the lines", () =>
    Effect.gen(function* () {
      const text =
        `${preset}servers:\n  fx: { ${stdio}, env: {} }\n  far: { enabled: true, transport: http, url: 3, headers: {} }\n` +
        "agents:\n  one:\n    enabled: perhaps\n    servers: [fx, 4, fz, far]\n    secrets: { far: { A: b } }\n" +
        "runtime: { callTimeout: 5 }\n"
      const problems = yield* problemsOf(text, { environment: { LOG_LEVEL: "loud" } })
      assert.deepStrictEqual(
        problems.map(({ line, path }) => [line, path]),
        [
          [0, "logging.level"],
          [4, "servers.far.url"],
          [7, "agents.one.enabled"],
          [8, "agents.one.servers.1"],
          [8, "agents.one.servers.2"],
          [9, "agents.one.secrets.far"],
          [10, "runtime.callTimeout"]
        ]
      )
      assert.strictEqual(problems[4]?.suggestion, 'did you mean "fx"?')
    })
  )
})
