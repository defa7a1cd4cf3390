import { assert, layer } from "@effect/vitest"
import { configTemplate, configVariables } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Logger, Redacted } from "effect"
import { stringify } from "yaml"
import { load, problemsOf } from "./support.ts"

const preset = "preset:default@1"
const catalog = "MCP_CONFIG_PATH"

const flag = (key: string, value: string) => ({ path: ["model", key], value, flag: `--${key}` })

/** What is logged meanwhile. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    yield* Effect.provide(effect, Logger.layer([logger]))
    return lines
  })

layer(NodeServices.layer)("the layers of the configuration", (it) => {
  it.effect("are flags over the environment over the file over the preset, and each value says its own", () =>
    Effect.gen(function* () {
      const text = stringify({
        extends: preset,
        conversation: { maxHops: 2, toolConcurrency: 2 },
        model: { name: "f" }
      })
      const environment = {
        SIGNALBOX_CONVERSATION_MAX_HOPS: "3",
        LOG_LEVEL: "trace",
        SIGNALBOX_MODEL_NAME: "e",
        SIGNALBOX_SERVER_PORT: "5000"
      }
      const dotEnvNames = new Set(["SIGNALBOX_SERVER_PORT"])
      const flags = [{ path: ["model", "name"], value: "g", flag: "--model" }]
      const { options, origins } = yield* load(text, { environment, dotEnvNames, flags })
      const found = new Map(origins.map(({ origin, path, value }) => [path, [value, origin]]))
      assert.deepStrictEqual(found.get("model.name"), ["g", "flag --model"])
      assert.deepStrictEqual(found.get("conversation.maxHops"), [3, "environment SIGNALBOX_CONVERSATION_MAX_HOPS"])
      assert.deepStrictEqual(found.get("server.port"), [5000, ".env SIGNALBOX_SERVER_PORT"])
      assert.deepStrictEqual(found.get("conversation.toolConcurrency"), [2, "signalbox.yaml:4"])
      assert.deepStrictEqual(found.get("conversation.maxSessions"), [1000, preset])
      assert.deepStrictEqual(found.get("logging.level"), ["trace", "environment LOG_LEVEL"])
      assert.deepStrictEqual([options.model.name, options.conversation.maxHops, options.server.port], ["g", 3, 5000])
    })
  )
  it.effect("mean the model that is named in one, also over one that says the offline model", () =>
    Effect.gen(function* () {
      const offline = { extends: preset, model: { provider: "offline" } }
      const named = { SIGNALBOX_MODEL_NAME: "e" }
      const cases = [
        [offline, {}, [flag("name", "g")], "auto g"],
        [offline, named, [], "auto e"],
        [{ extends: preset }, { SIGNALBOX_MODEL_PROVIDER: "offline" }, [flag("name", "g")], "auto g"],
        // It is said together with it, or over it.
        [offline, {}, [flag("provider", "offline"), flag("name", "g")], "offline g"],
        [offline, { ...named, SIGNALBOX_MODEL_PROVIDER: "offline" }, [], "offline e"],
        [{ ...offline, model: { provider: "offline", name: "f" } }, {}, [], "offline f"],
        [{ extends: preset, model: { provider: "claude", name: "f" } }, {}, [flag("provider", "offline")], "offline f"],
        [offline, {}, [flag("name", "")], "offline "]
      ] as const
      for (const [file, environment, flags, expected] of cases) {
        const { model } = (yield* load(stringify(file), { environment, flags })).options
        assert.strictEqual(`${model.provider} ${model.name}`, expected)
      }
    })
  )
  it.effect("take the variables of other MCP hosts for the keys that mean the same, with times in seconds", () =>
    Effect.gen(function* () {
      const given: ReadonlyArray<readonly [variable: string, text: string, path: string, value: unknown]> = [
        ["MCP_LOG_LEVEL", "DEBUG", "logging.level", "DEBUG"],
        ["MCP_LOG_FILE", "a.log", "logging.file", "a.log"],
        ["MCP_ENABLE_MOCKS", "true", "testing.mocks", true],
        ["MCP_SINGLE_CONNECTION", "true", "testing.singleConnection", true],
        ["MCP_DISABLE_HEALTH_CHECKS", "true", "testing.healthChecks", false],
        ["MCP_MAX_REQUEST_SIZE", "1000", "runtime.maxRequestBytes", 1000],
        ["MCP_MAX_RESPONSE_SIZE", "2000", "runtime.maxMessageBytes", 2000],
        ["MCP_CONNECTION_TIMEOUT", "12.5", "runtime.connectTimeout", "12.5 seconds"],
        ["MCP_DEFAULT_RETRIES", "4", "runtime.restart.maxRestarts", 4],
        ["MCP_POOL_MIN_CONNECTIONS", "2", "runtime.sessions.min", 2],
        ["MCP_MAX_TOTAL_CONNECTIONS", "100", "runtime.maxTotalConnections", 100],
        ["MCP_POOL_MAX_CONNECTIONS", "3", "runtime.sessions.max", 3],
        ["MCP_MAX_IDLE_TIME", "90", "runtime.sessions.idleTimeToLive", "90 seconds"],
        ["MCP_HEALTH_CHECK_INTERVAL", "7", "runtime.health.interval", "7 seconds"],
        ["MCP_METRICS_INTERVAL", "8", "runtime.metrics.refresh", "8 seconds"],
        ["MCP_ENABLE_CIRCUIT_BREAKERS", "false", "runtime.breaker.enabled", false],
        ["MCP_CIRCUIT_BREAKER_FAILURE_THRESHOLD", "9", "runtime.breaker.failures", 9],
        ["MCP_CIRCUIT_BREAKER_RECOVERY_TIMEOUT", "11", "runtime.breaker.openFor", "11 seconds"]
      ]
      const environment = Object.fromEntries(given.map(([variable, text]) => [variable, text]))
      const { origins } = yield* load(stringify({ extends: preset }), { environment })
      const found = new Map(origins.map(({ origin, path, value }) => [path, [value, origin]]))
      for (const [variable, , path, value] of given) {
        assert.deepStrictEqual(found.get(path), [value, `environment ${variable}`])
      }
      const apart = ["MCP_CONFIG_PATH", "MCP_DEBUG", "MCP_ENABLED"]
      const known = configVariables.map(({ variable }) => variable).filter((name) => name.startsWith("MCP_"))
      assert.sameMembers([...given.map(([variable]) => variable), ...apart], known)
      const own = { ...environment, SIGNALBOX_RUNTIME_SESSIONS_MAX: "5" }
      assert.strictEqual(
        (yield* load(stringify({ extends: preset }), { environment: own })).options.runtime.sessions.max,
        5
      )
    })
  )
  it.effect("tell of a wrong variable of another host its name", () =>
    Effect.gen(function* () {
      // Any text can be the name of a file.
      const files = new Set([catalog, "MCP_LOG_FILE"])
      const wrong = configVariables.filter(({ variable }) => variable.startsWith("MCP_") && !files.has(variable))
      assert.isAbove(wrong.length, 15)
      for (const { variable } of wrong) {
        const [problem, ...others] = yield* problemsOf(stringify({ extends: preset }), {
          environment: { [variable]: "abc" }
        })
        assert.include(JSON.stringify(problem), variable)
        assert.deepStrictEqual(others, [], variable)
      }
    })
  )
  it.effect(
    "ask for lines about everything where a variable says that faults are looked for, and no level is named",
    () =>
      Effect.gen(function* () {
        for (const [environment, level] of [
          [{ MCP_DEBUG: "true" }, "debug"],
          [{ MCP_DEBUG: "false" }, "warn"],
          [{ MCP_DEBUG: "true", MCP_LOG_LEVEL: "error" }, "error"]
        ] as const) {
          assert.strictEqual(
            (yield* load(stringify({ extends: preset }), { environment })).options.logging.level,
            level
          )
        }
      })
  )
  it.effect("switch every server off by one variable, wherever it comes from", () =>
    Effect.gen(function* () {
      const entry = { enabled: true, transport: "http", url: "http://127.0.0.1:1/mcp", headers: {} }
      const text = stringify({ extends: preset, servers: { a: entry, b: { ...entry, enabled: false } } })
      const { options, origins } = yield* load(text, { environment: { MCP_ENABLED: "false" } })
      assert.deepStrictEqual(
        Object.values(options.servers).map(({ enabled }) => enabled),
        [false, false]
      )
      const origin = origins.find(({ path }) => path === "servers.a.enabled")?.origin
      assert.strictEqual(origin, "environment MCP_ENABLED")
      const SIGNALBOX_SERVERS = JSON.stringify({ c: entry })
      const both = yield* load(text, { environment: { MCP_ENABLED: "false", SIGNALBOX_SERVERS } })
      assert.isFalse(both.options.servers["c"]?.enabled)
      assert.isTrue((yield* load(text, { environment: { MCP_ENABLED: "true" } })).options.servers["a"]?.enabled)
    })
  )
  it.effect("name each value once, and no map that has values", () =>
    Effect.gen(function* () {
      const server = { enabled: true, transport: "http", url: "http://127.0.0.1:1/mcp", headers: {} }
      const { origins } = yield* load(stringify({ extends: preset, servers: { a: server } }))
      const paths = origins.map(({ path }) => path)
      assert.strictEqual(new Set(paths).size, paths.length)
      for (const path of paths)
        assert.isFalse(
          paths.some((other) => other.startsWith(`${path}.`)),
          path
        )
      assert.include(paths, "servers.a.headers")
    })
  )
  it.effect("tell of a wrong value the variable or the flag that set it, and of a missing key the line", () =>
    Effect.gen(function* () {
      const environment = { SIGNALBOX_CONVERSATION_MAX_HOPS: "lots" }
      const flags = [{ path: ["server", "port"], value: -1, flag: "--port" }]
      const text = configTemplate.replace(/ {2}toolConcurrency.*\n/, "")
      const problems = yield* problemsOf(text, { environment, flags })
      const byPath = new Map(problems.map(({ line, message, path }) => [path, { line, message }]))
      assert.include(byPath.get("conversation.maxHops")?.message, "environment SIGNALBOX_CONVERSATION_MAX_HOPS")
      assert.include(byPath.get("server.port")?.message, "flag --port")
      assert.strictEqual(byPath.get("server.port")?.line, 0)
      const missing = byPath.get("conversation.toolConcurrency")
      assert.strictEqual(missing?.message, "missing key")
      assert.strictEqual(text.split("\n")[(missing?.line ?? 0) - 1], "conversation:")
    })
  )
  it.effect("warn of variables with our prefix that nothing reads, and name the one that was meant", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        load(configTemplate, {
          environment: {
            SIGNALBOX_CONVERSATION_MAX_HOP: "3",
            SIGNALBOX_CONFG: "x.yaml",
            SIGNALBOX_WHATEVER_ELSE: "1",
            SIGNALBOX_CONFIG: "signalbox.yaml",
            SIGNALBOX_OWNER: "1-2",
            SIGNALBOX_MODEL_NAME: "x",
            OTHER_MAX_HOPS: "1"
          }
        })
      )
      assert.lengthOf(lines, 3)
      assert.match(lines[0] ?? "", /SIGNALBOX_CONVERSATION_MAX_HOP .*Did you mean SIGNALBOX_CONVERSATION_MAX_HOPS\?/)
      assert.match(lines[1] ?? "", /SIGNALBOX_CONFG .*Did you mean SIGNALBOX_CONFIG\?/)
      assert.match(lines[2] ?? "", /SIGNALBOX_WHATEVER_ELSE .*signalbox config explain/)
    })
  )
})

const loadServers = (servers: unknown) =>
  Effect.map(
    load(configTemplate, { environment: { SIGNALBOX_SERVERS: JSON.stringify(servers) } }),
    ({ options }) => options.servers
  )

layer(NodeServices.layer)("SIGNALBOX_SERVERS", (it) => {
  it.effect("replaces the servers of the file, through the same checks", () =>
    Effect.gen(function* () {
      const one = { a: { enabled: true, transport: "http", url: "http://127.0.0.1:1/mcp", headers: {} } }
      assert.deepStrictEqual(Object.keys(yield* loadServers(one)), ["a"])
      const problems = yield* problemsOf(configTemplate, { environment: { SIGNALBOX_SERVERS: '{"a":{}}' } })
      assert.strictEqual(problems[0]?.path, "servers.a")
    })
  )
  it.effect("may hold what other programs write: a list with names, or a map of commands and URLs", () =>
    Effect.gen(function* () {
      const list = yield* loadServers({
        servers: [
          { name: "a", command: "node a.js" },
          { name: "b", url: "http://h" }
        ]
      })
      assert.deepStrictEqual(Object.keys(list), ["a", "b"])
      const map = yield* loadServers({ mcpServers: { c: { command: "npx", args: ["-y", "c"] } } })
      assert.deepInclude(map["c"], { enabled: true, transport: "stdio", command: "npx", args: ["-y", "c"] })
    })
  )
  it.effect("leaves no entry out: what cannot be used is told, together with what is wrong in the file", () =>
    Effect.gen(function* () {
      const SIGNALBOX_SERVERS = JSON.stringify({ servers: [{ name: "a" }, { name: "b", command: "x" }] })
      const problems = yield* problemsOf(configTemplate.replace("maxHops: 8", "maxHops: 0"), {
        environment: { SIGNALBOX_SERVERS }
      })
      assert.deepStrictEqual(
        problems.map(({ path }) => path),
        ["servers.a", "conversation.maxHops"]
      )
      assert.include(problems[0]?.message, "neither a command nor a url, from environment SIGNALBOX_SERVERS")
    })
  )
  it.effect("may stand in a file of its own, which wins", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const file = `${directory}/servers.yaml`
      yield* fs.writeFileString(file, "mcpServers:\n  c: { command: npx, args: [-y, c] }\n")
      const environment = { SIGNALBOX_SERVERS_CONFIG: file, SIGNALBOX_SERVERS: '{"a":{}}' }
      const { options, origins } = yield* load(configTemplate, { environment })
      assert.deepInclude(options.servers["c"], { enabled: true, transport: "stdio", command: "npx", args: ["-y", "c"] })
      const origin = origins.find(({ path }) => path === "servers.c.command")?.origin
      assert.strictEqual(origin, "environment SIGNALBOX_SERVERS_CONFIG")
      const missing = { SIGNALBOX_SERVERS_CONFIG: `${directory}/nothing.yaml` }
      const error = yield* Effect.flip(load(configTemplate, { environment: missing }))
      assert.include(error.message, "nothing.yaml")
    })
  )
  it.effect(
    "gives way to the file that other hosts take their servers from only where no variable of ours names any",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const directory = yield* fs.makeTempDirectoryScoped()
        const file = `${directory}/.mcp.json`
        yield* fs.writeFileString(file, JSON.stringify({ mcpServers: { c: { command: "npx", args: ["-y", "c"] } } }))
        const one = { enabled: true, transport: "http", url: "http://127.0.0.1:1/mcp", headers: {} }
        const text = stringify({ extends: preset, servers: { own: one } })
        const environment = { [catalog]: file }
        const lines = yield* logged(
          Effect.map(load(text, { environment }), ({ options, origins }) => {
            assert.deepStrictEqual(Object.keys(options.servers), ["c"])
            const origin = origins.find(({ path }) => path === "servers.c.command")?.origin
            assert.strictEqual(origin, "environment MCP_CONFIG_PATH")
          })
        )
        assert.deepStrictEqual(lines, [
          "The servers of the configuration are not used: MCP_CONFIG_PATH names a file with others."
        ])
        const SIGNALBOX_SERVERS = JSON.stringify({ a: one })
        const { options } = yield* load(text, { environment: { ...environment, SIGNALBOX_SERVERS } })
        assert.deepStrictEqual(Object.keys(options.servers), ["a"])
      })
  )
  it.effect("is told of when it is no JSON", () =>
    Effect.gen(function* () {
      const [problem] = yield* problemsOf(configTemplate, { environment: { SIGNALBOX_SERVERS: "nope" } })
      assert.include(problem?.message, "not a JSON object, from environment SIGNALBOX_SERVERS")
    })
  )
  it.effect("may hold a server of ours that is called servers", () =>
    Effect.gen(function* () {
      const servers = { enabled: true, transport: "stdio", command: "x", args: [], env: {} }
      assert.deepStrictEqual(Object.keys(yield* loadServers({ servers })), ["servers"])
    })
  )
})

layer(NodeServices.layer)("a key in the configuration", (it) => {
  const key = "sk-canary-0123456789"
  const named = "hunter22hunter22"

  it.effect("is a secret from the start, whether a flag brings it or the file holds it", () =>
    Effect.gen(function* () {
      const flags = [{ path: ["providers", "claude", "apiKey"], value: Redacted.make(named), flag: "--api-key" }]
      const text = stringify({ extends: preset, providers: { openai: { apiKey: named } } })
      const config = yield* load(text, { flags })
      const { claude, openai, openrouter } = config.options.providers
      for (const apiKey of [claude?.apiKey, openai?.apiKey]) {
        assert.isTrue(Redacted.isRedacted(apiKey))
        assert.strictEqual(Redacted.isRedacted(apiKey) ? Redacted.value(apiKey) : "", named)
      }
      assert.strictEqual(openrouter?.apiKey, "env:OPENROUTER_API_KEY")
      assert.notInclude(JSON.stringify(config), named)
    })
  )
  it.effect("is shown to nobody who asks where values come from; a reference is", () =>
    Effect.gen(function* () {
      const { origins } = yield* load(
        stringify({
          extends: preset,
          servers: {
            a: {
              enabled: true,
              transport: "stdio",
              command: "x",
              args: ["--key", key],
              env: { API_KEY: named, OTHER: "env:OTHER", TOKEN: "env:TOKEN", URL: `http://u:${named}@h`, NONE: "" }
            },
            b: { enabled: true, transport: "http", url: "http://h", headers: { Authorization: named } }
          }
        })
      )
      const found = new Map(origins.map(({ path, value }) => [path, value]))
      assert.notMatch(JSON.stringify([...found]), /hunter22|canary/)
      assert.strictEqual(found.get("servers.a.env.TOKEN"), "env:TOKEN")
      assert.strictEqual(found.get("servers.a.env.NONE"), "")
      assert.strictEqual(found.get("servers.b.headers.Authorization"), "<redacted>")
    })
  )
  it.effect("is not repeated by a message about it", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(
        stringify({
          extends: preset,
          providers: { claude: { apiKey: [named] } },
          servers: {
            a: { enabled: true, transport: "http", url: `h?token=${named}`, headers: { Authorization: 1234567890 } }
          }
        })
      )
      assert.deepStrictEqual(
        problems.map(({ message }) => message),
        [
          'Expected string, found "<redacted>"',
          'Expected a URL that starts with http:// or https://, found "h?token=<redacted>"',
          'Expected string, found "<redacted>"'
        ]
      )
      assert.notMatch(JSON.stringify(problems), /hunter22|1234567890/)
    })
  )
})
