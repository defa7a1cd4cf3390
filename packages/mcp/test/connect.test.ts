import { assert, describe, it } from "@effect/vitest"
import { connect, HandshakeTimeout, ServerExited, SpawnFailed } from "@signalbox/mcp"
import { fxMcpCommand } from "@signalbox/testing"
import { Duration, Effect } from "effect"
import { echo, fx, fxHttp, httpServer, onNode, stdioServer, using, verdict } from "./fixture.ts"

const failing = (server: Parameters<typeof using>[0]) =>
  using(server, () => Effect.void).pipe(
    Effect.flip,
    Effect.flatMap((error) => ("_tag" in error ? Effect.succeed(error) : Effect.die(error)))
  )
const code = (server: Parameters<typeof using>[0]) => verdict(using(server, () => Effect.void))

describe("connecting over stdio", () => {
  it.live("names a command that does not exist, and the PATH that was searched", () =>
    onNode(
      Effect.gen(function* () {
        const error = yield* failing(stdioServer({ command: "no-such-command", args: [] }))
        assert.instanceOf(error, SpawnFailed)
        assert.strictEqual(error.reason, "CommandNotFound")
        assert.strictEqual(error.searchedPath, process.env["PATH"])
        assert.include(error.message, "no-such-command")
      })
    )
  )
  it.live("names a path that does not exist", () =>
    onNode(
      Effect.gen(function* () {
        const error = yield* failing(stdioServer({ command: "/no/such/file", args: [] }))
        assert.instanceOf(error, SpawnFailed)
        assert.strictEqual(error.reason, "CommandNotFound")
        assert.isUndefined(error.searchedPath)
      })
    )
  )
  it.live("names a file that is not executable", () =>
    onNode(
      Effect.gen(function* () {
        const error = yield* failing(stdioServer({ command: import.meta.filename, args: [] }))
        assert.instanceOf(error, SpawnFailed)
        assert.strictEqual(error.reason, "NotExecutable")
      })
    )
  )
  it.live("checks the working directory before the command", () =>
    onNode(
      Effect.gen(function* () {
        const endpoint = {
          transport: "stdio",
          ...fxMcpCommand(),
          cwd: "/no/such/folder",
          env: {},
          inheritsEnv: false
        } as const
        const error = yield* failing({ ...fx(), endpoint })
        assert.instanceOf(error, SpawnFailed)
        assert.strictEqual(error.reason, "DirectoryNotFound")
        assert.include(error.message, "/no/such/folder")
      })
    )
  )
  it.live("tells how a server ended, with its last words", () =>
    onNode(
      Effect.gen(function* () {
        const error = yield* failing(fx({ exitAtStart: 3, stderrText: "no licence found" }))
        assert.instanceOf(error, ServerExited)
        assert.strictEqual(error.exitCode, 3)
        assert.deepStrictEqual(error.stderrTail, ["no licence found"])
        assert.include(error.message, "no licence found")
      })
    )
  )
  it.live("names the server, whatever the cause, and each cause has a tag of its own", () =>
    onNode(
      Effect.gen(function* () {
        const limits = { connectTimeout: Duration.millis(700), shutdownTimeout: Duration.minutes(2) }
        const causes = [
          stdioServer({ command: "/no/such/module", args: [] }),
          fx({ hangInit: true }, limits),
          fx({ exitAtStart: 1 })
        ]
        const errors = yield* Effect.forEach(causes, (server) => failing({ ...server, name: "kairos" }))
        assert.deepStrictEqual(
          errors.map(({ _tag }) => _tag),
          ["SpawnFailed", "HandshakeTimeout", "ServerExited"]
        )
        for (const error of errors) {
          assert.propertyVal(error, "serverName", "kairos")
          assert.include(error.message, '"kairos"')
        }
      })
    )
  )
  it.live("kills a server that hangs, within its budget", () =>
    onNode(
      Effect.gen(function* () {
        const started = performance.now()
        const error = yield* failing(
          fx(
            { hangInit: true, ignoreEof: true, ignoreTerm: true, stderrText: "thinking" },
            { connectTimeout: Duration.millis(700), shutdownTimeout: Duration.minutes(2) }
          )
        )
        assert.instanceOf(error, HandshakeTimeout)
        assert.include(error.message, '"fx"')
        const elapsed = performance.now() - started
        assert.isAtLeast(elapsed, 690)
        // Far from the shutdown time-out, on any machine.
        assert.isBelow(elapsed, 60_000)
      })
    )
  )
})

