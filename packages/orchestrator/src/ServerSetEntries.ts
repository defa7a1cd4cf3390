/**
 * Which sets there are, and how one comes and goes: nobody, being added, there, being removed. Every step from one to
 * the next is made without a pause, so two who add or remove the same set meet in one of them.
 */
import { nearestName } from "@signalbox/model"
import { Cause, Deferred, Effect, Equal, Exit, Fiber, Scope } from "effect"
import { makeCap, SharedConnectionCap } from "./connectionPlace.ts"
import type { Connector } from "./Connector.ts"
import { type DuplicateServerName, ServerSetExists, ServerSetNotFound } from "./errors.ts"
import type { ManagedServer, OrchestratorOptions } from "./OrchestratorOptions.ts"
import type { OrphanSweep } from "./OrphanSweep.ts"
import {
  type AddError,
  connectSet,
  givenUp,
  type PrepareSet,
  type ServerSet,
  type SetSurroundings
} from "./ServerSet.ts"
import { serverSetStatus } from "./ServerSetStatus.ts"
import type { Reconfigured } from "./ServerSlots.ts"
import { makeStartGate, SharedStartGate } from "./StartGate.ts"
import type { ToolCache } from "./ToolCache.ts"

/** A set that nobody can use yet. */
interface Adding {
  readonly _tag: "Adding"
  readonly servers: ReadonlyArray<ManagedServer>
  readonly prepare: PrepareSet
  readonly mayBeEmpty: boolean
  readonly outcome: Deferred.Deferred<ServerSet, AddError>
  fiber: Fiber.Fiber<void> | undefined
  /** How many wait for the outcome. */
  waiting: number
}

interface Ready {
  readonly _tag: "Ready"
  readonly servers: ReadonlyArray<ManagedServer>
  readonly set: ServerSet
  readonly scope: Scope.Closeable
}

interface Closing {
  readonly _tag: "Closing"
  readonly set: ServerSet
  readonly closed: Deferred.Deferred<void>
}

