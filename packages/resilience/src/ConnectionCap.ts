/**
 * One limit for the connections of many pools. Who waits for a connection comes before a pool that fills up to its
 * least number; among those, the higher priority, then a key without any connection, then who came first.
 * While somebody waits at the limit, connections that idle elsewhere are closed to make room.
 */
import { Deferred, Effect, Exit, type Scope } from "effect"
import { isWhole, requireSettings } from "./settings.ts"

/** A connection that nobody uses now. */
export interface IdleConnection {
  /** Milliseconds since 1970. */
  readonly since: number
  /** Whether its pool keeps its least number without it. */
  readonly isSpare: boolean
  readonly close: Effect.Effect<void>
}

/** What the cap knows of one pool. */
export interface CapMember {
  readonly priority: number
  /** How many borrowers one connection serves. */
  readonly concurrency: number
  /** The tickets of the borrowers who wait, in the order in which they came. */
  readonly waiters: Set<number>
  /** The connection that was idle for longest; one that is spare before others. */
  readonly idle: () => IdleConnection | undefined
  /** Places that it has: connections open, being opened or being closed. */
  held: number
}

/** A place under the cap, taken by one connection. */
export interface CapPlace {
  /** Says that the connection is about to close, so that nobody is asked to make room in vain. */
  readonly leave: () => void
}

/** A limit over all pools that share it. */
export interface ConnectionCap {
  readonly max: number
  /** How many connections there are, those being opened and closed included. */
  readonly open: Effect.Effect<number>
  /** For pools: the number of the next borrower who waits. */
  readonly nextTicket: () => number
  readonly join: (member: CapMember) => Effect.Effect<void, never, Scope.Scope>
  /** For pools: a place for one more connection, until the scope closes. */
  readonly take: (member: CapMember) => Effect.Effect<CapPlace, never, Scope.Scope>
  /** For pools: a place if there is one now and nobody waits for it. */
  readonly takeIfFree: (member: CapMember) => Effect.Effect<CapPlace | undefined, never, Scope.Scope>
  /** For pools: whether a returned connection should be closed, because who waits elsewhere comes before who waits here. */
  readonly claims: (member: CapMember) => boolean
  /** For pools: to be run when a borrower began to wait or a connection became idle. */
  readonly settle: Effect.Effect<void>
}

interface Request {
  readonly member: CapMember
  readonly granted: Deferred.Deferred<void>
}

/** Makes a cap; throws `SettingsInvalid` unless `max` is a whole number of 1 or more. Give it to every pool that it is for. */
const make = (max: number): Effect.Effect<ConnectionCap> =>
  Effect.sync(() => {
    requireSettings("a cap of connections", { "max must be a whole number of 1 or more": !isWhole(1, max) })
    const members = new Set<CapMember>()
    const requests = new Set<Request>()
    let tickets = 0
    let used = 0
    let leaving = 0

    /** The requests on behalf of somebody who waits, each pool's no more than its borrowers need. */
    const wanted = (): Array<Request> => {
      const needed = new Map<CapMember, number>()
      return [...requests].filter(({ member }) => {
        const left = needed.get(member) ?? Math.ceil(member.waiters.size / member.concurrency)
        needed.set(member, left - 1)
        return left > 0
      })
    }

    const isWithoutRoom = (waiting: number) => waiting > max - used + leaving

    const grant = (): void => {
      const next = used < max ? (first(wanted()) ?? [...requests][0]) : undefined
      if (next === undefined) return
      requests.delete(next)
      occupy(next.member)
      Deferred.doneUnsafe(next.granted, Exit.void)
      grant()
    }

    const occupy = (member: CapMember) => {
      used++
      member.held++
    }

    const victim = (): IdleConnection | undefined => {
      // A pool with borrowers waiting has just got back what it is about to lend.
      const idle = [...members].flatMap((member) => (member.waiters.size > 0 ? [] : (member.idle() ?? [])))
      return idle.toSorted((a, b) => Number(b.isSpare) - Number(a.isSpare) || a.since - b.since)[0]
    }

    const settle: Effect.Effect<void> = Effect.suspend(() => {
      grant()
      if (requests.size === 0 || !isWithoutRoom(wanted().length)) return Effect.void
      const idle = victim()
      return idle === undefined ? Effect.void : Effect.andThen(idle.close, settle)
    })

    const release = (member: CapMember, place: { isLeaving: boolean }) =>
      Effect.suspend(() => {
        used--
        member.held--
        if (place.isLeaving) leaving--
        return settle
      })

    const hold = (member: CapMember) => {
      const place = { isLeaving: false }
      const leave = () => {
        if (place.isLeaving) return
        place.isLeaving = true
        leaving++
      }
      return Effect.as(
        Effect.addFinalizer(() => release(member, place)),
        { leave }
      )
    }

    return {
      max,
      open: Effect.sync(() => used),
      nextTicket: () => ++tickets,
      join: (member) =>
        Effect.acquireRelease(
          Effect.sync(() => void members.add(member)),
          () => Effect.sync(() => members.delete(member))
        ),
      take: (member) =>
        Effect.uninterruptibleMask((restore) => {
          const request = { member, granted: Deferred.makeUnsafe<void>() }
          requests.add(request)
          const cancel = Effect.suspend(() =>
            requests.delete(request) ? Effect.void : release(member, { isLeaving: false })
          )
          return settle.pipe(
            Effect.andThen(Effect.onInterrupt(restore(Deferred.await(request.granted)), () => cancel)),
            Effect.andThen(hold(member))
          )
        }),
      takeIfFree: (member) =>
        Effect.uninterruptible(
          Effect.suspend(() => {
            if (used >= max || requests.size > 0) return Effect.undefined
            occupy(member)
            return hold(member)
          })
        ),
      claims: (member) => {
        if (requests.size === 0 || member.waiters.size === 0) return false
        const waiting = wanted().filter((request) => request.member !== member)
        const next = first(waiting)
        return next !== undefined && isWithoutRoom(waiting.length) && comesBefore(next.member, member)
      },
      settle
    }
  })

/** Makes a `ConnectionCap`. */
export const ConnectionCap = { make } as const

const first = (requests: ReadonlyArray<Request>): Request | undefined =>
  requests.toSorted((a, b) => order(a.member, b.member))[0]

const order = (a: CapMember, b: CapMember): number =>
  b.priority - a.priority || Math.min(a.held, 1) - Math.min(b.held, 1) || ticketOf(a) - ticketOf(b)

const ticketOf = ({ waiters }: CapMember): number => {
  for (const ticket of waiters) return ticket
  return Number.POSITIVE_INFINITY
}

/**
 * Whether a pool takes a connection from another one that has borrowers waiting too. Without a higher priority only
 * one that has none at all: closing and opening costs more than waiting.
 */
const comesBefore = (other: CapMember, own: CapMember): boolean =>
  other.priority > own.priority ||
  (other.priority === own.priority && other.held === 0 && ticketOf(other) < ticketOf(own))
