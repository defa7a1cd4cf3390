/**
 * The conversations of the user, as the configuration wants them kept. Nothing is read or made before one is asked for: most
 * commands ask for none, and the code for it takes a while to load.
 */
import { EventStore, type ResultStore } from "@signalbox/conversation"
import { Context, Effect, type FileSystem, Layer, type Path, type Scope } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { hostname } from "node:os"
import { join, resolve } from "node:path"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { dataDirectory } from "./dataDirectory.ts"

type Store = EventStore["Service"]
type Load = Effect.Effect<Store, Effect.Error<ReturnType<Store["addEvent"]>>>

/** Where they are; nothing where the configuration wants none. */
export const conversationFolder = ({ directory, options }: LoadedConfig): string | undefined => {
  const { folder } = options.history
  if (folder === "auto") return join(dataDirectory(), "conversations")
  return folder === "" ? undefined : resolve(directory, folder)
}

/** The store for the length of the scope; nothing where the configuration wants none. */
export const conversationStore = (
  config: LoadedConfig
): Effect.Effect<
  Store | undefined,
  never,
  Scope.Scope | FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner
> =>
  Effect.gen(function* () {
    const folder = conversationFolder(config)
    if (folder === undefined) return undefined
    const scope = yield* Effect.scope
    const services = yield* Effect.context<
      FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner
    >()
    const load = yield* Effect.cached(
      Effect.gen(function* () {
        const jsonl = yield* Effect.promise(() => import("@signalbox/conversation/jsonl"))
        const { durability, strict } = config.options.history
        const identities = jsonl.ProcessIdentities.layer({ pid: process.pid, hostname: hostname() })
        const files = jsonl.layerJsonl({ folder, durability, strict, writesThrough: process.platform === "linux" })
        const layer = files.pipe(Layer.provide(jsonl.FileLock.layer.pipe(Layer.provide(identities))))
        return Context.get(yield* Layer.buildWithScope(layer, scope), EventStore)
      }).pipe(Effect.provideContext(services))
    )
    return whenAsked(load)
  })

/** A store that is there when it is first asked for something. */
const whenAsked = (load: Load): Store => {
  const later =
    <Args extends ReadonlyArray<unknown>, A, E, R>(verb: (store: Store) => (...args: Args) => Effect.Effect<A, E, R>) =>
    (...args: Args) =>
      Effect.flatMap(load, (store) => verb(store)(...args))
  return EventStore.of({
    addEvent: later((store) => store.addEvent),
    addEvents: later((store) => store.addEvents),
    eventExists: later((store) => store.eventExists),
    getEvents: later((store) => store.getEvents),
    lastTokens: later((store) => store.lastTokens),
    getEventByRequestId: later((store) => store.getEventByRequestId),
    getLastAssistantReplyId: later((store) => store.getLastAssistantReplyId),
    compactDeltas: later((store) => store.compactDeltas),
    listConversations: Effect.flatMap(load, (store) => store.listConversations),
    removeConversation: later((store) => store.removeConversation),
    compact: later((store) => store.compact),
    lockTurn: later((store) => store.lockTurn)
  })
}

/** Long results of tools, beside the conversations; nothing where the configuration wants none kept. */
export const resultStore = (
  config: LoadedConfig
): Effect.Effect<ResultStore | undefined, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const folder = conversationFolder(config)
    if (folder === undefined) return undefined
    const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
    let isLoaded = false
    const load = yield* Effect.cached(
      Effect.promise(() => import("@signalbox/conversation/jsonl")).pipe(
        Effect.flatMap((jsonl) => jsonl.makeResultFiles(folder)),
        Effect.tap(() => Effect.sync(() => (isLoaded = true))),
        Effect.provideContext(services)
      )
    )
    return {
      keep: (owner, text) => Effect.flatMap(load, (store) => store.keep(owner, text)),
      read: (owner, id) => Effect.flatMap(load, (store) => store.read(owner, id)),
      // A conversation of which this program has kept nothing has nothing to forget.
      forget: (owner) =>
        Effect.suspend(() => (isLoaded ? Effect.flatMap(load, (store) => store.forget(owner)) : Effect.void))
    } satisfies ResultStore
  })
