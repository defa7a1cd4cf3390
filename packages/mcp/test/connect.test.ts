import { assert, describe, it } from "@effect/vitest"
import { connect, HandshakeTimeout, ServerExited, SpawnFailed } from "@signalbox/mcp"
import { type FxMcpFlags, fxMcpCommand } from "@signalbox/testing"
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
  it.live("kills a server that hangs, within its budget", () =>
    onNode(
      Effect.gen(function* () {
        const started = performance.now()
        const error = yield* failing(
          fx(
            { hangInit: true, ignoreEof: true, ignoreTerm: true, stderrText: "thinking" },
            { connectTimeout: Duration.millis(700) }
          )
        )
        assert.instanceOf(error, HandshakeTimeout)
        assert.include(error.message, '"fx"')
        // Far from the shutdown time-out of 5 s, on any machine.
        assert.isBelow(performance.now() - started, 4000)
      })
    )
  )

  const rows: ReadonlyArray<readonly [string, FxMcpFlags, string]> = [
    ["an error as the answer to initialize", { failInit: "always" }, "SERVER_HANDSHAKE_REJECTED"],
    ["an exit as the answer to initialize", { failInit: "always", failInitBy: "exit" }, "SERVER_EXITED"],
    ["a death by a signal", { fault: ["kill@initialize"] }, "SERVER_EXITED"],
    ["output closed before the handshake", { fault: ["close-stdout@initialize"] }, "SERVER_EXITED"],
    ["a version that nobody knows", { protocolVersion: "1999-01-01" }, "SERVER_PROTOCOL_MISMATCH"],
    ["a version from 2024", { protocolVersion: "2024-11-05" }, "ok"],
    ["a version from March 2025", { protocolVersion: "2025-03-26" }, "ok"],
    ["a result of the wrong shape", { fault: ["wrong-shape@initialize"] }, "SERVER_INVALID_RESULT"],
    ["a slow start", { startupDelay: 300, initDelay: 300 }, "ok"],
    ["a grandchild that holds the output", { grandchild: true }, "ok"],
    ["a server that ignores the end of input and SIGTERM", { ignoreEof: true, ignoreTerm: true }, "ok"]
  ]
  for (const [title, flags, expected] of rows) {
    it.live(`${title}: ${expected}`, () =>
      onNode(
        Effect.gen(function* () {
          const limits = { shutdownTimeout: Duration.seconds(1) }
          assert.strictEqual(yield* code(fx({ era: "2025", ...flags }, limits)), expected)
        })
      )
    )
  }
})

describe("connecting over HTTP", () => {
  const rows: ReadonlyArray<readonly [string, FxMcpFlags, string]> = [
    ["401", { fault: ["status:401@initialize"] }, "SERVER_AUTHORIZATION_REQUIRED"],
    ["403", { fault: ["status:403@initialize"] }, "SERVER_HTTP_STATUS"],
    ["500", { fault: ["status:500@initialize"] }, "SERVER_HTTP_STATUS"],
    ["503", { fault: ["status:503@initialize"], retryAfter: "3" }, "SERVER_HTTP_STATUS"],
    ["404 at every path", { path: "/other" }, "SERVER_HTTP_STATUS"],
    ["a web page", { fault: ["html@initialize"] }, "SERVER_BAD_GATEWAY"],
    ["a redirect elsewhere", { fault: ["redirect:http://127.0.0.2:9/mcp@initialize"] }, "SERVER_REDIRECT_REFUSED"],
    ["202", { fault: ["accepted@initialize"] }, "SERVER_BAD_GATEWAY"],
    ["an event stream that ends", { fault: ["sse-ends@initialize"] }, "SERVER_BAD_GATEWAY"],
    ["a destroyed socket", { fault: ["reset@initialize"] }, "SERVER_BAD_GATEWAY"],
    ["an error", { failInit: "always", era: "2025" }, "SERVER_HANDSHAKE_REJECTED"],
    ["an unknown version", { protocolVersion: "1999-01-01", era: "2025" }, "SERVER_PROTOCOL_MISMATCH"],
    ["silence", { hangInit: true }, "SERVER_HANDSHAKE_TIMEOUT"]
  ]
  for (const [title, flags, expected] of rows) {
    it.live(`${title}: ${expected}`, () =>
      onNode(
        Effect.gen(function* () {
          const { url } = yield* fxHttp(flags)
          const limits = flags.hangInit === true ? { connectTimeout: Duration.millis(700) } : {}
          const path = flags.path === undefined ? url : new URL("/mcp", url).href
          assert.strictEqual(yield* code(httpServer(path, limits)), expected)
        })
      )
    )
  }
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
        assert.isBelow(performance.now() - started, 5000)
      })
    )
  )
})
