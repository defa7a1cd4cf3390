import * as NodeServices from "@effect/platform-node/NodeServices"
import { isSignalboxError } from "@signalbox/errors"
import { connect, type McpClient, ParentEnvironment, serverDefaults, type ServerOptions } from "@signalbox/mcp"
import {
  fxMcpCommand,
  type FxMcpFlags,
  markedProcesses,
  startFxMcpHttp,
  tempDirectory,
  waitFor
} from "@signalbox/testing"
import { Duration, Effect, type Scope } from "effect"
import { randomUUID } from "node:crypto"

/** Limits short enough for tests in which something hangs, and long enough for a busy machine. */
const testLimits = { connectTimeout: Duration.seconds(20), callTimeout: Duration.seconds(20) }

/** A stdio server from a command line. */
export const stdioServer = (
  command: { readonly command: string; readonly args: ReadonlyArray<string> },
  overrides: Partial<ServerOptions> = {},
  env: Readonly<Record<string, string>> = {}
): ServerOptions => ({
  ...serverDefaults,
  ...testLimits,
  name: "fx",
  endpoint: { transport: "stdio", ...command, cwd: undefined, env, inheritsEnv: false },
  ...overrides
})

/** An HTTP server at a URL. */
export const httpServer = (url: string, overrides: Partial<ServerOptions> = {}): ServerOptions => ({
  ...serverDefaults,
  ...testLimits,
  name: "fx",
  endpoint: { transport: "http", url, headers: {} },
  ...overrides
})

/** A server of the transport before Streamable HTTP at a URL. */
export const sseServer = (url: string, overrides: Partial<ServerOptions> = {}): ServerOptions =>
  httpServer(url, { endpoint: { transport: "sse", url, headers: {} }, ...overrides })

/** An fx-mcp over stdio. */
export const fx = (
  flags: FxMcpFlags = {},
  overrides: Partial<ServerOptions> = {},
  env: Readonly<Record<string, string>> = {}
) => stdioServer(fxMcpCommand(flags), overrides, env)

/** An fx-mcp over HTTP that runs as long as the scope. */
export const fxHttp = (flags: FxMcpFlags = {}) =>
  Effect.acquireRelease(
    Effect.promise(() => startFxMcpHttp(flags)),
    (server) => Effect.promise(() => server.close())
  )

/** The ways in which a server can be spoken to. */
export const ways = ["stdio 2025", "stdio 2026", "HTTP 2025", "HTTP 2026", "SSE 2025"] as const
export type Way = (typeof ways)[number]

/** An fx-mcp that is spoken to one way. */
export const reached = (way: Way, flags: FxMcpFlags, overrides: Partial<ServerOptions> = {}) => {
  const given = { ...flags, era: way.endsWith("2025") ? "2025" : "2026" }
  if (way.startsWith("stdio")) return Effect.succeed(fx(given, overrides))
  const isOld = way.startsWith("SSE")
  const make = isOld ? sseServer : httpServer
  return Effect.map(fxHttp({ ...given, legacySse: isOld }), ({ url }) => make(url, overrides))
}

/** A folder for logs that goes away with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => tempDirectory()),
  (folder) => Effect.promise(() => folder[Symbol.asyncDispose]())
)

/** Runs a test on Node. */
export const onNode = <A, E>(
  effect: Effect.Effect<A, E, Scope.Scope | NodeServices.NodeServices>
): Effect.Effect<A, E> =>
  Effect.scoped(effect).pipe(Effect.provideService(ParentEnvironment, process.env), Effect.provide(NodeServices.layer))

/** Connects, uses, and proves that no process is left. */
export const using = <A, E>(server: ServerOptions, use: (client: McpClient) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.gen(function* () {
    const mark = { name: "SIGNALBOX_TEST_MARK", value: randomUUID() }
    const { endpoint } = server
    const marked =
      endpoint.transport === "stdio"
        ? { ...server, endpoint: { ...endpoint, env: { ...endpoint.env, [mark.name]: mark.value } } }
        : server
    const exit = yield* connect(marked).pipe(Effect.flatMap(use), Effect.scoped, Effect.exit)
    yield* Effect.promise(() =>
      waitFor(() => markedProcesses(mark).then((pids) => pids.length === 0), { description: "all processes to end" })
    )
    return yield* exit
  })

/** `ok`, or the code of the failure. */
export const verdict = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<string, never, R> =>
  effect.pipe(
    Effect.as("ok"),
    Effect.catch((error) => Effect.succeed(isSignalboxError(error) ? error.code : `foreign: ${String(error)}`))
  )

/** A call of the tool `echo`. */
export const echo = { name: "echo", input: { text: "hello" } } as const

/** Waits until something holds. */
export const eventually = (description: string, holds: () => boolean | Promise<boolean>) =>
  Effect.promise(() => waitFor(holds, { description }))
