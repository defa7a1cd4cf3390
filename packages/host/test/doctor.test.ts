import { nodePlatform } from "@signalbox/host/node"
import { assert, describe, it, layer } from "@effect/vitest"
import {
  applyRepairs,
  diagnose,
  type DiagnoseOptions,
  type Finding,
  probeDefaults,
  schemaFaults
} from "@signalbox/host/doctor"
import { loadConfig } from "@signalbox/host"
import { isInRange } from "@signalbox/orchestrator"
import { markedProcesses, startFxMcpHttp } from "@signalbox/testing"
import { Duration, Effect, FileSystem } from "effect"
import { fileURLToPath } from "node:url"
import { configWith, fxServer } from "./support.ts"

const options = (more: Partial<DiagnoseOptions> = {}): DiagnoseOptions => ({
  ...probeDefaults,
  timeout: Duration.infinity,
  owner: undefined,
  environment: {},
  system: "linux",
  ...more
})

const stdio = (command: string, more: Record<string, unknown> = {}) => ({
  enabled: true,
  transport: "stdio",
  command,
  args: [],
  env: {},
  ...more
})

const http = (url: string) => ({ enabled: true, transport: "http", url, headers: {} })

const oddTools = {
  ...stdio(process.execPath),
  args: [fileURLToPath(new URL("./oddToolsServer.mjs", import.meta.url))]
}

const examine = Effect.fnUntraced(function* (
  servers: Record<string, unknown>,
  settings: Record<string, unknown> = {},
  more: Partial<DiagnoseOptions> = {}
) {
  return yield* diagnose(yield* configWith(servers, settings), options(more))
})

const codesOf = (findings: ReadonlyArray<Finding>) => findings.map(({ code, serverName }) => `${serverName} ${code}`)

const httpServer = (flags: Parameters<typeof startFxMcpHttp>[0]) =>
  Effect.acquireRelease(
    Effect.promise(() => startFxMcpHttp(flags)),
    (server) => Effect.promise(server.close)
  )

const dying = (stderrText: string) => fxServer({ exitAtStart: 3, stderrText })

const faults = (schema: Record<string, unknown>) =>
  schemaFaults(schema).map(({ place, reason }) => `${place}: ${reason}`)

