/**
 * Which servers there are, in the order of the configuration, and how one set of them becomes another while calls
 * run: a new connection is made first, takes the place of the old one when it works, and the old one ends when its
 * last call has been answered.
 */
import { nearestName } from "@signalbox/model"
import { Effect, Equal, Exit, Scope, Semaphore } from "effect"
import { DuplicateServerName, ServerNotFound } from "./errors.ts"
import type { CallGate } from "./guard/CallGate.ts"
import { hasSessions, makeServerSessions, type ServerSessions } from "./guard/ServerSessions.ts"
import type { OrchestratorMetrics } from "./metrics/OrchestratorMetrics.ts"
import type { ServerMeter } from "./metrics/ServerMeter.ts"
import type { ManagedServer } from "./OrchestratorOptions.ts"
import { markOwner } from "./OrphanSweep.ts"
import { makeServerCalls, type ServerCalls } from "./ServerCalls.ts"
import type { ServerInfo } from "./ServerInfo.ts"
import { makeSupervisor, type StartError, type Supervisor, type Surroundings } from "./Supervisor.ts"

/** One server in its place. */
export interface Slot {
  /** What it was made from. */
  readonly managed: ManagedServer
  readonly supervisor: Supervisor
  readonly calls: ServerCalls
  /** What keeps calls and other requests away while it fails, and what counts them. */
  readonly gate: CallGate
  readonly meter: ServerMeter
  /** Where calls do not all run on the one that is supervised. */
  readonly sessions: ServerSessions | undefined
  /** Ends the server. */
  readonly scope: Scope.Closeable
}

/** What became of the servers of a new configuration. Names, in its order. */
export interface Reconfigured {
  readonly added: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  /** Those that run by their new options now. */
  readonly changed: ReadonlyArray<string>
  readonly unchanged: ReadonlyArray<string>
  /** Those whose new options do not work: they go on by their old ones. */
  readonly kept: ReadonlyArray<{ readonly serverName: string; readonly error: StartError }>
}

export interface ServerSlots {
  readonly all: () => ReadonlyArray<Slot>
  readonly find: (name: string) => Effect.Effect<Slot, ServerNotFound>
  /** Becomes another set of servers. Calls that run are not disturbed. */
  readonly reconfigure: (servers: ReadonlyArray<ManagedServer>) => Effect.Effect<Reconfigured, DuplicateServerName>
  /** Makes a new connection, and ends the old one when its calls are answered. On failure the old one stays. */
  readonly reconnect: (name: string) => Effect.Effect<ServerInfo, ServerNotFound | StartError>
  /** The same with all, side by side. Keys are all names, in order. */
  readonly reconnectAll: Effect.Effect<ReadonlyMap<string, Exit.Exit<ServerInfo, StartError>>>
  /** Takes all from their places, and waits for the answers to their calls. Their processes end with the scope. */
  readonly vacate: Effect.Effect<void>
}

/** What the servers of a set share, and how they begin. */
export interface SlotsSurroundings extends Surroundings {
  /** What counts the calls of a server, whichever connection they are made on. */
  readonly meterOf: (serverName: string) => ServerMeter
  /** What keeps calls away from a server that fails. */
  readonly gateOf: (serverName: string) => CallGate
  readonly metrics: OrchestratorMetrics
  readonly owner: string | undefined
  readonly startsAll: boolean
  readonly startsFirst: ReadonlyArray<string>
}