describe("connecting over HTTP", () => {
  it.live("says how long to wait, where the server did", () =>
    onNode(
      Effect.gen(function* () {
        const { url } = yield* fxHttp({ fault: ["status:503@initialize"], retryAfter: "3" })
        const error = yield* failing(httpServer(url))
        assert.strictEqual(error._tag, "ServerHttpStatus")
        assert.strictEqual(
          "retryAfter" in error && error.retryAfter !== undefined && Duration.toSeconds(error.retryAfter),
          3
        )
        assert.isTrue(error.retryable)
      })
    )
  )
  it.live("a port on which nobody listens is unreachable", () =>
    onNode(
      Effect.gen(function* () {
        const server = yield* fxHttp()
        yield* Effect.promise(() => server.close())
        assert.strictEqual(yield* code(httpServer(server.url)), "SERVER_UNREACHABLE")
        assert.strictEqual(yield* code(httpServer("not a url")), "SERVER_UNREACHABLE")
      })
    )
  )
})

const speaks = (server: Parameters<typeof using>[0], expected: string | undefined) =>
  Effect.gen(function* () {
    if (expected === "-") {
      assert.strictEqual(yield* code(server), "SERVER_PROTOCOL_MISMATCH")
      return
    }
    yield* using(server, (client) =>
      Effect.gen(function* () {
        assert.strictEqual(client.identity.protocolVersion, expected)
        assert.strictEqual(client.identity.era, expected === "2026-07-28" ? "modern" : "legacy")
        assert.strictEqual(client.identity.name, "fx-mcp")
        yield* client.ping
        assert.isAbove((yield* client.listTools).tools.length, 5)
        assert.deepStrictEqual((yield* client.callTool(echo)).content, [{ type: "text", text: "hello" }])
      })
    )
  })

describe("the protocol era", () => {
  const eras = ["2025", "2026", "both"] as const
  const protocols = ["auto", "legacy", "2026-07-28"] as const
  /** What is spoken over stdio and over HTTP; `-` means that no revision is shared. */
  const spoken = {
    "2025": { auto: ["2025-11-25", "2025-11-25"], legacy: ["2025-11-25", "2025-11-25"], "2026-07-28": ["-", "-"] },
    "2026": { auto: ["2026-07-28", "2026-07-28"], legacy: ["-", "-"], "2026-07-28": ["2026-07-28", "2026-07-28"] },
    both: {
      auto: ["2025-11-25", "2026-07-28"],
      legacy: ["2025-11-25", "2025-11-25"],
      "2026-07-28": ["2026-07-28", "2026-07-28"]
    }
  } as const
  for (const era of eras) {
    for (const protocol of protocols) {
      const [stdio, http] = spoken[era][protocol]
      it.live(`server ${era}, client ${protocol}, stdio: ${stdio}`, () =>
        onNode(speaks(fx({ era }, { protocol }), stdio))
      )
      it.live(`server ${era}, client ${protocol}, HTTP: ${http}`, () =>
        onNode(
          Effect.gen(function* () {
            const { url } = yield* fxHttp({ era })
            yield* speaks(httpServer(url, { protocol }), http)
          })
        )
      )
    }
  }
})

describe("the end of the scope", () => {
  it.live("may come while the handshake is under way", () =>
    onNode(
      Effect.gen(function* () {
        const started = performance.now()
        yield* connect(fx({ hangInit: true })).pipe(Effect.scoped, Effect.timeoutOption(Duration.millis(500)))
        // Far from the time-out of the handshake.
        assert.isBelow(performance.now() - started, 25_000)
      })
    )
  )
})