layer(nodePlatform, { excludeTestServices: true })("the doctor", (it) => {
  it.effect("has nothing to say of servers that are well, and leaves none running", () =>
    Effect.gen(function* () {
      const marker = { name: "SIGNALBOX_DOCTOR_TEST", value: `well-${process.pid}` }
      const env = { [marker.name]: marker.value }
      const found = yield* examine({
        a: { ...fxServer({ tools: "echo" }), env },
        b: { ...fxServer({ tools: "add" }), env }
      })
      assert.deepStrictEqual(found, {
        servers: [
          { name: "a", tools: 1 },
          { name: "b", tools: 1 }
        ],
        findings: []
      })
      assert.deepStrictEqual(yield* Effect.promise(() => markedProcesses(marker)), [])
    })
  )

  it.effect("says why a server cannot be started, where that stands, and what brings it", () =>
    Effect.gen(function* () {
      const { findings, servers } = yield* examine({
        missing: stdio("uvx"),
        path: stdio("./no/such/file"),
        folder: fxServer({}, { cwd: "nowhere" }),
        variable: stdio("x", { env: { TOKEN: "env:NOT_SET_ANYWHERE" } }),
        off: stdio("uvx", { enabled: false })
      })
      assert.deepStrictEqual(codesOf(findings), [
        "missing COMMAND_MISSING",
        "path COMMAND_MISSING",
        "folder CWD_MISSING",
        "variable VARIABLE_UNSET"
      ])
      assert.deepStrictEqual(
        findings.map(({ path }) => path.slice(2).join(".")),
        ["command", "command", "cwd", "env.TOKEN"]
      )
      assert.include(findings[0]?.fix, "pipx install uv")
      assert.deepStrictEqual(
        servers.map(({ tools }) => tools),
        [undefined, undefined, undefined, undefined]
      )
    })
  )

  it.effect("tells a crash with its last words, a login, and what its words often mean", () =>
    Effect.gen(function* () {
      const { findings } = yield* examine({
        crash: dying("no such database"),
        key: dying("SEARCH_API_KEY is required"),
        module: dying("Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x'"),
        port: dying("listen EADDRINUSE: address already in use"),
        silent: fxServer({ exitAtStart: 1 })
      })
      assert.deepStrictEqual(codesOf(findings), [
        "crash CRASHED_AT_START",
        "key NEEDS_LOGIN",
        "module CRASHED_AT_START",
        "port CRASHED_AT_START",
        "silent CRASHED_AT_START"
      ])
      assert.deepStrictEqual(findings[0]?.lines, ["no such database"])
      assert.include(findings[2]?.fix, "dependencies")
      assert.include(findings[3]?.fix, "port")
      assert.include(findings[4]?.fix, "by hand")
    })
  )

  it.effect("tells a server over HTTP that wants credentials from one that is not there", () =>
    Effect.gen(function* () {
      const shut = yield* httpServer({ fault: ["status:401@initialize"], era: "2025" })
      const gone = yield* httpServer({})
      yield* Effect.promise(gone.close)
      const { findings } = yield* examine({ shut: http(shut.url), gone: http(gone.url) })
      assert.deepStrictEqual(codesOf(findings), ["shut NEEDS_LOGIN", "gone UNREACHABLE"])
    })
  )

  it.effect("tells one that does not answer, and one that writes what is no message", () =>
    Effect.gen(function* () {
      const limit = { connectTimeout: "500 millis" }
      const { findings } = yield* examine({
        hangs: fxServer({ hangInit: true }, limit),
        talks: stdio("/bin/sh", { ...limit, args: ["-c", "echo Listening on port 80; read x; read y"] })
      })
      assert.deepStrictEqual(codesOf(findings), ["hangs NO_ANSWER", "talks NO_ANSWER", "talks STDOUT_JUNK"])
      assert.include(findings[0]?.fix, "connectTimeout")
      assert.include(findings[1]?.fix, "no MCP messages")
      assert.deepStrictEqual(findings[2]?.lines, ["Listening on port 80"])
    })
  )

  it.effect("compares versions with what the programs say of themselves", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      yield* fs.writeFileString(`${folder}/python3`, "#!/bin/sh\necho Python 3.11.4\n", { mode: 0o755 })
      const env = { PATH: folder }
      const log = `${folder}/started`
      const { findings, servers } = yield* examine({
        old: fxServer({ tools: "echo", log }, { requires: { node: "99" } }),
        fits: fxServer({ tools: "add" }, { requires: { node: ">=22 <99", python: "3.11" }, env }),
        absent: fxServer({ tools: "sleep", log }, { requires: { python: "^3.12", cobol: "1" }, env })
      })
      assert.deepStrictEqual(codesOf(findings), [
        "old RUNTIME_VERSION",
        "absent RUNTIME_VERSION",
        "absent RUNTIME_VERSION"
      ])
      assert.include(findings[0]?.message, `"old" needs node 99, and node ${process.version.slice(1)} is here.`)
      assert.include(findings[1]?.message, "python 3.11.4 is here")
      assert.include(findings[2]?.message, "cobol does not answer")
      for (const { severity } of findings) assert.strictEqual(severity, "error")
      assert.deepStrictEqual(
        servers.map(({ name, tools }) => [name, tools === undefined]),
        [
          ["old", true],
          ["fits", false],
          ["absent", true]
        ]
      )
      // A start would refuse them, so they were not started.
      assert.isFalse(yield* fs.exists(log))
    })
  )

  it.effect("finds tools that model providers refuse, tools that cannot be used, and names that nobody has", () =>
    Effect.gen(function* () {
      const { findings } = yield* examine({ odd: { ...oddTools, tools: { deny: ["choise"] } } })
      assert.deepStrictEqual(codesOf(findings), [
        "odd STDOUT_JUNK",
        "odd TOOL_UNUSABLE",
        "odd SCHEMA_REJECTED",
        "odd TOOL_UNKNOWN"
      ])
      assert.include(findings[2]?.message, '"choice"')
      assert.include(findings[2]?.message, '"oneOf" is not allowed')
      const denied = yield* examine({ odd: { ...oddTools, tools: { deny: ["choice"] } } })
      assert.deepStrictEqual(codesOf(denied.findings), ["odd STDOUT_JUNK", "odd TOOL_UNUSABLE"])
    })
  )

  it.effect("finds what is wrong between servers", () =>
    Effect.gen(function* () {
      const health = { check: "http", url: "http://127.0.0.1:1/health" }
      const one = fxServer({ tools: "echo" }, { health })
      const servers = { one, two: one, other: fxServer({ tools: "echo,add" }) }
      const prefixed = yield* examine(servers)
      assert.deepStrictEqual(codesOf(prefixed.findings), [
        "two DUPLICATE_SERVER",
        "two DUPLICATE_HEALTH_URL",
        "other TOOL_NAME_CLASH"
      ])
      assert.include(prefixed.findings[2]?.message, '"one", "two", "other" share tool names')
      assert.strictEqual(prefixed.findings[2]?.severity, "note")
      const first = yield* examine(servers, { "runtime.naming": "first" })
      assert.strictEqual(first.findings[2]?.severity, "warning")
      const only = yield* examine(servers, {}, { only: ["one"] })
      assert.deepStrictEqual(only, { servers: [{ name: "one", tools: 1 }], findings: [] })
    })
  )

  it.effect("repairs what it found, and finds it no more", () =>
    Effect.gen(function* () {
      const fx = fxServer({ tools: "echo" })
      const config = yield* configWith({
        a: fx,
        b: fx,
        odd: oddTools,
        folder: fxServer({ tools: "add" }, { cwd: "deep/er" })
      })
      const before = yield* diagnose(config, options())
      const repairs = before.findings.flatMap(({ repair }) => repair ?? [])
      assert.deepStrictEqual(
        repairs.map(({ _tag }) => _tag),
        ["DisableServer", "DenyTool", "CreateFolder"]
      )
      const source = {
        file: undefined,
        directory: config.directory,
        environment: {},
        flags: [],
        whenMissing: "fail"
      } as const
      yield* applyRepairs(source, repairs)
      const fs = yield* FileSystem.FileSystem
      const text = yield* fs.readFileString(config.file ?? "")
      assert.include(text, "# Rounds of tool calls")
      assert.include(text, "- choice")
      assert.strictEqual((yield* fs.stat(`${config.directory}/deep/er`)).type, "Directory")
      const after = yield* diagnose(yield* loadConfig(source), options())
      assert.deepStrictEqual(
        after.findings.flatMap(({ repair }) => repair ?? []),
        []
      )
      assert.deepStrictEqual(
        after.servers.map(({ name }) => name),
        ["a", "odd", "folder"]
      )
    })
  )
})

