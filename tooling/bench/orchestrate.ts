/**
 * An orchestrator with servers, as benchmarks need it: silent, and blind to other programs' orphans.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { serverDefaults } from "@signalbox/mcp"
import {
  managedDefaults,
  orchestratorDefaults,
  type OrchestratorOptions,
  ServerOrchestrator
} from "@signalbox/orchestrator"
import { Layer } from "effect"
import { availableParallelism } from "node:os"
import { silent } from "./silent.ts"

type Servers = OrchestratorOptions["servers"]

/** A server under the defaults, with room for many calls at once. */
export const stdioServer = (name: string, command: string, args: ReadonlyArray<string>): Servers[number] => ({
  ...managedDefaults.stdio,
  maxConcurrent: 64,
  server: {
    ...serverDefaults,
    name,
    endpoint: { transport: "stdio", command, args, cwd: undefined, env: {}, inheritsEnv: false }
  }
})

/** The same over Streamable HTTP. */
export const httpServer = (name: string, url: string): Servers[number] => ({
  ...managedDefaults.http,
  maxConcurrent: 64,
  server: { ...serverDefaults, name, endpoint: { transport: "http", url, headers: {} } }
})

/** All of them are started at once unless `startsAll` is false; `limit` is how many may be under way at the same time. */
export const orchestrate = (
  servers: Servers,
  startsAll = true,
  limit: number = orchestratorDefaults.startConcurrency
) =>
  Layer.provideMerge(
    ServerOrchestrator.layer({
      ...orchestratorDefaults,
      servers,
      spawnConcurrency: availableParallelism() + 1,
      startsAll,
      startConcurrency: limit,
      owner: undefined,
      sweepsOrphans: false
    }).pipe(Layer.provide(NodeServices.layer)),
    silent
  )
