/**
 * Taking up a configuration file that has changed while the program runs: servers, agents and the keys of clients follow
 * it at once, without disturbing a call; a file that is wrong changes nothing. Anything else is only told to need a new
 * start.
 */
import type { DuplicateServerName, Reconfigured, ServerOrchestrator } from "@signalbox/orchestrator"
import { Duration, Effect, Equal, type FileSystem, FileSystem as Files, Path, Semaphore, Stream } from "effect"
import type { AgentsChanged } from "./agents/agentChanges.ts"
import type { Approvals } from "./approvals/Approvals.ts"
import type { Agents } from "./agents/Agents.ts"
import type { BuiltIns, BuiltInsError } from "./builtIns/BuiltIns.ts"
import { withNews } from "./checkReferences.ts"
import {
  clientChanges,
  type ClientsChanged,
  readClientKeys,
  resolveClientKeys,
  type ResolvedClientKey
} from "./clientKeys.ts"
import type { LoadedConfig } from "./config/ConfigFile.ts"
import type { HostOptions } from "./config/HostOptions.ts"
import type { ConfigInvalid, ConfigNotFound, MissingApiKey } from "./errors.ts"
import { managedServers, resolveServers } from "./servers.ts"

/** Why a changed file was not taken up. */
export type ReloadError = ConfigInvalid | ConfigNotFound | MissingApiKey | DuplicateServerName | BuiltInsError

/** What a changed file has changed. */
export interface Reloaded extends Reconfigured {
  readonly agents: AgentsChanged
  readonly clients: ClientsChanged
  /** Whether there are other built-in tools now, or others limits and policies for them. */
  readonly areToolsChanged: boolean
  /** Whether other calls are asked about now. */
  readonly isApprovalChanged: boolean
  /** Keys that have another value now, and are only read when a program starts. */
  readonly needsRestart: ReadonlyArray<string>
}

/** A change of the file, and what became of it. */
export type ReloadEvent =
  | { readonly _tag: "Reloaded"; readonly reloaded: Reloaded }
  | { readonly _tag: "Rejected"; readonly error: ReloadError }

/** The configuration file of a running host, to be read again. */
export interface Reload {
  /** Reads the file again. Fails with all that is wrong with it, and then everything goes on as before. */
  readonly reload: Effect.Effect<Reloaded, ReloadError>
  /** The keys by which clients are let in now. */
  readonly clientKeys: Effect.Effect<ReadonlyArray<ResolvedClientKey>>
  /** As it was last taken up, by the start or since. What only a new start reads is shown as the file has it. */
  readonly current: Effect.Effect<LoadedConfig>
  /** Why the file as it stands is not in force; `undefined` where it is. */
  readonly rejected: Effect.Effect<ReloadError | undefined>
  /** Reloads whenever the file has changed, for as long as it is read. Ends at once where there is no file. */
  readonly watch: Stream.Stream<ReloadEvent>
}

/** An editor writes a file in several steps. */
const settleTime = Duration.millis(200)

/** What follows a configuration. */
export interface ReloadParts {
  readonly orchestrator: ServerOrchestrator["Service"]
  readonly agents: Agents["Service"]
  readonly approvals: Approvals["Service"]
  readonly builtIns: BuiltIns["Service"]
}