describe("a schema", () => {
  it("is fine as tools usually have it, with references inside it", () => {
    const node = { type: "object", properties: { children: { type: "array", items: { $ref: "#/$defs/node" } } } }
    assert.deepStrictEqual(
      faults({
        $schema: "http://json-schema.org/draft-07/schema#",
        type: "object",
        properties: { tree: { $ref: "#/$defs/node" }, either: { anyOf: [{ type: "string" }, { type: "null" }] } },
        $defs: { node },
        required: ["tree"],
        additionalProperties: false
      }),
      []
    )
    assert.deepStrictEqual(faults({}), [])
  })

  it("is refused for what some provider refuses, with the place", () => {
    assert.deepStrictEqual(faults({ type: "string" }), [': its type is "string", and has to be "object"'])
    assert.deepStrictEqual(faults({ type: "object", anyOf: [], allOf: [] }), [
      ': "anyOf" is not allowed for the whole input',
      ': "allOf" is not allowed for the whole input'
    ])
    const properties = {
      "a b": {},
      list: { type: "array" },
      deep: { type: "object", properties: { far: { $ref: "#/$defs/none" }, away: { $ref: "other.json" } } }
    }
    assert.deepStrictEqual(faults({ type: "object", properties }), [
      ': the name "a b" has characters that are not allowed, or more than 64',
      'properties.list: an array without "items"',
      "properties.deep.properties.far: #/$defs/none leads nowhere",
      "properties.deep.properties.away: other.json leads nowhere"
    ])
  })
})

describe("a range of versions", () => {
  it("holds what package managers would take", () => {
    const cases: ReadonlyArray<readonly [version: string, range: string, isIn: boolean]> = [
      ["20.11.1", "20", true],
      ["21.0.0", "20", false],
      ["3.11.4", "3.11", true],
      ["3.12.0", "3.11", false],
      ["24.1.0", ">=20", true],
      ["18.20.0", ">= 20", false],
      ["20.0.0", ">20", false],
      ["21.0.0", ">20", true],
      ["20.9.0", "<=20", true],
      ["20.9.0", "<20", false],
      ["22.4.0", ">=18 <23", true],
      ["23.0.0", ">=18 <23", false],
      ["20.5.0", "^20.1", true],
      ["21.0.0", "^20.1", false],
      ["0.4.9", "^0.4.2", true],
      ["0.5.0", "^0.4.2", false],
      ["3.11.9", "~3.11.2", true],
      ["3.12.0", "~3.11", false],
      ["20.3.0", "v20.x", true],
      ["20.3.0", "=20.3.0", true],
      ["nothing", ">=1", false]
    ]
    for (const [version, range, isIn] of cases)
      assert.strictEqual(isInRange(version, range), isIn, `${version} ${range}`)
  })
})
