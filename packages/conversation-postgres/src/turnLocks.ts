/**
 * One turn of a conversation at a time, over all processes. All locks of a process hang on one connection: they are free in
 * the moment in which it is gone, however that comes, also while the process still runs. So whoever begins a turn writes its
 * name into the conversation, and records of a turn whose name is not there any more are refused.
 */
import { DatabaseUnreachable } from "@signalbox/conversation"
import { makeTurnQueue, turnTimeout } from "@signalbox/conversation/store"
import { Clock, Duration, Effect, Exit, Fiber, Scope, Semaphore } from "effect"
import { SecureRandom } from "effect/crypto"
import type { Database, Query } from "./Database.ts"
import { escapeText, keyOf } from "./keys.ts"
import { reconnecting } from "./reconnect.ts"

/** The tables of another schema are other conversations. */
const lockNumber = `hashtextextended(current_schema() || ' signalbox turn ' || $1, 0)`
const tryLock = `SELECT pg_try_advisory_lock(${lockNumber}) AS is_ours`
const unlock = `SELECT pg_advisory_unlock(${lockNumber})`
const beginTurn = `
  INSERT INTO signalbox_conversations (key, name, turn) VALUES ($1, $2, $3)
  ON CONFLICT (key) DO UPDATE SET turn = $3`

/** How often it is tried: soon at first, then less and less often. */
const pauseOf = (waitedMillis: number): Duration.Duration =>
  Duration.millis(waitedMillis < 250 ? 10 : waitedMillis < 5000 ? 50 : 250)

interface Session {
  readonly query: Query
  readonly scope: Scope.Closeable
}

export const makeTurnLocks = Effect.fnUntraced(function* (database: Database) {
  const scope = yield* Effect.scope
  const random = yield* Effect.provide(SecureRandom.SecureRandom, SecureRandom.layerWebCrypto)
  const enter = makeTurnQueue()
  const opening = Semaphore.makeUnsafe(1)
  const turns = new Map<string, string>()
  let current: Session | undefined

  const open = opening.withPermit(
    Effect.suspend(() => (current === undefined ? Effect.uninterruptible(openNew) : Effect.succeed(current)))
  )

  const openNew = Effect.gen(function* () {
    const own = yield* Scope.fork(scope)
    const query = yield* database.connect.pipe(
      Scope.provide(own),
      Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
    )
    current = { query, scope: own }
    return current
  })

  /** All its locks are free by now. */
  const drop = (session: Session) =>
    Effect.suspend(() => {
      if (current === session) current = undefined
      return Scope.close(session.scope, Exit.void)
    })

  const ask = (session: Session, sql: string, values: ReadonlyArray<unknown>) =>
    Effect.tapError(session.query(sql, values), (error) =>
      error instanceof DatabaseUnreachable ? drop(session) : Effect.void
    )

  const release = (session: Session, key: string) =>
    // Where it fails, the connection is gone, and the lock with it.
    Effect.ignore(ask(session, unlock, [key]))

  /** The connection on which the lock is held now; nothing where another process has it. */
  const attempt = (conversationId: string, key: string, turn: string) =>
    Effect.gen(function* () {
      const session = yield* open
      const [row] = yield* ask(session, tryLock, [key])
      if (row?.["is_ours"] !== true) return undefined
      yield* Effect.onError(ask(session, beginTurn, [key, escapeText(conversationId), turn]), () =>
        release(session, key)
      )
      return session
    })

  /** Held until the scope is closed, or not at all. What was begun is done to its end elsewhere: nobody has to wait for it. */
  const hold = (conversationId: string, key: string, turn: string) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkIn(attempt(conversationId, key, turn), scope)
        const undo = Effect.flatMap(Fiber.await(fiber), (exit) =>
          Exit.isSuccess(exit) && exit.value !== undefined ? release(exit.value, key) : Effect.void
        )
        const session = yield* Effect.onInterrupt(restore(Fiber.join(fiber)), () => Effect.forkIn(undo, scope))
        if (session === undefined) return false
        turns.set(conversationId, turn)
        yield* Effect.addFinalizer(() =>
          Effect.suspend(() => {
            turns.delete(conversationId)
            // The next one need not wait for the answer; on this connection it comes after it anyway.
            return Effect.forkIn(release(session, key), scope)
          })
        )
        return true
      })
    )

  const lockTurn = Effect.fnUntraced(function* (conversationId: string, given: Duration.Input) {
    const timeout = Duration.fromInputUnsafe(given)
    const start = yield* Clock.currentTimeMillis
    yield* enter(conversationId, timeout)
    const key = yield* keyOf(conversationId)
    const turn = yield* random.uuidV4()
    while (!(yield* reconnecting(hold(conversationId, key, turn)))) {
      const waited = (yield* Clock.currentTimeMillis) - start
      if (waited >= Duration.toMillis(timeout)) return yield* turnTimeout(conversationId)
      yield* Effect.sleep(pauseOf(waited))
    }
  })

  return {
    lockTurn,
    /** The turn of a conversation that this process runs; empty where it runs none. */
    turnOf: (conversationId: string): string => turns.get(conversationId) ?? ""
  }
})