/** Makes the first set, and starts what is to start with it. */
export const makeServerSlots = Effect.fnUntraced(function* (
  servers: ReadonlyArray<ManagedServer>,
  around: SlotsSurroundings
) {
  // Servers end side by side: one that ignores every signal must not add its five seconds to the others'.
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  const changing = yield* Semaphore.make(1)
  /** Those that have left their place and still answer their last calls. */
  const retiring = new Set<Slot>()
  let slots: ReadonlyArray<Slot> = []

  const named = (name: string) => slots.find(({ managed }) => managed.server.name === name)

  const make = Effect.fnUntraced(function* (managed: ManagedServer) {
    const { name } = managed.server
    const own = yield* Scope.fork(scope, "parallel")
    const publish: Surroundings["publish"] = (event) => {
      // What happens to one that waits for the place of another, or has lost it to another, is no news of that name.
      const inPlace = named(name)
      if (inPlace === undefined || inPlace === slot) around.publish(event)
      if (event._tag === "StateChanged" && event.info.state === "running") sessions?.fill()
    }
    const before = named(name) ?? [...retiring].findLast((slot) => slot.managed.server.name === name)
    const marked = { ...managed, server: markOwner(managed.server, around.owner) }
    const supervised = yield* Scope.provide(makeSupervisor(marked, { ...around, publish }), own)
    const gate = around.gateOf(name)
    const sessions: ServerSessions | undefined = hasSessions(managed)
      ? yield* Scope.provide(makeServerSessions(supervised, gate, around), yield* Scope.fork(own))
      : undefined
    const supervisor = sessions === undefined ? supervised : endingWith(supervised, sessions)
    // Writes of two connections to one server must not overlap either.
    const meter = around.meterOf(name)
    const calls = makeServerCalls(supervisor, { meter, gate, sessions }, before?.calls.writer)
    const slot: Slot = { managed, supervisor, calls, gate, meter, sessions, scope: own }
    return slot
  })

  const find = (name: string) =>
    Effect.suspend(() => {
      const slot = named(name)
      if (slot !== undefined) return Effect.succeed(slot)
      const available = slots.map(({ supervisor }) => supervisor.managed.server.name)
      return Effect.fail(new ServerNotFound({ serverName: name, nearest: nearestName(name, available), available }))
    })

  const answered = ({ calls, managed }: Slot) => Effect.timeoutOption(calls.idle, managed.server.callTimeout)

  /** Ends a server that has left its place once its calls are answered, in the background. */
  const retire = (slot: Slot) => {
    retiring.add(slot)
    return answered(slot).pipe(
      Effect.andThen(Scope.close(slot.scope, Exit.void)),
      Effect.ensuring(Effect.sync(() => retiring.delete(slot))),
      Effect.forkIn(scope)
    )
  }

  const replace = (old: Slot, managed: ManagedServer): Effect.Effect<ServerInfo, StartError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const fresh = yield* make(managed)
        if (old.supervisor.isWanted()) {
          const started = yield* Effect.exit(restore(fresh.supervisor.ensureStarted))
          if (Exit.isFailure(started)) {
            yield* Scope.close(fresh.scope, started)
            return yield* started
          }
        }
        const previous = old.supervisor.info().state
        slots = slots.map((slot) => (slot === old ? fresh : slot))
        const info = fresh.supervisor.info()
        around.publish({ _tag: "StateChanged", previous, info })
        yield* around.onChange
        yield* retire(old)
        return info
      })
    )

  const reconfigure = Effect.fnUntraced(function* (next: ReadonlyArray<ManagedServer>) {
    yield* requireUnique(next)
    const known = new Map(slots.map((slot) => [slot.managed.server.name, slot]))
    const plan = yield* Effect.forEach(next, (managed) => {
      const slot = known.get(managed.server.name)
      return Effect.map(slot === undefined ? make(managed) : Effect.succeed(slot), (slot) => ({ managed, slot }))
    })
    const isKnown = ({ slot }: { readonly slot: Slot }) => known.get(slot.managed.server.name) === slot
    const added = plan.filter((entry) => !isKnown(entry))
    const changing = plan.filter((entry) => isKnown(entry) && !Equal.equals(entry.slot.managed, entry.managed))
    const removed = slots.filter((slot) => !plan.some((entry) => entry.slot === slot))
    slots = plan.map(({ slot }) => slot)
    if (around.startsAll) for (const { slot } of added) slot.supervisor.launch()
    yield* around.onChange
    yield* Effect.forEach(removed, retire, { discard: true })
    const kept = yield* Effect.forEach(
      changing,
      ({ managed, slot }) =>
        Effect.match(replace(slot, managed), {
          onSuccess: () => [],
          onFailure: (error) => [{ serverName: managed.server.name, error }]
        }),
      { concurrency: "unbounded" }
    )
    const isKept = (name: string) => kept.flat().some(({ serverName }) => serverName === name)
    const changed = namesOf(changing).filter((name) => !isKept(name))
    const touched = new Set([...namesOf(added), ...namesOf(changing)])
    return {
      added: namesOf(added),
      removed: namesOf(removed),
      changed,
      unchanged: namesOf(plan).filter((name) => !touched.has(name)),
      kept: kept.flat()
    }
  })

  yield* requireUnique(servers)
  slots = yield* Effect.forEach(servers, (managed) => make(managed), { concurrency: "unbounded" })
  for (const { managed, supervisor } of slots)
    if (around.startsAll || around.startsFirst.includes(managed.server.name)) supervisor.launch()
  return {
    all: () => slots,
    find,
    reconfigure: (next) => changing.withPermit(reconfigure(next)),
    reconnect: (name) => changing.withPermit(Effect.flatMap(find(name), (slot) => replace(slot, slot.managed))),
    reconnectAll: changing
      .withPermit(
        Effect.suspend(() =>
          Effect.forEach(
            slots,
            (slot) =>
              Effect.map(Effect.exit(replace(slot, slot.managed)), (exit) => [slot.managed.server.name, exit] as const),
            { concurrency: "unbounded" }
          )
        )
      )
      .pipe(Effect.map((exits) => new Map(exits))),
    vacate: Effect.suspend(() => {
      const leaving = [...slots, ...retiring]
      slots = []
      const all = Effect.forEach(leaving, answered, { concurrency: "unbounded", discard: true })
      return Effect.andThen(around.onChange, all)
    })
  } satisfies ServerSlots
})

/** Who stops a server stops all of its sessions; calls that run on them end first. */
const endingWith = (supervisor: Supervisor, { renew }: ServerSessions): Supervisor => ({
  ...supervisor,
  stop: Effect.andThen(renew, supervisor.stop),
  restart: Effect.andThen(renew, supervisor.restart)
})

const namesOf = (entries: ReadonlyArray<{ readonly managed: ManagedServer }>): ReadonlyArray<string> =>
  entries.map(({ managed }) => managed.server.name)

const requireUnique = (servers: ReadonlyArray<ManagedServer>): Effect.Effect<void, DuplicateServerName> => {
  const names = namesOf(servers.map((managed) => ({ managed })))
  const duplicates = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
  return duplicates.length === 0 ? Effect.void : Effect.fail(new DuplicateServerName({ serverNames: duplicates }))
}
