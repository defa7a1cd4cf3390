/**
 * A session for each conversation, kept from its first call until it has been idle for long, has ended or is lost. What
 * a server remembers of one conversation no other ever sees: a session is never handed on.
 */
import { Deferred, type Duration, Effect, Exit, Fiber, FiberSet, Latch, Semaphore } from "effect"
import type { Session } from "../Session.ts"

/** The session of one conversation. */
interface Lease<E> {
  readonly session: Deferred.Deferred<Session, E>
  /** How many calls use it or wait for it. */
  users: number
  isEnding: boolean
  /** Open while nobody uses it, and while somebody does or it is to end. */
  readonly idle: Latch.Latch
  readonly wanted: Latch.Latch
  readonly places: Semaphore.Semaphore
  fiber: Fiber.Fiber<void> | undefined
}

export interface Leases<E> {
  /** Runs `work` on the session of this key, which is borrowed first where there is none. */
  readonly use: <A, E2>(key: string, work: (session: Session) => Effect.Effect<A, E2>) => Effect.Effect<A, E | E2>
  /** Gives a session back as soon as its calls have ended. */
  readonly end: (key: string) => void
  readonly endAll: () => void
}

export interface LeaseOptions<E> {
  /** Lends a session until the effect ends. It comes back of no use. */
  readonly borrow: <A>(hold: (session: Session) => Effect.Effect<A>) => Effect.Effect<A, E>
  /** Waits until a session is lost. */
  readonly loss: (session: Session) => Effect.Effect<unknown>
  /** Why a call gets no session when all of this ends. */
  readonly ended: () => E
  readonly idleTimeToLive: Duration.Duration
  /** Calls on one session at the same time. */
  readonly maxConcurrent: number
}

/** Leases that end with the scope. */
export const makeLeases = Effect.fnUntraced(function* <E>(options: LeaseOptions<E>) {
  const leases = new Map<string, Lease<E>>()
  const run = yield* FiberSet.makeRuntime()

  /** Waits until it may be given back. */
  const whileWanted = Effect.fnUntraced(function* (lease: Lease<E>) {
    while (true) {
      yield* lease.idle.await
      if (lease.isEnding) return
      const isIdle = yield* Effect.raceFirst(
        Effect.as(Effect.sleep(options.idleTimeToLive), true),
        Effect.as(lease.wanted.await, false)
      )
      if (isIdle && lease.users === 0) return
    }
  })

  const forget = (key: string, lease: Lease<E>) => {
    lease.isEnding = true
    if (leases.get(key) === lease) leases.delete(key)
  }

  const hold = (key: string, lease: Lease<E>) =>
    options
      .borrow((session) => {
        Deferred.doneUnsafe(lease.session, Exit.succeed(session))
        return Effect.raceFirst(whileWanted(lease), options.loss(session)).pipe(
          Effect.andThen(Effect.sync(() => forget(key, lease))),
          // Answers that are still to come over a session that the server has forgotten do come.
          Effect.andThen(lease.idle.await)
        )
      })
      .pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            forget(key, lease)
            const isRefused = Exit.isFailure(exit) && !Exit.hasInterrupts(exit)
            Deferred.doneUnsafe(lease.session, isRefused ? Exit.failCause(exit.cause) : Exit.fail(options.ended()))
          })
        ),
        // Whoever waits for the session has been told.
        Effect.ignore
      )

  const open = (key: string): Lease<E> => {
    const lease: Lease<E> = {
      session: Deferred.makeUnsafe(),
      users: 0,
      isEnding: false,
      idle: Latch.makeUnsafe(),
      wanted: Latch.makeUnsafe(),
      places: Semaphore.makeUnsafe(options.maxConcurrent),
      fiber: undefined
    }
    leases.set(key, lease)
    return lease
  }

  const enter = (key: string) => {
    const known = leases.get(key)
    const lease = known ?? open(key)
    lease.users += 1
    lease.idle.closeUnsafe()
    lease.wanted.openUnsafe()
    if (known === undefined) lease.fiber = run(hold(key, lease))
    return lease
  }

  const leave = (key: string, lease: Lease<E>) =>
    Effect.sync(() => {
      lease.users -= 1
      if (lease.users > 0) return
      if (!lease.isEnding) lease.wanted.closeUnsafe()
      lease.idle.openUnsafe()
      if (Deferred.isDoneUnsafe(lease.session) || lease.fiber === undefined) return
      // Whoever wanted it has gone before there was one, and does not wait for a server that is being started to end.
      forget(key, lease)
      run(Fiber.interrupt(lease.fiber))
    })

  const end = (key: string) => {
    const lease = leases.get(key)
    if (lease === undefined) return
    forget(key, lease)
    lease.wanted.openUnsafe()
  }

  return {
    use: (key, work) =>
      Effect.acquireUseRelease(
        Effect.sync(() => enter(key)),
        (lease) => Effect.flatMap(Deferred.await(lease.session), (session) => lease.places.withPermit(work(session))),
        (lease) => leave(key, lease)
      ),
    end,
    endAll: () => [...leases.keys()].forEach(end)
  } satisfies Leases<E>
})
