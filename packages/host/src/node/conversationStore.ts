/**
 * The conversations of the user, as the configuration wants them kept. Nothing is read, made or connected before one is asked
 * for: most commands ask for none, and the code for it takes a while to load.
 */
import { EventStore, type ResultStore } from "@signalbox/conversation"
import { Context, Effect, type FileSystem, Layer, type Path, type Redacted, Scope } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { hostname } from "node:os"
import { join, resolve } from "node:path"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { historyDatabase } from "../config/HistorySection.ts"
import type { ConfigInvalid } from "../errors.ts"
import type { KeptStores } from "../HostSetup.ts"
import { dataDirectory } from "./dataDirectory.ts"

type Store = EventStore["Service"]
type Load<A> = Effect.Effect<A, Effect.Error<ReturnType<Store["addEvent"]>>>
type Services = FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner

/** The folder of the files; nothing where the configuration wants none. */
export const conversationFolder = ({ directory, options }: LoadedConfig): string | undefined => {
  const { folder } = options.history
  if (folder === "auto") return join(dataDirectory(), "conversations")
  return folder === "" ? undefined : resolve(directory, folder)
}

/** Whether conversations outlive the program. */
export const keepsConversations = (config: LoadedConfig): boolean =>
  config.options.history.store === "postgres" || conversationFolder(config) !== undefined

/**
 * The stores for the length of the scope; none where the configuration wants none. `environment` is that of `nodeEnvironment`.
 * Fails where the configuration wants a database and does not say which one; whether it is there is seen when it is used.
 */
export const keptStores = (
  config: LoadedConfig,
  environment: Readonly<Record<string, string | undefined>>
): Effect.Effect<KeptStores, ConfigInvalid, Scope.Scope | Services> =>
  Effect.gen(function* () {
    const { problems, url } = historyDatabase(config.options.history, environment)
    if (problems.length > 0) return yield* config.invalid(problems)
    if (url !== undefined) return yield* postgresStores(config, url)
    const folder = conversationFolder(config)
    return folder === undefined ? {} : yield* fileStores(config, folder)
  })

const postgresStores = Effect.fnUntraced(function* (config: LoadedConfig, url: Redacted.Redacted) {
  const scope = yield* Effect.scope
  const { postgres, strict } = config.options.history
  const load = yield* Effect.cached(
    Effect.flatMap(
      Effect.promise(() => import("@signalbox/conversation-postgres")),
      ({ makePostgresStores }) => makePostgresStores({ url, strict, maxConnections: postgres.connections })
    ).pipe(Effect.provideService(Scope.Scope, scope))
  )
  return {
    conversationStore: whenAsked(Effect.map(load, ({ store }) => store)),
    resultStore: resultsWhenAsked(Effect.map(load, ({ results }) => results))
  }
})

const fileStores = Effect.fnUntraced(function* (config: LoadedConfig, folder: string) {
  const scope = yield* Effect.scope
  const services = yield* Effect.context<Services>()
  const jsonl = Effect.promise(() => import("@signalbox/conversation/jsonl"))
  const store = yield* Effect.cached(
    Effect.flatMap(jsonl, ({ FileLock, layerJsonl, ProcessIdentities }) => {
      const { durability, strict } = config.options.history
      const identities = ProcessIdentities.layer({ pid: process.pid, hostname: hostname() })
      const files = layerJsonl({ folder, durability, strict, writesThrough: process.platform === "linux" })
      const layer = files.pipe(Layer.provide(FileLock.layer.pipe(Layer.provide(identities))))
      return Effect.map(Layer.buildWithScope(layer, scope), (built) => Context.get(built, EventStore))
    }).pipe(Effect.provideContext(services))
  )
  const results = yield* Effect.cached(
    Effect.flatMap(jsonl, ({ makeResultFiles }) => makeResultFiles(folder)).pipe(Effect.provideContext(services))
  )
  return { conversationStore: whenAsked(store), resultStore: resultsWhenAsked(results) }
})

/** A store that is there when it is first asked for something. */
const whenAsked = (load: Load<Store>): Store => {
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

/** Long results of tools; the store is there when something is first kept or read. */
const resultsWhenAsked = (load: Load<ResultStore>): ResultStore => {
  let isLoaded = false
  const results = Effect.tap(load, () => Effect.sync(() => (isLoaded = true)))
  return {
    keep: (owner, text) => Effect.flatMap(results, (store) => store.keep(owner, text)),
    read: (owner, id) => Effect.flatMap(results, (store) => store.read(owner, id)),
    // A conversation of which this program has kept nothing has nothing to forget.
    forget: (owner) =>
      Effect.suspend(() => (isLoaded ? Effect.flatMap(results, (store) => store.forget(owner)) : Effect.void))
  }
}
