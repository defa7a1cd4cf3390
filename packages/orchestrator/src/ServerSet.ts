/**
 * One set of servers: an orchestrator of its own, that shares with the others of the program only what carries no
 * secret. It counts as connected from its first server on; the others go on starting.
 */
import type { SignalboxError } from "@signalbox/errors"
import type { ServerOptions } from "@signalbox/mcp"
import { Effect, Metric, type Scope } from "effect"
import type { Alert } from "./alerts/Alert.ts"
import { type DuplicateServerName, NoServerConnected, ServerSetNotPrepared } from "./errors.ts"
import { forgetSet } from "./metrics/forgetGauges.ts"
import type { ManagedServer, OrchestratorOptions } from "./OrchestratorOptions.ts"
import type { ServerEvent, ServerInfo } from "./ServerInfo.ts"
import { makeOrchestrator, type ServerOrchestrator } from "./ServerOrchestrator.ts"
import type { ServerSetStatus } from "./ServerSetStatus.ts"
import { ToolCache } from "./ToolCache.ts"

/** A set that is there. */
export interface ServerSet {
  readonly name: string
  /** Its servers and their toolbox. Its series carry its name as the label `set`, and are gone when it is. */
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

/** What a set has from all sets together. */
export interface SetSurroundings {
  /** Where the series of all sets are. */
  readonly registry: Metric.MetricRegistry
  readonly tell: (event: ServerSetEvent) => void
  readonly tellAlert: (alert: Alert) => void
}

/** Starts the servers of a set, waits for the first of them, and prepares it. Fails when all have failed. */
export const connectSet = Effect.fnUntraced(function* (
  setName: string,
  options: OrchestratorOptions,
  { mayBeEmpty, prepare }: { readonly prepare: PrepareSet; readonly mayBeEmpty: boolean },
  { registry, tell, tellAlert }: SetSurroundings
) {
  const told = (event: ServerEvent) => tell({ _tag: "ServerChanged", setName, event })
  // The last thing to happen: everything that ends with the set is still counted.
  yield* Effect.addFinalizer(() => Effect.sync(() => forgetSet(registry, setName)))
  const orchestrator = yield* makeOrchestrator(options, { labels: { set: setName }, told, toldAlert: tellAlert }).pipe(
    Effect.provideService(ToolCache, ownMemory(setName, yield* ToolCache)),
    Effect.provideService(Metric.MetricRegistry, registry),
    Effect.annotateLogs({ set: setName })
  )
  const isEmpty = mayBeEmpty && options.servers.length === 0
  if (!isEmpty && !(yield* orchestrator.connected)) {
    const failures = (yield* orchestrator.servers).map(failureOf)
    return yield* new NoServerConnected({ setName, failures })
  }
  yield* prepare(orchestrator).pipe(
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
