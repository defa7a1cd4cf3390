/** MCP servers in memory behind the `Connector`, so that supervision can be watched on a virtual clock. */
import {
  type CallError,
  type CallResult,
  type ConnectError,
  type McpClient,
  type McpTool,
  serverDefaults,
  ServerExited,
  type ServerError,
  type ServerOptions,
  type ToolCall,
  ToolOutcomeUnknown
} from "@signalbox/mcp"
import {
  Connector,
  managedDefaults,
  type ManagedServer,
  orchestratorDefaults,
  type OrchestratorOptions,
  OrphanSweep,
  ServerOrchestrator,
  ServerSets,
  type ServerSetsOptions,
  ToolCache
} from "@signalbox/orchestrator"
import { Deferred, Duration, Effect, Layer, Queue, Stream } from "effect"

/** How a server of a name behaves; every connection asks anew, so a test may change it. */
export interface Behaviour {
  tools: ReadonlyArray<McpTool>
  /** How long it says that its list of tools may be kept. */
  freshFor?: Duration.Duration
  /** Runs in place of spawn and handshake. */
  connect: Effect.Effect<void, ConnectError>
  /** How long loading its program takes, as far as that can be seen. */
  load: Effect.Effect<void>
  list: Effect.Effect<void, ServerError>
  call: (call: ToolCall) => Effect.Effect<CallResult, CallError>
  ping: Effect.Effect<void, ServerError>
  /** What each answer about prompts and resources takes. There are the prompt `greet` and any resource. */
  ask: Effect.Effect<void, ServerError>
  /** What closing a connection takes. */
  close: Effect.Effect<void>
}

const nothing = Effect.succeed({ items: [], problems: [] })
const greet = { name: "greet", arguments: [] }

/** One connection that was made. */
export interface FakeConnection {
  readonly pid: number
  readonly calls: Array<ToolCall>
  readonly die: (reason?: ServerError) => void
  readonly sayToolsChanged: () => void
  isOpen: boolean
  /** Messages from the server, and calls that wait for their answers. */
  received: number
  pending: number
  pings: number
  /** Questions about prompts and resources. */
  asked: number
}

export const tool = (name: string, hints: McpTool["annotations"] = {}): McpTool => ({
  name,
  description: `${name}.`,
  inputSchema: { type: "object" },
  annotations: hints
})

export const text = (value: string): CallResult => ({
  content: [{ type: "text", text: value }],
  isError: false,
  warnings: []
})

export const killed = (serverName: string) =>
  new ServerExited({ serverName, exitCode: undefined, signal: "SIGKILL", stderrTail: ["out of coal"] })

