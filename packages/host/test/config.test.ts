import { assert, describe, it as it_, layer } from "@effect/vitest"
import { type ConfigInvalid, configTemplate, loadConfig, presets } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Duration, Effect, FileSystem, Path } from "effect"
import { parseDocument, stringify } from "yaml"

type Overrides = {
  environment?: Record<string, string>
  flags?: Parameters<typeof loadConfig>[0]["flags"]
  whenMissing?: "fail" | "preset"
}

const load = Effect.fnUntraced(function* (text: string | undefined, overrides: Overrides = {}) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* fs.makeTempDirectoryScoped()
  if (text !== undefined) yield* fs.writeFileString(path.join(directory, "signalbox.yaml"), text)
  return yield* loadConfig({
    file: undefined,
    directory,
    environment: {},
    flags: [],
    whenMissing: "fail",
    ...overrides
  })
})

const problemsOf = (text: string, overrides: Overrides = {}) =>
  load(text, overrides).pipe(
    Effect.flip,
    Effect.map((error) => {
      assert.strictEqual(error._tag, "ConfigInvalid")
      // Just checked.
      return (error as ConfigInvalid).problems
    })
  )

const leafPaths = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, inner]) => leafPaths(inner, [...path, key]))
    : [path]

const withServer = (server: unknown) => configTemplate.replace("servers: {}", stringify({ servers: { files: server } }))

