/**
 * Twelve servers that misbehave by a plan: child processes, HTTP servers with sessions, HTTP servers without. Faults of
 * single calls are in the servers themselves; what happens to whole processes comes from `chaosFaults.ts`.
 */
import { type FaultText, type FxMcpHttp, type FxMcpFlags, makeRandom, planFaults } from "@signalbox/testing"
import type { ManagedServer } from "@signalbox/orchestrator"
import { Duration, Effect } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { type Changes, folder, fx, httpServer, launchHttp } from "./servers.ts"

/** What a connection is like. */
export type Kind = "stdio" | "stateful" | "stateless"

/** One of the servers. */
export interface ChaosServer {
  readonly name: string
  readonly kind: Kind
  /** What really reached it, over all of its processes. */
  readonly log: string
  /** Its options, with faults of its own for each seed where it is a child process. */
  readonly managed: (seed: number) => ManagedServer
  /** The process behind the URL, which nobody but us keeps alive. */
  readonly http: HttpProcess | undefined
}

/** An HTTP server that comes back on its port. */
export interface HttpProcess {
  readonly url: string
  readonly pid: () => number
  /** Kills it and starts it again after a pause. */
  readonly restart: (pauseMillis: number) => Promise<void>
  readonly close: () => Promise<void>
}

const everywhere = ["never", "error", "is-error", "huge:600000", "duplicate", "wrong-shape", "unknown-id"] as const
const ofProcesses = ["junk", "half-line", "half-line-exit", "close-stdout", "exit:3", "kill", "stderr:200000"] as const
const ofHttp = [
  "reset",
  "reset-early",
  "sse-breaks",
  "sse-ends",
  "sse-silent",
  "accept-silent",
  "half-body",
  "broken-json",
  "html",
  "status:503",
  "status:500",
  "status:429",
  "accepted"
] as const

const faultsOf: Readonly<Record<Kind, ReadonlyArray<FaultText>>> = {
  stdio: [...everywhere, ...ofProcesses],
  stateful: [...everywhere, ...ofHttp, "session-expired", "no-session"],
  stateless: [...everywhere, ...ofHttp]
}

/** Faults are planned for so many calls of each process. */
const plannedCalls = 1000

/** Each process is well for a few calls: one that died of its first would never answer again. */
const healthyCalls = 4

const flagsOf = (kind: Kind, index: number, seed: number, log: string): FxMcpFlags => {
  const { faults } = planFaults({ seed, n: plannedCalls, kinds: faultsOf[kind], rate: 0.06 })
  return {
    log,
    tools: ["echo", "write", "add_tool"],
    era: kind === "stateful" || index % 2 === 0 ? "2025" : "2026",
    // The handshake era has a form without sessions too.
    stateless: kind === "stateless",
    fault: faults.map(({ at, kind }): FaultText => `${kind}@call:${at + healthyCalls}` as FaultText) // a kind with its place
  }
}

/** Limits so short that what hangs is replaced within the run, and so small that a fault can exceed them. */
const changesOf = (kind: Kind, index: number, seed: number): Changes => ({
  server: {
    protocol: kind !== "stdio" ? "auto" : index % 2 === 0 ? "legacy" : "2026-07-28",
    connectTimeout: Duration.seconds(10),
    shutdownTimeout: Duration.seconds(1),
    maxMessageBytes: 256 * 1024
  },
  managed: {
    maxConcurrent: 4 + (seed % 29),
    // Half of them are believed what they say about their tools, so that calls are repeated too.
    isTrusted: index % 4 < 2,
    health: {
      check: "ping",
      url: "",
      interval: Duration.seconds(1),
      timeout: Duration.millis(700),
      failures: 2,
      successes: 1
    }
  }
})

/** The seed of a server. */
export const seedOf = (name: string, seed: number): number => makeRandom(seed).fork(name).int(0, 4_294_967_295)

const kinds: ReadonlyArray<Kind> = ["stdio", "stateful", "stateless"]
const perKind = 4

/** Starts the HTTP ones, for the length of the scope, and describes all. */
export const chaosServers = Effect.fnUntraced(function* (seed: number, mark: string) {
  const logs = yield* folder
  return yield* Effect.forEach(
    kinds.flatMap((kind) => Array.from({ length: perKind }, (_, index) => ({ kind, index }))),
    ({ index, kind }) =>
      Effect.gen(function* () {
        const name = `${kind}-${index}`
        const log = logs.file(`${name}.log`)
        const flags = (seed: number) => flagsOf(kind, index, seed, log)
        const changes = (seed: number) => changesOf(kind, index, seed)
        const common = { name, kind, log }
        if (kind === "stdio") {
          const managed = (seed: number) => fx(name, flags(seed), mark, changes(seed))
          return { ...common, managed, http: undefined }
        }
        const http = yield* Effect.acquireRelease(
          Effect.promise(() => httpProcess(flags(seedOf(name, seed)), mark)),
          ({ close }) => Effect.promise(close)
        )
        return { ...common, managed: (seed: number) => httpServer(name, http.url, changes(seed)), http }
      }),
    { concurrency: 2 }
  )
})

const httpProcess = async (flags: FxMcpFlags, mark: string): Promise<HttpProcess> => {
  let server: FxMcpHttp = await launchHttp(flags, mark)
  let restarting = Promise.resolve()
  const port = Number(new URL(server.url).port)
  const again = async (pauseMillis: number) => {
    await server.close()
    await sleep(pauseMillis)
    server = await relaunch(() => launchHttp({ ...flags, http: port }, mark))
  }
  return {
    url: server.url,
    pid: () => server.pid,
    restart: (pauseMillis) => (restarting = restarting.then(() => again(pauseMillis))),
    close: async () => {
      await restarting
      await server.close()
    }
  }
}

/** A connection of somebody else may hold the port for a moment. */
const relaunch = async (launch: () => Promise<FxMcpHttp>, triesLeft = 50): Promise<FxMcpHttp> => {
  try {
    return await launch()
  } catch (cause) {
    if (triesLeft === 0) throw cause
    await sleep(100)
    return relaunch(launch, triesLeft - 1)
  }
}
