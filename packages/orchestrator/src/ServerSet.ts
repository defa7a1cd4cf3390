/**
 * One set of servers: an orchestrator of its own, that shares with the others of the program only what carries no
 * secret. It counts as connected from its first server on; the others go on starting.
 */
import type { SignalboxError } from "@signalbox/errors"
import type { ServerOptions } from "@signalbox/mcp"
import { Effect, Metric, Scope } from "effect"
import { type DuplicateServerName, NoServerConnected, ServerSetNotPrepared } from "./errors.ts"
import type { ManagedServer, OrchestratorOptions } from "./OrchestratorOptions.ts"
import type { ServerEvent, ServerInfo } from "./ServerInfo.ts"
import { makeOrchestrator, type ServerOrchestrator } from "./ServerOrchestrator.ts"
import type { ServerSetStatus } from "./ServerSetStatus.ts"
import { ToolCache } from "./ToolCache.ts"

/** A set that is there. */
export interface ServerSet {
  readonly name: string
  /** Its servers and their toolbox. Its numbers are in a registry of their own. */
  readonly orchestrator: ServerOrchestrator["Service"]
  readonly status: Effect.Effect<ServerSetStatus>
}

/** Something that happened to a set, or to a server of it. */
export type ServerSetEvent =
  | { readonly _tag: "SetAdded"; readonly setName: string }
  | { readonly _tag: "SetRemoved"; readonly setName: string }
  | { readonly _tag: "ServerChanged"; readonly setName: string; readonly event: ServerEvent }

/** Why there is no such set. */
export type AddError = NoServerConnected | ServerSetNotPrepared | DuplicateServerName

/** What is to be done with a set before it counts as there. Its scope is that of the set. */
export type PrepareSet = (
  orchestrator: ServerOrchestrator["Service"]
) => Effect.Effect<unknown, SignalboxError, Scope.Scope>

/** Starts the servers of a set in a scope, waits for the first of them, and prepares it. Fails when all have failed. */
export const connectSet = Effect.fnUntraced(function* (
  setName: string,
  options: OrchestratorOptions,
  around: {
    readonly scope: Scope.Scope
    readonly tell: (event: ServerSetEvent) => void
    readonly prepare: PrepareSet
  }
) {
  const { prepare, scope, tell } = around
  const told = (event: ServerEvent) => tell({ _tag: "ServerChanged", setName, event })
  const orchestrator = yield* makeOrchestrator(options, told).pipe(
    Effect.provideService(ToolCache, ownMemory(setName, yield* ToolCache)),
    // Two sets may have a server of the same name, and must not count into one another.
    Effect.provideService(Metric.MetricRegistry, new Map()),
    Effect.annotateLogs({ set: setName }),
    Scope.provide(scope)
  )
  if (!(yield* orchestrator.connected)) {
    const failures = (yield* orchestrator.servers).map(failureOf)
    return yield* new NoServerConnected({ setName, failures })
  }
  yield* Scope.provide(prepare(orchestrator), scope).pipe(
    Effect.mapError((cause) => {
      const { hint, message: reason, retryable } = cause
      return new ServerSetNotPrepared({ setName, reason, retryable, cause, ...(hint === undefined ? {} : { hint }) })
    })
  )
  return orchestrator
})

/** Why nothing came of a set that was given up before any server had answered. */
export const givenUp = (setName: string, servers: ReadonlyArray<ManagedServer>): NoServerConnected =>
  new NoServerConnected({
    setName,
    failures: servers.map(({ server: { name } }) => ({
      serverName: name,
      reason: `Server "${name}" was stopped while it was being started.`
    }))
  })

const failureOf = ({ lastError, name, state }: ServerInfo) => ({
  serverName: name,
  reason: lastError?.message ?? `Server "${name}" is ${state}.`
})

/** What an account may see is decided by its secrets: the tools that one set was shown are no news for another. */
const ownMemory = (setName: string, shared: ToolCache["Service"]): ToolCache["Service"] => {
  const named = (server: ServerOptions) => ({ ...server, name: `${setName}.${server.name}` })
  return {
    read: (server) => shared.read(named(server)),
    write: (server, tools) => shared.write(named(server), tools)
  }
}
