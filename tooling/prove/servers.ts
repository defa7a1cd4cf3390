/**
 * Real servers for proofs, and orchestrators over them. Every process carries the mark of its run in its environment, so
 * that what is left of it can be counted, and ended.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { ParentEnvironment, serverDefaults, type ServerOptions } from "@signalbox/mcp"
import {
  Connector,
  managedDefaults,
  type ManagedServer,
  orchestratorDefaults,
  type OrchestratorOptions,
  OrphanSweep,
  ServerOrchestrator,
  ToolCache
} from "@signalbox/orchestrator"
import { fxMcpCommand, type FxMcpFlags, markedProcesses, startFxMcpHttp, tempDirectory } from "@signalbox/testing"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { availableParallelism } from "node:os"
import type { Parts } from "./Proof.ts"

/** The service. */
export type Boxes = ServerOrchestrator["Service"]

const markName = "SIGNALBOX_PROOF"

/** The mark of one run. */
export const newMark = (): string => randomUUID()

/** The variable that carries it. */
export const markOf = (mark: string): Readonly<Record<string, string>> => ({ [markName]: mark })

/** Processes of a run that are still alive. */
export const leftovers = (mark: string): Promise<Array<number>> => markedProcesses({ name: markName, value: mark })

/** Ends what is left of a run when the scope closes, however it went. */
export const endLeftovers = (mark: string) =>
  Effect.addFinalizer(() =>
    Effect.promise(async () => {
      for (const pid of await leftovers(mark)) endProcess(pid)
    })
  )

const endProcess = (pid: number) => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** How a server differs from the presets. */
export interface Changes {
  readonly server?: Partial<ServerOptions>
  readonly managed?: Partial<Omit<ManagedServer, "server">>
}

/** A server that is a child process. */
export const stdioServer = (
  name: string,
  { args, command }: { readonly command: string; readonly args: ReadonlyArray<string> },
  mark: string,
  changes: Changes = {}
): ManagedServer => ({
  ...managedDefaults.stdio,
  ...changes.managed,
  server: {
    ...serverDefaults,
    name,
    endpoint: { transport: "stdio", command, args, cwd: undefined, env: markOf(mark), inheritsEnv: false },
    ...changes.server
  }
})

/** An fx-mcp as a child process. */
export const fx = (name: string, flags: FxMcpFlags, mark: string, changes: Changes = {}): ManagedServer =>
  stdioServer(name, fxMcpCommand(flags), mark, changes)

/** A server at a URL. */
export const httpServer = (name: string, url: string, changes: Changes = {}): ManagedServer => ({
  ...managedDefaults.http,
  ...changes.managed,
  server: { ...serverDefaults, name, endpoint: { transport: "http", url, headers: {} }, ...changes.server }
})

/** Starts an fx-mcp over HTTP that carries the mark. */
export const launchHttp = (flags: FxMcpFlags, mark: string) =>
  startFxMcpHttp(flags, { ...process.env, ...markOf(mark) })

/** An fx-mcp over HTTP for the length of the scope. */
export const fxHttp = (flags: FxMcpFlags, mark: string) =>
  Effect.acquireDisposable(Effect.promise(() => launchHttp(flags, mark)))

/** A folder for the length of the scope. */
export const folder = Effect.acquireDisposable(Effect.promise(() => tempDirectory("signalbox-proof-")))

/** An orchestrator for the length of the scope. Nothing is started by itself when `startsAll` is false. */
export const orchestrate = Effect.fnUntraced(function* (
  parts: Parts,
  servers: ReadonlyArray<ManagedServer>,
  changes: Partial<OrchestratorOptions> = {}
) {
  const connector = Layer.effect(Connector, Effect.map(Connector, parts.connector)).pipe(Layer.provide(Connector.layer))
  const layer = ServerOrchestrator.layerNoDeps({
    ...orchestratorDefaults,
    servers,
    spawnConcurrency: availableParallelism() + 1,
    owner: undefined,
    sweepsOrphans: false,
    ...changes
  }).pipe(
    Layer.provide([connector, OrphanSweep.layer, ToolCache.layerNone]),
    Layer.provide([NodeServices.layer, Layer.succeed(ParentEnvironment, process.env)]),
    Layer.orDie
  )
  const context = yield* Layer.build(layer)
  return yield* Effect.provideContext(ServerOrchestrator, context)
})