/** Begins with none. All of them end with the scope, at the same time. */
export const makeServerSetEntries = Effect.fnUntraced(function* (
  options: Omit<OrchestratorOptions, "servers" | "startsAll">,
  around: SetSurroundings
) {
  const { tell } = around
  const gate = (yield* SharedStartGate) ?? makeStartGate(options)
  const cap = (yield* SharedConnectionCap) ?? (yield* makeCap(options))
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  // A set outlives whoever adds it, so nothing of their context may stay in it.
  const fork = Effect.runForkWith(yield* Effect.context<Connector | OrphanSweep | ToolCache>())
  const entries = new Map<string, Adding | Ready | Closing>()

  const sets = () => [...entries.values()].flatMap((entry) => (entry._tag === "Adding" ? [] : [entry.set]))
  const notFound = (setName: string) => {
    const available = sets().map(({ name }) => name)
    return new ServerSetNotFound({ setName, nearest: nearestName(setName, available), available })
  }

  const makeSet = (name: string, orchestrator: ServerSet["orchestrator"]): ServerSet => ({
    name,
    orchestrator,
    status: Effect.gen(function* () {
      const isClosing = entries.get(name)?._tag === "Closing"
      return serverSetStatus(name, yield* orchestrator.servers, yield* orchestrator.toolbox.list, isClosing)
    })
  })

  /** From nothing to a set that is there, or back to nothing. */
  const connect = (name: string, { mayBeEmpty, outcome, prepare, servers }: Adding) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const own = yield* Scope.fork(scope)
        const setOptions = { ...options, servers, startsAll: true, sweepsOrphans: false }
        const exit = yield* connectSet(name, setOptions, { prepare, mayBeEmpty }, around).pipe(
          Effect.provideService(SharedStartGate, gate),
          Effect.provideService(SharedConnectionCap, cap),
          Scope.provide(own),
          restore,
          Effect.exit
        )
        if (Exit.isFailure(exit)) {
          yield* Scope.close(own, exit)
          entries.delete(name)
          const isGivenUp = Cause.hasInterrupts(exit.cause)
          const failure = isGivenUp ? Exit.fail(givenUp(name, servers)) : Exit.failCause(exit.cause)
          return void Deferred.doneUnsafe(outcome, failure)
        }
        const set = makeSet(name, exit.value)
        entries.set(name, { _tag: "Ready", servers, set, scope: own })
        tell({ _tag: "SetAdded", setName: name })
        return void Deferred.doneUnsafe(outcome, Exit.succeed(set))
      })
    )

  const begin = (
    name: string,
    servers: ReadonlyArray<ManagedServer>,
    prepare: PrepareSet,
    mayBeEmpty: boolean
  ): Adding => {
    const entry: Adding = {
      _tag: "Adding",
      servers,
      prepare,
      mayBeEmpty,
      outcome: Deferred.makeUnsafe(),
      fiber: undefined,
      waiting: 0
    }
    entries.set(name, entry)
    entry.fiber = fork(connect(name, entry))
    return entry
  }

  const giveUp = ({ fiber }: Adding) => (fiber === undefined ? Effect.void : Fiber.interrupt(fiber))

  /** Waits for it with others; when the last of them is interrupted, it is given up. */
  const join = (entry: Adding) =>
    Effect.uninterruptibleMask((restore) => {
      entry.waiting += 1
      return Effect.onInterrupt(restore(Deferred.await(entry.outcome)), () => {
        entry.waiting -= 1
        return entry.waiting === 0 ? giveUp(entry) : Effect.void
      })
    })

  const add = (
    name: string,
    servers: ReadonlyArray<ManagedServer>,
    prepare: PrepareSet = () => Effect.void,
    given = { mayBeEmpty: false }
  ): Effect.Effect<ServerSet, AddError | ServerSetExists> =>
    Effect.suspend(() => {
      const entry = entries.get(name)
      if (entry === undefined) return join(begin(name, servers, prepare, given.mayBeEmpty))
      if (entry._tag === "Closing") {
        return Effect.andThen(Deferred.await(entry.closed), add(name, servers, prepare, given))
      }
      const isSame = Equal.equals(entry.servers, servers)
      if (entry._tag === "Ready") {
        return isSame ? Effect.succeed(entry.set) : Effect.fail(new ServerSetExists({ setName: name }))
      }
      if (isSame) return join(entry)
      return Effect.andThen(Effect.exit(Deferred.await(entry.outcome)), add(name, servers, prepare, given))
    })

  const reconfigure = (
    name: string,
    servers: ReadonlyArray<ManagedServer>
  ): Effect.Effect<Reconfigured, ServerSetNotFound | DuplicateServerName> =>
    Effect.suspend(() => {
      const entry = entries.get(name)
      if (entry?._tag === "Adding")
        return Effect.andThen(Effect.exit(Deferred.await(entry.outcome)), reconfigure(name, servers))
      if (entry?._tag !== "Ready") return Effect.fail(notFound(name))
      return Effect.tap(entry.set.orchestrator.reconfigure(servers), () =>
        Effect.sync(() => {
          const now = entries.get(name)
          if (now?._tag === "Ready" && now.set === entry.set) entries.set(name, { ...now, servers })
        })
      )
    })

  const close = (name: string, { scope: own, set }: Ready) =>
    Effect.uninterruptibleMask((restore) => {
      const closed = Deferred.makeUnsafe<void>()
      entries.set(name, { _tag: "Closing", set, closed })
      return Effect.ensuring(
        restore(set.orchestrator.drain),
        Effect.map(Scope.close(own, Exit.void), () => {
          entries.delete(name)
          tell({ _tag: "SetRemoved", setName: name })
          Deferred.doneUnsafe(closed, Exit.void)
        })
      )
    })

  return {
    /** Those that can be used, and those that are being removed, in the order in which they were added. */
    sets,
    get: (name: string) =>
      Effect.suspend(() => {
        const entry = entries.get(name)
        return entry?._tag === "Ready" ? Effect.succeed(entry.set) : Effect.fail(notFound(name))
      }),
    add,
    reconfigure,
    remove: (name: string) =>
      Effect.suspend((): Effect.Effect<void, ServerSetNotFound> => {
        const entry = entries.get(name)
        if (entry === undefined) return Effect.fail(notFound(name))
        if (entry._tag === "Adding") return giveUp(entry)
        return entry._tag === "Closing" ? Deferred.await(entry.closed) : close(name, entry)
      })
  }
})
