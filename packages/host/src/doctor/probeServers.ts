/**
 * Starts servers once, each by itself, and writes down what came of it. Nothing is supervised or started again, and
 * every process has ended when the answer is there.
 */
import {
  connect,
  type ConnectError,
  type McpClient,
  type McpTool,
  type ServerError,
  type ServerOptions
} from "@signalbox/mcp"
import { isPackageRunner, markOwner } from "@signalbox/orchestrator"
import { Duration, Effect, References, Result, Stream } from "effect"
import { ChildProcessSpawner } from "effect/process"

/** Bounds for the probing of many servers. */
export interface ProbeOptions {
  /** Servers that are started at the same time. */
  readonly concurrency: number
  /** How long one may take from its start to its list of tools, where its own `connectTimeout` is not shorter. */
  readonly timeout: Duration.Duration
  /** The same for servers whose command fetches a package first. */
  readonly packageTimeout: Duration.Duration
  /** Who owns the processes, as in the options of the orchestrator. */
  readonly owner: string | undefined
}

/** What suits a look at many servers; the owner is the program's to say. */
export const probeDefaults = {
  concurrency: 4,
  timeout: Duration.seconds(20),
  packageTimeout: Duration.seconds(60)
} as const satisfies Partial<ProbeOptions>

/** What came of one start. */
export interface Probe {
  readonly serverName: string
  readonly took: Duration.Duration
  readonly outcome: Result.Result<
    {
      readonly identity: McpClient["identity"]
      readonly tools: ReadonlyArray<McpTool>
      /** Tools that it lists and that cannot be used. */
      readonly problems: ReadonlyArray<{ readonly tool: string | undefined; readonly reason: string }>
    },
    ConnectError | ServerError
  >
  /** The first lines that it wrote to standard output and that are no messages. */
  readonly junk: ReadonlyArray<string>
  /** The last lines of its standard error. */
  readonly stderr: ReadonlyArray<string>
}

/** Lines that are kept, and how much of the output is looked at: a banner comes first. */
const keptLines = 5
const watchedCharacters = 64 * 1024

/** Collects the lines that are no JSON. */
const junkWatcher = () => {
  const decoder = new TextDecoder()
  const junk: Array<string> = []
  let rest = ""
  let seen = 0
  const look = (line: string) => {
    if (line.trim() === "" || junk.length === keptLines) return
    const parsed = Result.try((): unknown => JSON.parse(line))
    if (Result.isFailure(parsed) || typeof parsed.success !== "object") junk.push(line.trim().slice(0, 200))
  }
  const push = (bytes: Uint8Array) => {
    if (seen > watchedCharacters) return
    const text = decoder.decode(bytes, { stream: true })
    seen += text.length
    const lines = (rest + text).split(/\r?\n/)
    rest = lines.pop() ?? ""
    for (const line of lines) look(line)
  }
  return {
    push,
    lines: (): ReadonlyArray<string> => {
      look(rest)
      rest = ""
      return junk
    }
  }
}

const stderrOf = (error: ConnectError | ServerError): ReadonlyArray<string> =>
  "stderrTail" in error ? error.stderrTail : []

const bounded = (server: ServerOptions, options: ProbeOptions): ServerOptions => {
  const { endpoint } = server
  const limit =
    endpoint.transport === "stdio" && isPackageRunner(endpoint)
      ? options.packageTimeout
      : Duration.min(options.timeout, server.connectTimeout)
  return { ...markOwner(server, options.owner), connectTimeout: limit }
}

/** Starts one server, asks for its tools and ends it. Never fails: what goes wrong is the answer. */
const probeServer = Effect.fnUntraced(function* (server: ServerOptions, options: ProbeOptions) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const junk = junkWatcher()
  const watching = ChildProcessSpawner.make((command) =>
    Effect.map(spawner.spawn(command), (child) =>
      ChildProcessSpawner.makeHandle({
        ...child,
        stdout: Stream.tap(child.stdout, (bytes) => Effect.sync(() => junk.push(bytes)))
      })
    )
  )
  const visit = Effect.gen(function* () {
    const client = yield* connect(bounded(server, options))
    const { problems, tools } = yield* client.listTools
    return { identity: client.identity, tools, problems, stderr: yield* client.stderrTail }
  })
  const [took, result] = yield* visit.pipe(
    Effect.scoped,
    Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, watching),
    // The answer says it all.
    Effect.provideService(References.MinimumLogLevel, "None"),
    Effect.result,
    Effect.timed
  )
  const stderr = Result.isSuccess(result) ? result.success.stderr : stderrOf(result.failure)
  return { serverName: server.name, took, outcome: result, junk: junk.lines(), stderr } satisfies Probe
})

/** Starts each server once and ends it again, some at the same time, and answers in their order. */
export const probeServers = (servers: ReadonlyArray<ServerOptions>, options: ProbeOptions) =>
  Effect.forEach(servers, (server) => probeServer(server, options), { concurrency: options.concurrency })