/** The reloading of one host. */
export const makeReload = Effect.fnUntraced(function* (
  config: LoadedConfig,
  environment: Readonly<Record<string, string | undefined>>,
  { agents, approvals, builtIns, orchestrator }: ReloadParts
) {
  const platform = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const fs = yield* Files.FileSystem
  const path = yield* Path.Path
  const one = yield* Semaphore.make(1)
  let rejected: ReloadError | undefined
  let current = config
  let clientKeys = yield* resolveClientKeys(config, environment)
  /** Who is asked for a key at all is decided when a program starts. */
  const readKeys = (next: LoadedConfig) =>
    next.options.server.auth.mode === config.options.server.auth.mode
      ? readClientKeys(next, environment)
      : { keys: clientKeys, problems: [] }

  const reload = Effect.gen(function* () {
    const next = yield* config.reread
    const servers = yield* managedServers(next, environment)
    const plan = yield* agents.plan(next)
    const { keys, problems: wrongKeys } = readKeys(next)
    const wrong = [...plan.problems, ...wrongKeys]
    if (wrong.length > 0) {
      // What servers lack stops nobody but them, and is told with what stops this.
      const { problems } = yield* resolveServers(next, environment)
      return yield* next.invalid(withNews(problems, wrong))
    }
    const tools = yield* builtIns.plan(next)
    const keysBefore = clientKeys
    // First: servers may take their time, and a key that was taken out lets nobody in meanwhile.
    clientKeys = keys
    const [report, changedAgents] = yield* Effect.all([orchestrator.reconfigure(servers), plan.apply], {
      concurrency: "unbounded"
    }).pipe(
      Effect.onError(() =>
        Effect.suspend(() => {
          clientKeys = keysBefore
          return tools.discard
        })
      )
    )
    yield* tools.apply
    const isApprovalChanged = approvalKeys.some(
      (section) => !Equal.equals(current.options[section].approval, next.options[section].approval)
    )
    current = next
    yield* approvals.follow(next)
    return {
      ...report,
      agents: changedAgents,
      clients: clientChanges(keysBefore, keys),
      areToolsChanged: tools.isChanged,
      isApprovalChanged,
      needsRestart: restartKeys(config.options, next.options)
    } satisfies Reloaded
  }).pipe(
    (work) => one.withPermit(work),
    Effect.tapError((error) => Effect.sync(() => (rejected = error))),
    Effect.tap(() => Effect.sync(() => (rejected = undefined))),
    Effect.provideContext(platform)
  )

  const textOf = (file: string) => Effect.orElseSucceed(fs.readFileString(file), () => undefined)
  const changesOf = (file: string) =>
    // The folder, because editors put another file in the place of the old one.
    fs.watch(path.dirname(file)).pipe(
      Stream.filter((event) => path.basename(event.path) === path.basename(file)),
      Stream.debounce(settleTime),
      Stream.mapEffect(() => textOf(file)),
      Stream.catch((error) =>
        Stream.unwrap(Effect.as(Effect.logWarning(`${file} is not watched: ${error.message}`), Stream.empty))
      )
    )
  const watch = (file: string): Stream.Stream<ReloadEvent> =>
    Stream.unwrap(
      Effect.map(textOf(file), (text) =>
        changesOf(file).pipe(
          Stream.mapAccum(
            () => text,
            (before, now) => [now, now === before ? [] : [now]] as const
          ),
          Stream.mapEffect(() =>
            Effect.match(reload, {
              onSuccess: (reloaded): ReloadEvent => ({ _tag: "Reloaded", reloaded }),
              onFailure: (error): ReloadEvent => ({ _tag: "Rejected", error })
            })
          )
        )
      )
    )

  return {
    reload,
    clientKeys: Effect.sync(() => clientKeys),
    current: Effect.sync(() => current),
    rejected: Effect.sync(() => rejected),
    watch: config.file === undefined ? Stream.empty : watch(config.file)
  } satisfies Reload
})

/** What `managedServers` reads of `runtime`; its changes reach the servers by themselves. */
const limitsOfServers = new Set<string>([
  "connectTimeout",
  "idleTimeout",
  "callTimeout",
  "shutdownTimeout",
  "maxMessageBytes",
  "maxRequestBytes",
  "maxConcurrentCalls",
  "health",
  "breaker",
  "sessions"
])

/** The sections whose `approval` is taken up at each call. */
const approvalKeys = ["conversation", "server"] as const
const followed = new Set(approvalKeys.map((section) => `${section}.approval`))

const restartKeys = (before: HostOptions, after: HostOptions): ReadonlyArray<string> => {
  const { policy: _, maxRestarts: _n, ...delays } = before.runtime.restart
  const restart = { ...after.runtime.restart, ...delays }
  const sections = [
    "model",
    "providers",
    "routing",
    "conversation",
    "runtime",
    "logging",
    "telemetry",
    "server"
  ] as const
  const changed = sections.flatMap((section) => {
    const old: Readonly<Record<string, unknown>> = before[section]
    const now: Readonly<Record<string, unknown>> = after[section]
    return Object.keys(now)
      .filter((key) => !Equal.equals(old[key], now[key]))
      .map((key) => `${section}.${key}`)
  })
  return changed.filter((key) => {
    if (followed.has(key)) return false
    if (key === "server.auth") return before.server.auth.mode !== after.server.auth.mode
    if (key === "runtime.restart") return !Equal.equals(restart, after.runtime.restart)
    return !key.startsWith("runtime.") || !limitsOfServers.has(key.slice("runtime.".length))
  })
}
