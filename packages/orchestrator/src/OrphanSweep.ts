/**
 * Ends what a killed owner left behind. Every stdio server carries its owner in its environment; a process
 * whose owner is no longer alive is an orphan. Nothing else is ever touched: no process without our mark, none
 * of a living owner, none of another container, and not the tree that we ourselves run in.
 */
import type { ServerOptions } from "@signalbox/mcp"
import { Context, Effect, FileSystem, Layer, type Scope } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import {
  ownerVariable,
  ProcessEnvironments,
  type ProcessRow,
  type ProcessTable,
  procTable,
  psTable
} from "./processTable.ts"

/** Finds and kills server processes whose program was killed before it could end them. */
export class OrphanSweep extends Context.Service<
  OrphanSweep,
  {
    /** Who a process is, for as long as it lives: its id and its start, since ids are used again. Nothing when it is gone. */
    readonly ownerOf: (pid: number) => Effect.Effect<string | undefined>
    /** Kills the orphans and answers with their ids. `owner` is who we are. Never fails: what cannot be seen is left alone. */
    readonly sweep: (owner: string) => Effect.Effect<ReadonlyArray<number>>
  }
>()("@signalbox/orchestrator/OrphanSweep") {
  /** Reads `/proc` where there is one, else asks `ps`. Where there is neither, nothing is found. */
  static readonly layer: Layer.Layer<
    OrphanSweep,
    never,
    ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem
  > = Layer.effect(
    OrphanSweep,
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
      const hasProc = yield* Effect.orElseSucceed(fs.exists("/proc/self/stat"), () => false)
      return makeOrphanSweep(hasProc ? procTable(fs, yield* ProcessEnvironments) : psTable(spawner), spawner)
    })
  )
}

/**
 * Sweeps once, in the background, where the options ask for it. To its end, however short the program is: many calls
 * of a command must not leave orphans to one another.
 */
export const sweepOnce = (
  { owner, sweepsOrphans }: { readonly owner: string | undefined; readonly sweepsOrphans: boolean },
  killed: (count: number) => void
): Effect.Effect<void, never, OrphanSweep | Scope.Scope> => {
  if (owner === undefined || !sweepsOrphans) return Effect.void
  const swept = Effect.flatMap(OrphanSweep, (sweep) => sweep.sweep(owner))
  return Effect.asVoid(
    Effect.forkScoped(Effect.uninterruptible(Effect.map(swept, ({ length }) => killed(length))), {
      startImmediately: true
    })
  )
}

/** The options of a server with the mark of its owner in the environment. HTTP servers have no process of ours. */
export const markOwner = (server: ServerOptions, owner: string | undefined): ServerOptions =>
  owner === undefined || server.endpoint.transport !== "stdio"
    ? server
    : { ...server, endpoint: { ...server.endpoint, env: { ...server.endpoint.env, [ownerVariable]: owner } } }

/** A sweep over any table of processes. */
const makeOrphanSweep = (
  table: ProcessTable,
  spawner: ChildProcessSpawner.ChildProcessSpawner["Service"]
): OrphanSweep["Service"] => ({
  ownerOf: (pid) => Effect.orElseSucceed(table.identity(pid), () => undefined),
  sweep: Effect.fnUntraced(function* (owner) {
    const marked = yield* table.marked
    const owners = new Set([...marked.values()].filter((candidate) => candidate !== owner))
    const dead = new Set<string>()
    for (const candidate of owners) {
      const pid = pidOf(candidate)
      // A mark that we cannot read was not made by us.
      const isDead = Effect.map(table.identity(pid ?? 0), (identity) => identity !== candidate)
      if (pid !== undefined && (yield* Effect.orElseSucceed(isDead, () => false))) dead.add(candidate)
    }
    if (dead.size === 0) return []
    const rows = yield* table.rows
    const own = ancestors(rows, pidOf(owner))
    const orphans = rows.filter(({ pid }) => dead.has(marked.get(pid) ?? "") && !own.has(pid))
    const ids = new Set(orphans.map(({ pid }) => pid))
    // A group that holds anything else is not ours alone: then only its marked members end.
    const shared = new Set(rows.filter(({ pid }) => !ids.has(pid)).map(({ group }) => group))
    const targets = new Set(orphans.map(({ group, pid }) => (shared.has(group) ? `${pid}` : `-${group}`)))
    if (targets.size === 0) return []
    yield* Effect.logInfo(`Killing ${ids.size} processes that an earlier run left behind.`, [...ids])
    // Some may have ended meanwhile, which makes the shell fail.
    yield* Effect.ignore(
      spawner.exitCode(ChildProcess.make("/bin/sh", ["-c", 'kill -s KILL -- "$@"', "sh", ...targets], quiet))
    )
    return [...ids]
  })
})

const quiet = { stdin: "ignore", stdout: "ignore", stderr: "ignore", forceKillAfter: "1 second" } as const

const pidOf = (owner: string): number | undefined => {
  const digits = /^(\d+)-./.exec(owner)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** A process and all that it descends from: ending one of them would end us. */
const ancestors = (rows: ReadonlyArray<ProcessRow>, pid: number | undefined): ReadonlySet<number> => {
  const parents = new Map(rows.map((row) => [row.pid, row.parent]))
  const found = new Set<number>()
  for (let next = pid; next !== undefined && !found.has(next); next = parents.get(next)) found.add(next)
  return found
}
