/** A host with fx-mcp servers whose control API is served at a socket of the test's own. */
import { Host, loadConfig } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { ControlServer } from "@signalbox/server"
import { claimPlace, type ControlConnection, connectControl, controlPlace } from "@signalbox/server/control"
import { fxMcpCommand, type FxMcpFlags, tempDirectory } from "@signalbox/testing"
import { Context, Effect, Layer, ManagedRuntime } from "effect"
import { writeFileSync } from "node:fs"
import { request } from "node:http"

export interface ControlSetup {
  /** Flags of each fx-mcp, by its name. */
  readonly servers: Readonly<Record<string, FxMcpFlags>>
  /** More of each entry. */
  readonly entry?: Readonly<Record<string, unknown>>
  /** The servers of each agent. */
  readonly agents?: Readonly<Record<string, ReadonlyArray<string>>>
  /** More of `runtime`. */
  readonly limits?: Readonly<Record<string, unknown>>
  readonly startsAll?: boolean
  /** More of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** Writes a configuration with these servers. */
export const writeServers = (
  file: string,
  { agents = {}, config: more = {}, entry = {}, limits = {}, servers }: ControlSetup
) => {
  const entryOf = (flags: FxMcpFlags) => ({
    enabled: true,
    transport: "stdio",
    env: {},
    ...fxMcpCommand({ maxLife: 120_000, ...flags }),
    ...entry
  })
  const entries = Object.entries(servers).map(([name, flags]) => [name, entryOf(flags)])
  const agentEntries = Object.entries(agents).map(([name, own]) => [name, { enabled: true, servers: own }])
  // JSON is YAML.
  const config = {
    extends: "preset:default@1",
    // Those of the tests that are about them say so.
    tools: { enabled: [] },
    model: { provider: "offline" },
    runtime: limits,
    servers: Object.fromEntries(entries),
    agents: Object.fromEntries(agentEntries),
    ...more
  }
  writeFileSync(file, JSON.stringify(config))
}

/** What a test host says about itself. */
export const facts = {
  kind: "servers",
  log_file: null,
  version: "0.0.0",
  started_at: "2026-01-01T00:00:00.000Z"
} as const

/** The place of the configuration in a folder, sockets in the same folder. */
export const placeIn = (directory: string) =>
  controlPlace(`${directory}/signalbox.yaml`, { XDG_RUNTIME_DIR: directory })

/** A client of the host, as another process has one. */
class Connection extends Context.Service<Connection, ControlConnection>()("test/Connection") {}

/** Takes the place of a configuration, runs it, serves its socket, and connects to it. */
const controlLayer = (directory: string, startsAll: boolean) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const source = { file: undefined, directory, environment: {}, flags: [], whenMissing: "fail" } as const
      const config = yield* loadConfig(source)
      const place = yield* claimPlace(yield* placeIn(directory), facts)
      const setup = { config, environment: {}, owner: undefined, cacheDirectory: undefined, cores: 2, startsAll }
      const connection = Layer.effect(
        Connection,
        Effect.suspend(() => connectControl(place.record()))
      )
      return connection.pipe(Layer.provideMerge(ControlServer.layer(place)), Layer.provideMerge(Host.layer(setup)))
    })
  ).pipe(Layer.provideMerge(nodePlatform))

/** A plain request over a socket, as `curl --unix-socket` makes it. */
const overSocket = (socketPath: string, method: string, path: string, body?: string) =>
  new Promise<{ readonly status: number; readonly type: string; readonly text: string }>((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" }
    const asked = request({ socketPath, method, path, headers }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.once("error", reject).once("end", () => {
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", text })
      })
    })
    asked.once("error", reject).end(body)
  })

/** Starts it all; `await using` ends it. */
export const startControl = async (setup: ControlSetup) => {
  const directory = await tempDirectory("sb-")
  writeServers(directory.file("signalbox.yaml"), setup)
  const runtime = ManagedRuntime.make(controlLayer(directory.path, setup.startsAll ?? true))
  const connection = await runtime.runPromise(Connection)
  const { shutdownAsked } = await runtime.runPromise(ControlServer)
  return {
    directory,
    runtime,
    shutdownAsked,
    ...connection,
    raw: (method: string, path: string, body?: string) => overSocket(connection.record.socket, method, path, body),
    [Symbol.asyncDispose]: async () => {
      await runtime.dispose()
      await directory[Symbol.asyncDispose]()
    }
  }
}
