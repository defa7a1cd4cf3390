import { assert, layer } from "@effect/vitest"
import { toJson } from "@signalbox/errors"
import { configTemplate } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Duration, Effect, FileSystem } from "effect"
import { parseDocument, stringify } from "yaml"
import { load, problemsOf } from "./support.ts"

const leafPaths = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, inner]) => leafPaths(inner, [...path, key]))
    : [path]

/** Whoever lists variables names those that they want. */
const isChosen = (path: ReadonlyArray<string>) => path.join(".").startsWith("tools.commands.environment.")

const withServer = (server: unknown) => configTemplate.replace("servers: {}", stringify({ servers: { files: server } }))

layer(NodeServices.layer)("the configuration file", (it) => {
  it.effect("that init writes is complete and valid", () =>
    Effect.gen(function* () {
      const { options } = yield* load(configTemplate)
      assert.strictEqual(options.conversation.maxHops, 8)
      assert.deepStrictEqual(options.servers, {})
    })
  )

  it.effect(
    "needs every key: each one that is deleted is named with its path and line",
    () =>
      Effect.gen(function* () {
        const paths = leafPaths(parseDocument(configTemplate).toJS()).filter((path) => !isChosen(path))
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
      }),
    // It reads the whole configuration once for each key.
    60_000
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

  it.effect("takes calls that belong to the start of a server, and tells of those that name no tool", () =>
    Effect.gen(function* () {
      const server = { enabled: true, transport: "stdio", command: "x", args: [], env: {} }
      const { options } = yield* load(withServer({ ...server, onStart: [{ tool: "open", args: { path: "." } }] }))
      assert.deepStrictEqual(options.servers["files"]?.onStart, [{ tool: "open", args: { path: "." } }])
      const problems = yield* problemsOf(withServer({ ...server, onStart: [{ tool: "" }, { name: "open" }] }))
      assert.includeMembers(
        problems.map(({ path }) => path),
        ["servers.files.onStart.0.tool", "servers.files.onStart.1.tool", "servers.files.onStart.1.name"]
      )
    })
  )

  it.effect("takes other names and descriptions for tools, and tells of names that are wrong or given twice", () =>
    Effect.gen(function* () {
      const stdio = "enabled: true, transport: stdio, command: x, args: [], env: {}"
      const text = (one: string, two: string) =>
        `extends: preset:default@1\nservers:\n  one: { ${stdio}, tools: ${one} }\n  two: { ${stdio}, tools: ${two} }\n`
      const sound = text(
        '{ rename: { read: open_note }, describe: { read: "Opens a note." } }',
        "{ rename: { read: see } }"
      )
      const { options } = yield* load(sound)
      assert.deepStrictEqual(options.servers["one"]?.tools?.rename, { read: "open_note" })
      assert.deepStrictEqual(
        (yield* problemsOf(text("{ rename: { read: open note } }", '{ describe: { read: "" } }'))).map(
          ({ line, path }) => [path, line]
        ),
        [
          ["servers.one.tools.rename.read", 3],
          ["servers.two.tools.describe.read", 4]
        ]
      )
      const [twice, ...others] = yield* problemsOf(text("{ rename: { read: see } }", "{ rename: { look: see } }"))
      assert.deepStrictEqual([twice?.path, twice?.line, others], ["servers.two.tools.rename.look", 4, []])
      assert.include(twice?.message, "another name than read of one")
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

  it.effect("says what a server is where there is something else", () =>
    Effect.gen(function* () {
      const [problem] = yield* problemsOf(withServer(3))
      assert.strictEqual(problem?.path, "servers.files")
      assert.strictEqual(
        problem?.message,
        "expected a server: transport, then command, file or url, and so on, found 3"
      )
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
      const [alias] = yield* problemsOf("extends: preset:default@1\nmodel: *nothing\n")
      assert.deepInclude(alias, { line: 2, message: "there is no anchor &nothing above this alias" })
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

  it.effect("takes durations in short form, too", () =>
    Effect.gen(function* () {
      const { options } = yield* load(configTemplate.replace("toolTimeout: 2 minutes", "toolTimeout: 90s"))
      assert.strictEqual(Duration.toMillis(options.conversation.toolTimeout), 90_000)
    })
  )

  it.effect("is told of when it cannot be read", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* fs.makeDirectory(`${directory}/folder.yaml`)
      const error = yield* Effect.flip(load(undefined, { directory, file: "folder.yaml" }))
      assert.strictEqual(error.status.exit, 78)
      assert.include(error.message, "folder.yaml cannot be read: ")
      assert.include(JSON.stringify(toJson(error)), "EISDIR")
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