/** A set of servers by name. */
export const makeFakeServers = () => {
  const behaviours = new Map<string, Behaviour>()
  const connections: Array<FakeConnection & { readonly name: string }> = []
  let connecting = 0
  let mostConnecting = 0

  const behave = (name: string): Behaviour => {
    const known = behaviours.get(name)
    if (known !== undefined) return known
    const fresh: Behaviour = {
      tools: [tool("echo", { readOnlyHint: true })],
      connect: Effect.void,
      load: Effect.never,
      list: Effect.void,
      call: (call) => Effect.succeed(text(`${name}:${call.name}`)),
      ping: Effect.void,
      ask: Effect.void,
      close: Effect.void
    }
    behaviours.set(name, fresh)
    return fresh
  }

  const connect = Effect.fnUntraced(function* (
    server: ServerOptions,
    { onLoaded }: { readonly onLoaded: Effect.Effect<void> }
  ) {
    const behaviour = behave(server.name)
    yield* Effect.forkChild(Effect.andThen(behaviour.load, onLoaded))
    connecting += 1
    mostConnecting = Math.max(mostConnecting, connecting)
    yield* Effect.ensuring(
      behaviour.connect,
      Effect.sync(() => void (connecting -= 1))
    )
    const closed = yield* Deferred.make<ServerError>()
    const announced = yield* Queue.unbounded<void>()
    const connection = {
      name: server.name,
      pid: connections.length + 1,
      calls: [] as Array<ToolCall>,
      die: (reason: ServerError = killed(server.name)) => {
        connection.isOpen = false
        Deferred.doneUnsafe(closed, Effect.succeed(reason))
      },
      sayToolsChanged: () => void Queue.offerUnsafe(announced, undefined),
      isOpen: true,
      received: 0,
      pending: 0,
      pings: 0,
      asked: 0
    }
    connections.push(connection)
    yield* Effect.addFinalizer(() =>
      Effect.andThen(
        behaviour.close,
        Effect.sync(() => void (connection.isOpen = false))
      )
    )
    const asked = <A>(answer: A) =>
      Effect.suspend(() => {
        connection.asked++
        return Effect.as(behaviour.ask, answer)
      })
    const lost = Effect.flatMap(Deferred.await(closed), (reason) => Effect.succeed(reason.message))
    return {
      serverName: server.name,
      identity: {
        name: server.name,
        version: "1.0.0",
        protocolVersion: "2025-11-25",
        era: "legacy",
        capabilities: { tools: {} },
        pid: connection.pid
      },
      listTools: Effect.suspend(() => {
        const fresh = behaviour.freshFor === undefined ? {} : { freshFor: behaviour.freshFor }
        return Effect.as(behaviour.list, { tools: behaviour.tools, problems: [], ...fresh })
      }),
      callTool: (call) => {
        connection.calls.push(call)
        connection.pending++
        const answer = Effect.tap(behaviour.call(call), () => Effect.sync(() => connection.received++))
        return Effect.raceFirst(
          answer,
          Effect.flatMap(lost, (reason) =>
            Effect.fail(new ToolOutcomeUnknown({ serverName: server.name, toolName: call.name, reason }))
          )
        ).pipe(Effect.ensuring(Effect.sync(() => connection.pending--)))
      },
      ping: Effect.suspend(() => {
        connection.pings++
        return Effect.tap(behaviour.ping, () => Effect.sync(() => connection.received++))
      }),
      activity: () => ({ received: connection.received, pending: connection.pending }),
      toolsChanged: Stream.fromQueue(announced),
      drained: Effect.void,
      prompts: {
        list: asked({ items: [greet], problems: [] }),
        get: () => asked({ messages: [] }),
        changed: Stream.empty
      },
      resources: {
        list: nothing,
        templates: nothing,
        read: ({ uri }) => asked([{ uri, text: "online" }]),
        updates: () => Stream.empty,
        changed: Stream.empty
      },
      complete: () => asked({ values: [], hasMore: false }),
      setLogLevel: () => Effect.void,
      logMessages: Stream.empty,
      closed: Deferred.await(closed),
      stderrTail: Effect.succeed([`${server.name} wrote this`])
    } satisfies McpClient
  })

  return {
    behave,
    connections,
    /** Connections of a server, oldest first. */
    of: (name: string) => connections.filter((connection) => connection.name === name),
    mostConnecting: () => mostConnecting,
    layer: Layer.succeed(Connector, { connect })
  }
}

export const managed = (name: string, changes: Partial<ManagedServer> = {}): ManagedServer => ({
  server: {
    ...serverDefaults,
    name,
    endpoint: { transport: "stdio", command: name, args: [], cwd: undefined, env: {}, inheritsEnv: false }
  },
  ...managedDefaults.stdio,
  ...changes
})

export const optionsFor = (
  servers: ReadonlyArray<ManagedServer | string>,
  changes: Partial<OrchestratorOptions> = {}
): OrchestratorOptions => ({
  ...orchestratorDefaults,
  servers: servers.map((server) => (typeof server === "string" ? managed(server) : server)),
  spawnConcurrency: 3,
  owner: undefined,
  ...changes
})

const noSweep = Layer.succeed(OrphanSweep, {
  ownerOf: () => Effect.succeed(undefined),
  sweep: () => Effect.succeed([])
})

/** An orchestrator over fake servers, for the length of the test. */
export const orchestrate = Effect.fnUntraced(function* (
  fakes: ReturnType<typeof makeFakeServers>,
  servers: ReadonlyArray<ManagedServer | string>,
  changes: Partial<OrchestratorOptions> = {},
  toolCache: Layer.Layer<ToolCache> = ToolCache.layerNone
) {
  const layer = ServerOrchestrator.layerNoDeps(optionsFor(servers, changes))
  const context = yield* Layer.build(Layer.provide(layer, [fakes.layer, noSweep, toolCache]))
  return yield* Effect.provideContext(ServerOrchestrator, context)
})

/** One server of this name, running. */
export const signal = Effect.fnUntraced(function* (name: string) {
  const fakes = makeFakeServers()
  const boxes = yield* orchestrate(fakes, [name])
  yield* boxes.settled
  return { fakes, boxes, info: boxes.server(name) }
})

/** Long enough for every pause between attempts. */
export const aMinute = Duration.minutes(1)

/** Sets over fake servers, for the length of the test. */
export const fakeSets = Effect.fnUntraced(function* (
  fakes: ReturnType<typeof makeFakeServers>,
  changes: Partial<ServerSetsOptions> = {},
  toolCache: Layer.Layer<ToolCache> = ToolCache.layerNone
) {
  const { servers: _, startsAll: _s, ...options } = optionsFor([], changes)
  const layer = ServerSets.layerNoDeps(options)
  const context = yield* Layer.build(Layer.provide(layer, [fakes.layer, noSweep, toolCache]))
  return yield* Effect.provideContext(ServerSets, context)
})
