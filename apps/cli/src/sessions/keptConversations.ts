/** The conversations that are kept, for the commands about them: no server is started and no model is looked for. */
import {
  type ChatEvent,
  EventStore,
  HistoryTooNew,
  overviewOf,
  SessionNotFound,
  type TurnPoint
} from "@signalbox/conversation"
import type { LoadedConfig } from "@signalbox/host"
import { keptStores } from "@signalbox/host/node"
import { nearestName } from "@signalbox/model"
import { DateTime, Duration, Effect, Option } from "effect"
import { formatDuration } from "../duration.ts"
import { InvalidUsage } from "../errors.ts"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { Setting } from "../Setting.ts"
import { readConfig, readConfigOrPreset } from "../withHost.ts"
import { SessionAmbiguous } from "./errors.ts"
import { requireHistory } from "./requireHistory.ts"

/** Gives the work the store of the configuration. */
export const withStore = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(readConfig([], "preset"), (config) => inStore(config, work))

/** For work that only reads: of a broken configuration, that of the preset has to do. Nothing is changed in one that is guessed. */
export const withReadStore = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.flatMap(readConfigOrPreset, ({ config }) => inStore(config, work))

const inStore = <A, E, R>(config: LoadedConfig, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* requireHistory(config)
    const { conversationStore: store } = yield* keptStores(config, (yield* Setting).environment)
    // They are kept, so there is a store.
    return store === undefined ? yield* Effect.interrupt : yield* Effect.provideService(work, EventStore, store)
  }).pipe(Effect.scoped)

/** A conversation that is kept, under its whole name. */
export interface KeptConversation {
  readonly name: string
  /** All of its records. */
  readonly events: ReadonlyArray<ChatEvent>
}

const nothingKept = "Nothing is kept yet. Begin with: signalbox chat --session NAME"

const notFound = (given: string, known: ReadonlyArray<string>) => {
  const nearest = nearestName(given, known)
  const meant = nearest === undefined ? "" : `Did you mean "${nearest}"? `
  return new SessionNotFound({
    sessionId: given,
    hint: known.length === 0 ? nothingKept : `${meant}See: signalbox sessions list`
  })
}

/** Finds a conversation by its name, or by the beginning of it where no other has the same. */
export const findConversation = Effect.fnUntraced(function* (given: string) {
  const store = yield* EventStore
  const read = (name: string) =>
    Effect.map(store.getEvents(name, { include: "all" }), (events): KeptConversation => ({ name, events }))
  const named = yield* read(given)
  if (named.events.length > 0) return named
  const known = yield* store.listConversations
  if (known.includes(given)) return named
  const begun = given === "" ? [] : known.filter((name) => name.startsWith(given)).toSorted()
  const [only, ...others] = begun
  if (only === undefined) return yield* notFound(given, known)
  if (others.length > 0) return yield* new SessionAmbiguous({ given, names: begun })
  return yield* read(only)
})

/** Work on each conversation; those that a later Signalbox has written are told and passed over. */
export const ofEach = Effect.fnUntraced(function* <A, E, R>(
  work: (name: string) => Effect.Effect<A, E | HistoryTooNew, R>
) {
  const { errorStyle, status } = yield* Output
  const found = yield* Effect.forEach(yield* (yield* EventStore).listConversations, (name) =>
    Effect.catchIf(
      Effect.asSome(work(name)),
      (error): error is HistoryTooNew => error instanceof HistoryTooNew,
      ({ message }) =>
        Effect.as(status(`${errorStyle.yellow("!")} ${printable(message)} It is passed over.`), Option.none<A>())
    )
  )
  return found.flatMap(Option.toArray)
})

/** How long a turn is waited for that runs in another program. */
export const patience = Duration.seconds(30)

/** Says that a turn is waited for, where one runs. */
export const tellRunning = Effect.fnUntraced(function* ({ events, name }: KeptConversation) {
  if (!(yield* doesRun(name, overviewOf(events).turns))) return
  const { errorStyle, status } = yield* Output
  yield* status(
    errorStyle.dim(
      `… a turn of ${printable(name)} runs in another program: waiting until it is over, ${formatDuration(patience)} at most`
    )
  )
})

/** A turn that has not ended runs, or its program has ended before it: who runs a turn holds the conversation. */
export const doesRun = Effect.fnUntraced(function* (name: string, turns: ReadonlyArray<TurnPoint>) {
  if (turns.at(-1)?.end !== "open") return false
  const store = yield* EventStore
  return yield* store.lockTurn(name, Duration.zero).pipe(
    Effect.as(false),
    Effect.scoped,
    Effect.catchTag("LockTimeout", () => Effect.succeed(true))
  )
})

/** A conversation of a name, and whether a turn of it runs in any program. */
export const findShown = Effect.fnUntraced(function* (given: string) {
  const found = yield* findConversation(given)
  return { ...found, isRunning: yield* doesRun(found.name, overviewOf(found.events).turns) }
})

/** The conversation that was used last. */
export const latestConversation = Effect.gen(function* () {
  const store = yield* EventStore
  const all = yield* ofEach((name) =>
    Effect.map(store.getEvents(name, { include: "all", limit: 1 }), ([last]) => ({ name, last }))
  )
  const latest = all.reduce<{ readonly name: string; readonly at: number } | undefined>((best, { last, name }) => {
    const at = last === undefined ? 0 : DateTime.toEpochMillis(last.timestamp)
    return best === undefined || at > best.at ? { name, at } : best
  }, undefined)
  return latest === undefined
    ? yield* new InvalidUsage({ command: "signalbox chat", reason: `There is nothing to go on with. ${nothingKept}` })
    : latest.name
})