layer(NodeServices.layer)("the configuration file", (it) => {
  it.effect("that init writes is complete and valid", () =>
    Effect.gen(function* () {
      const { options } = yield* load(configTemplate)
      assert.strictEqual(options.conversation.maxHops, 8)
      assert.deepStrictEqual(options.servers, {})
    })
  )

  it.effect("needs every key: each one that is deleted is named with its path and line", () =>
    Effect.gen(function* () {
      const paths = leafPaths(parseDocument(configTemplate).toJS())
      assert.isAbove(paths.length, 30)
      for (const path of paths) {
        const document = parseDocument(configTemplate)
        document.deleteIn(path)
        const problems = yield* problemsOf(String(document))
        assert.deepStrictEqual(
          problems.map((problem) => [problem.path, problem.message]),
          [[path.join("."), "missing key"]]
        )
        assert.isAbove(problems[0]?.line ?? 0, 0)
      }
    })
  )

  it.effect("may leave out keys when it extends a preset", () =>
    Effect.gen(function* () {
      const { options, origins } = yield* load("extends: preset:default@1\nconversation:\n  maxHops: 3\n")
      assert.strictEqual(options.conversation.maxHops, 3)
      assert.strictEqual(options.conversation.toolConcurrency, 5)
      const originOf = (path: string) => origins.find((origin) => origin.path === path)?.origin
      assert.strictEqual(originOf("conversation.maxHops"), "signalbox.yaml:3")
      assert.strictEqual(originOf("conversation.toolConcurrency"), "preset:default@1")
    })
  )

  it.effect("reports all problems at once, with lines and suggestions", () =>
    Effect.gen(function* () {
      const text = configTemplate
        .replace("maxHops: 8", "maxHopz: 8")
        .replace("toolTimeout: 2 minutes", "toolTimeout: soon")
        .replace("port: 4000", "port: 99999")
        .replace(
          "servers: {}",
          "servers:\n  a: { enabled: true, transport: pigeon }\n  b: { transport: stdio, command: x, args: [], env: {} }\n"
        )
      const problems = yield* problemsOf(text)
      const byPath = new Map(problems.map((problem) => [problem.path, problem]))
      assert.deepStrictEqual([...byPath.keys()].toSorted(), [
        "conversation.maxHops",
        "conversation.maxHopz",
        "conversation.toolTimeout",
        "server.port",
        "servers.a",
        "servers.b.enabled"
      ])
      assert.strictEqual(byPath.get("conversation.maxHopz")?.suggestion, 'did you mean "maxHops"?')
      assert.include(byPath.get("conversation.toolTimeout")?.message, "30 seconds")
      assert.include(byPath.get("servers.a")?.message, "stdio")
      const lines = text.split("\n")
      assert.include(lines[(byPath.get("server.port")?.line ?? 0) - 1], "port: 99999")
      assert.include(lines[(byPath.get("servers.b.enabled")?.line ?? 0) - 1], "b: {")
    })
  )

  it.effect("checks ranges and relations between keys", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [string, string, string]> = [
        ["maxHops: 8", "maxHops: 0", "conversation.maxHops"],
        ["toolTimeout: 2 minutes", "toolTimeout: 0 seconds", "conversation.toolTimeout"],
        ["maxDelay: 30 seconds", "maxDelay: 1 millis", "runtime.restart.maxDelay"],
        ["maxDelay: 30 seconds\n    factor: 2", "maxDelay: 30 seconds\n    factor: 0.5", "runtime.restart.factor"],
        ["attempts: 3", "attempts: 0", "model.retry.attempts"],
        ["maxDelay: 60 seconds", "maxDelay: 1 millis", "model.retry.maxDelay"],
        ["level: warn", "level: loud", "logging.level"],
        ["baseUrl: https://api.anthropic.com", "baseUrl: api.anthropic.com", "providers.claude.baseUrl"],
        ["naming: prefix", "naming: last", "runtime.naming"]
      ]
      for (const [from, to, path] of cases) {
        const problems = yield* problemsOf(configTemplate.replace(from, to))
        assert.deepStrictEqual(
          problems.map((problem) => problem.path),
          [path],
          to
        )
      }
    })
  )

  it.effect("needs a URL for a health check by HTTP", () =>
    Effect.gen(function* () {
      const server = { enabled: true, transport: "stdio", command: "node", args: [], env: {} }
      const { options } = yield* load(withServer({ ...server, health: { check: "http", url: "http://127.0.0.1:1/" } }))
      assert.strictEqual(options.servers["files"]?.health?.check, "http")
      const problems = yield* problemsOf(withServer({ ...server, health: { check: "http" } }))
      assert.strictEqual(problems[0]?.path, "servers.files.health.url")
    })
  )

  it.effect("tells of broken YAML and duplicate keys by line", () =>
    Effect.gen(function* () {
      assert.isAbove((yield* problemsOf("model: [\n"))[0]?.line ?? 0, 0)
      const twice = yield* problemsOf("a: 1\na: 2\n")
      assert.strictEqual(twice[0]?.line, 2)
    })
  )

  it.effect("reads a server with its overrides, and refuses one without its plain facts", () =>
    Effect.gen(function* () {
      const { options } = yield* load(
        withServer({
          enabled: true,
          transport: "stdio",
          command: "node",
          args: ["x", 1],
          env: { N: 5 },
          callTimeout: "1 second"
        })
      )
      const server = options.servers["files"]
      assert.strictEqual(server?.transport === "stdio" ? server.env["N"] : undefined, "5")
      const problems = yield* problemsOf(withServer({ enabled: true, transport: "stdio", command: "node" }))
      assert.deepStrictEqual(
        problems.map((problem) => problem.path),
        ["servers.files.args", "servers.files.env"]
      )
    })
  )

  it.effect("is overridden by the environment, and that by flags", () =>
    Effect.gen(function* () {
      const environment = { SIGNALBOX_CONVERSATION_MAX_HOPS: "3", LOG_LEVEL: "trace", SIGNALBOX_MODEL_NAME: "x" }
      const flags = [{ path: ["model", "name"], value: "y", flag: "--model" }]
      const { options, origins } = yield* load(configTemplate, { environment, flags })
      assert.strictEqual(options.conversation.maxHops, 3)
      assert.strictEqual(options.logging.level, "trace")
      assert.strictEqual(options.model.name, "y")
      assert.strictEqual(origins.find(({ path }) => path === "model.name")?.origin, "flag --model")
      assert.strictEqual(
        origins.find(({ path }) => path === "conversation.maxHops")?.origin,
        "environment SIGNALBOX_CONVERSATION_MAX_HOPS"
      )
    })
  )

  it.effect("names the variable or flag that set a wrong value, not a line of the file", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(configTemplate, { environment: { SIGNALBOX_CONVERSATION_MAX_HOPS: "lots" } })
      assert.strictEqual(problems[0]?.line, 0)
      assert.include(problems[0]?.message, "environment SIGNALBOX_CONVERSATION_MAX_HOPS")
    })
  )

  it.effect("takes durations in short form, too", () =>
    Effect.gen(function* () {
      const { options } = yield* load(configTemplate.replace("toolTimeout: 2 minutes", "toolTimeout: 90s"))
      assert.strictEqual(Duration.toMillis(options.conversation.toolTimeout), 90_000)
    })
  )

  it.effect("takes its servers from SIGNALBOX_SERVERS, through the same checks", () =>
    Effect.gen(function* () {
      const one = { a: { enabled: true, transport: "http", url: "http://127.0.0.1:1/mcp", headers: {} } }
      const { options } = yield* load(configTemplate, { environment: { SIGNALBOX_SERVERS: JSON.stringify(one) } })
      assert.deepStrictEqual(Object.keys(options.servers), ["a"])
      const older = { a: { ...one.a, transport: "sse" } }
      const { options: olderOptions } = yield* load(configTemplate, {
        environment: { SIGNALBOX_SERVERS: JSON.stringify(older) }
      })
      assert.strictEqual(olderOptions.servers["a"]?.transport, "sse")
      const problems = yield* problemsOf(configTemplate, { environment: { SIGNALBOX_SERVERS: '{"a":{}}' } })
      assert.strictEqual(problems[0]?.path, "servers.a")
      const broken = yield* problemsOf(configTemplate, { environment: { SIGNALBOX_SERVERS: "nope" } })
      assert.include(broken[0]?.message, "SIGNALBOX_SERVERS")
    })
  )

  it.effect("may be absent where the preset is good enough, and is asked for elsewhere", () =>
    Effect.gen(function* () {
      const { file, options } = yield* load(undefined, { whenMissing: "preset" })
      assert.strictEqual(file, undefined)
      assert.strictEqual(options.model.provider, "auto")
      const error = yield* Effect.flip(load(undefined))
      assert.strictEqual(error._tag, "ConfigNotFound")
    })
  )
})

describe("presets", () => {
  it_("have names with a version", () => {
    assert.deepStrictEqual([...presets.keys()], ["preset:default@1"])
  })
})
