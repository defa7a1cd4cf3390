/**
 * Conversations that the server keeps for clients, in the store of the configuration: each belongs to the client that began it,
 * and to nobody else. Where the configuration wants none kept they end with the program, or some time after they were used last.
 */
import { EventStore, type StoreError } from "@signalbox/conversation"
import { Host } from "@signalbox/host"
import { Clock, Context, Duration, Effect, Layer, type Scope } from "effect"
import { ConversationRefused } from "./errors.ts"

/** A conversation of a client. */
export interface ClientConversation {
  /** As the client knows it. */
  readonly id: string
  /** Under which it is kept. */
  readonly storedAs: string
  readonly store: EventStore["Service"]
  /** Makes it the client's, where it is new. Fails where it is somebody else's. */
  readonly claim: Effect.Effect<void, StoreError | ConversationRefused>
}

/** Opens conversations of clients. */
export class ClientConversations extends Context.Service<
  ClientConversations,
  {
    /** For the length of the scope. Nothing is written before it is claimed. */
    readonly open: (
      clientName: string,
      id: string
    ) => Effect.Effect<ClientConversation, StoreError | ConversationRefused, Scope.Scope>
  }
>()("@signalbox/server/ClientConversations") {
  static readonly layer: Layer.Layer<ClientConversations, never, Host> = Layer.effect(
    ClientConversations,
    Effect.suspend(() => make)
  )
}

const ownerKind = "owner"

const idPattern = /^[\w.:-]{1,128}$/

/** The client that a conversation belongs to: nobody where it is new, and no client where it did not come from one. */
const ownerOf = (store: EventStore["Service"], storedAs: string) =>
  Effect.map(store.getEvents(storedAs, { include: "all" }), (events) => {
    if (events.length === 0) return { isNew: true, client: undefined }
    const note = events.find((event) => event.type === "meta" && event.kind === ownerKind)
    return { isNew: false, client: note?.type === "meta" ? note.data["client"] : undefined }
  })

/** Forgets conversations that are not kept, when nobody has used them for some time. */
const makeForgetting = (store: EventStore["Service"], idleTimeout: Duration.Duration) => {
  const used = new Map<string, { users: number; since: number }>()
  const forget = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    for (const [id, { since, users }] of used) {
      if (users > 0 || now - since < Duration.toMillis(idleTimeout)) continue
      used.delete(id)
      yield* store.removeConversation(id)
    }
  })
  return (id: string) =>
    Effect.andThen(
      forget,
      Effect.acquireRelease(
        Effect.sync(() => {
          const entry = used.get(id) ?? { users: 0, since: 0 }
          entry.users++
          used.set(id, entry)
          return entry
        }),
        (entry) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            entry.users--
            entry.since = now
          })
      )
    )
}

const make = Effect.gen(function* () {
  const { config, conversationSettings } = yield* Host
  const passing = yield* Effect.provide(EventStore, EventStore.layerMemory, { local: true })
  const store = conversationSettings.store ?? passing
  const use =
    conversationSettings.store === undefined
      ? makeForgetting(passing, config.options.conversation.sessionIdleTimeout)
      : () => Effect.void
  return ClientConversations.of({
    open: Effect.fn("ClientConversations.open")(function* (clientName: string, id: string) {
      if (!idPattern.test(id)) return yield* new ConversationRefused({ conversationId: id })
      const storedAs = `${clientName}/${id}`
      yield* use(storedAs)
      const check = Effect.gen(function* () {
        const { client, isNew } = yield* ownerOf(store, storedAs)
        if (!isNew && client !== clientName) return yield* new ConversationRefused({ conversationId: id })
        return isNew
      })
      yield* check
      const claim = Effect.gen(function* () {
        if (!(yield* check)) return
        // By its id there is one alone, whoever else begins the conversation now.
        const note = {
          type: "meta",
          role: "system",
          kind: ownerKind,
          id: "owner",
          data: { client: clientName }
        } as const
        yield* store.addEvent(storedAs, note)
      })
      return { id, storedAs, store, claim }
    })
  })
})
