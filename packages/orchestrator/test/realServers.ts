/** Orchestrators over real processes, for tests that need them to hang, die and come back. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { ParentEnvironment, serverDefaults, type ServerOptions } from "@signalbox/mcp"
import {
  managedDefaults,
  type ManagedServer,
  orchestratorDefaults,
  type OrchestratorOptions,
  OrphanSweep,
  ServerOrchestrator,
  ServerSets,
  type ServerSetsOptions
} from "@signalbox/orchestrator"
import { fxMcpCommand, type FxMcpFlags, waitFor } from "@signalbox/testing"
import { Effect, Layer } from "effect"

/** A process that a test started says whose it is, so that what is left of it can be counted. */
export const markerName = "SIGNALBOX_TEST"
export const newMarker = () => crypto.randomUUID()

export const stdio = (
  name: string,
  command: { readonly command: string; readonly args: ReadonlyArray<string> },
  env: Readonly<Record<string, string>> = {},
  changes: Partial<ServerOptions> = {}
): ManagedServer => ({
  server: {
    ...serverDefaults,
    name,
    endpoint: { transport: "stdio", ...command, cwd: undefined, env, inheritsEnv: false },
    ...changes
  },
  ...managedDefaults.stdio
})

/** An fx-mcp of this name. */
export const fx = (name: string, flags: FxMcpFlags = {}, marker = "", changes: Partial<ServerOptions> = {}) =>
  stdio(name, fxMcpCommand(flags), { [markerName]: marker }, changes)

export const platform = Layer.merge(NodeServices.layer, Layer.succeed(ParentEnvironment, process.env))

/** Who this process is, as the mark of its servers. */
export const ownerOf = (pid: number) =>
  OrphanSweep.pipe(
    Effect.flatMap((sweep) => sweep.ownerOf(pid)),
    Effect.provide(OrphanSweep.layer.pipe(Layer.provide(NodeServices.layer)))
  )

/** An orchestrator for the length of the scope. */
export const orchestrateReal = Effect.fnUntraced(function* (
  servers: ReadonlyArray<ManagedServer>,
  changes: Partial<OrchestratorOptions> = {}
) {
  const options: OrchestratorOptions = {
    ...orchestratorDefaults,
    servers,
    spawnConcurrency: 3,
    owner: undefined,
    ...changes
  }
  const context = yield* Layer.build(ServerOrchestrator.layer(options).pipe(Layer.provide(platform)))
  return yield* Effect.provideContext(ServerOrchestrator, context)
})

/** Sets of servers for the length of the scope. */
export const realSets = Effect.fnUntraced(function* (changes: Partial<ServerSetsOptions> = {}) {
  const options: ServerSetsOptions = { ...orchestratorDefaults, spawnConcurrency: 3, owner: undefined, ...changes }
  const context = yield* Layer.build(ServerSets.layer(options).pipe(Layer.provide(platform)))
  return yield* Effect.provideContext(ServerSets, context)
})

/** Waits for something to become true, as an effect. */
export const until = <A>(description: string, look: () => A | Promise<A>) =>
  Effect.promise(() => waitFor(look, { description }))
