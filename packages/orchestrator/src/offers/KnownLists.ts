/**
 * What servers list beside tools, kept for as long as it holds. Nothing is asked before somebody wants to know; from
 * then on a list is read again only when its server says that it has changed, or on a new connection.
 */
import { type Listing, type McpClient, RequestRejected, type ServerError } from "@signalbox/mcp"
import { Clock, Duration, Effect, type Scope, Semaphore, Stream } from "effect"
import type { Slot } from "../ServerSlots.ts"
import type { Session } from "../Session.ts"
import type { Supervisor } from "../Supervisor.ts"

/** One kind of list. */
export interface ListSource<A> {
  /** As in "the prompts of server …". */
  readonly what: string
  readonly read: (client: McpClient) => Effect.Effect<Listing<A>, ServerError>
  readonly changed: (client: McpClient) => Stream.Stream<void>
  /** What is listed twice under one key counts once. */
  readonly keyOf: (item: A) => string
}

/** The lists of one kind of all servers. */
export interface KnownLists<A> {
  /**
   * The list as it is now. A server that is down or cannot say keeps its last one, and so does one that is not called
   * because it failed; one that is stopped lists nothing.
   */
  readonly of: (slot: Slot) => Effect.Effect<ReadonlyArray<A>>
}

interface Known<A> {
  items: ReadonlyArray<A>
  /** The connection that the list was read on; nothing while it has to be read again. */
  readOn: Session | undefined
  freshUntil: number
  /** The connection whose notices are followed. */
  following: Session | undefined
  readonly reading: Semaphore.Semaphore
}

/** The scope ends what follows the notices of servers. */
export const makeKnownLists = <A>(source: ListSource<A>): Effect.Effect<KnownLists<A>, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    const lists = new WeakMap<Supervisor, Known<A>>()

    const knownOf = (supervisor: Supervisor): Known<A> => {
      const known = lists.get(supervisor) ?? {
        items: [],
        readOn: undefined,
        freshUntil: 0,
        following: undefined,
        reading: Semaphore.makeUnsafe(1)
      }
      lists.set(supervisor, known)
      return known
    }

    /** One ear for each connection; it ends with it. */
    const follow = (known: Known<A>, session: Session) => {
      if (known.following === session) return Effect.void
      known.following = session
      return source.changed(session.client).pipe(
        Stream.runForEach(() =>
          Effect.sync(() => {
            if (known.readOn === session) known.readOn = undefined
          })
        ),
        Effect.forkIn(scope, { startImmediately: true })
      )
    }

    const readAgain = Effect.fnUntraced(function* (known: Known<A>, session: Session, serverName: string) {
      const now = yield* Clock.currentTimeMillis
      if (known.readOn === session && now < known.freshUntil) return known.items
      yield* follow(known, session)
      // Before the question: a notice that comes with the answer must not be lost.
      known.readOn = session
      const list = yield* source.read(session.client).pipe(
        Effect.catchIf(isNotOffered, () => Effect.succeed<Listing<A>>({ items: [], problems: [] })),
        Effect.onError(() => Effect.sync(() => (known.readOn = undefined)))
      )
      yield* Effect.forEach(list.problems, (problem) =>
        Effect.logWarning(`Of ${source.what} of "${serverName}": ${problem}`)
      )
      known.items = firstOfEach(list.items, source.keyOf)
      known.freshUntil = list.freshFor === undefined ? Number.POSITIVE_INFINITY : now + Duration.toMillis(list.freshFor)
      return known.items
    })

    return {
      of: ({ gate, supervisor }) =>
        Effect.suspend(() => {
          const known = knownOf(supervisor)
          const session = supervisor.current()
          const { name: serverName } = supervisor.managed.server
          if (session === undefined) {
            if (supervisor.info().state === "stopped") known.items = []
            return Effect.succeed(known.items)
          }
          if (!gate.isClosed()) return Effect.succeed(known.items)
          return known.reading.withPermit(readAgain(known, session, serverName)).pipe(
            Effect.catch((error) =>
              Effect.as(
                Effect.logWarning(`${source.what} of server "${serverName}" stay as they were: ${error.message}`),
                known.items
              )
            ),
            Effect.annotateLogs({ server: serverName })
          )
        })
    }
  })

/** A server may offer resources and know nothing of templates. */
const isNotOffered = (error: ServerError): boolean => error instanceof RequestRejected && error.rpcCode === -32601

const firstOfEach = <A>(items: ReadonlyArray<A>, keyOf: (item: A) => string): ReadonlyArray<A> =>
  [...Map.groupBy(items, keyOf).values()].flatMap(([first]) => (first === undefined ? [] : [first]))
