/**
 * Which session a call runs on, where a server may have more than one: any with room, that of its conversation, or one
 * of its own. A session that is not shared is never used for two principals.
 */
import type { CallContext } from "@signalbox/model"
import { Effect } from "effect"
import type { ManagedServer } from "../OrchestratorOptions.ts"
import type { Session } from "../Session.ts"
import type { Supervisor } from "../Supervisor.ts"
import type { CallGate } from "./CallGate.ts"
import { makeLeases } from "./leases.ts"
import { makeSessionPool, type SessionError, type SessionSurroundings } from "./sessionPool.ts"

/** A conversation, as a call names it. */
export type Conversation = Pick<CallContext, "principal" | "conversationId">

export interface ServerSessions {
  /** Whether a call has its session before it waits for its turn: others must not wait for who waits for a session. */
  readonly comesFirst: boolean
  readonly use: <A, E>(
    conversation: Conversation,
    work: (session: Session) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | SessionError>
  /** Gives the session of a conversation back as soon as its calls have ended. */
  readonly endConversation: (conversation: Conversation) => Effect.Effect<void>
  /** Closes all sessions, each as soon as its calls have ended. */
  readonly renew: Effect.Effect<void>
  /** To be told when the server runs: its least number of sessions is opened then, in the background. */
  readonly fill: () => void
}

/** Whether there is more to it than the one session that is supervised. */
export const hasSessions = ({ sessions }: ManagedServer): boolean => sessions.max > 1 || sessions.affinity !== "shared"

/** The sessions of one server, until the scope closes. */
export const makeServerSessions = Effect.fnUntraced(function* (
  supervisor: Supervisor,
  circuit: CallGate,
  around: SessionSurroundings
) {
  const { maxConcurrent, sessions } = supervisor.managed
  const pool = yield* makeSessionPool(supervisor, circuit, around)
  const nothing = { endConversation: () => Effect.void, renew: pool.renew, fill: pool.fill }
  if (sessions.affinity !== "conversation") {
    const borrow = sessions.affinity === "call" ? pool.borrowFresh : pool.borrow
    return { ...nothing, comesFirst: false, use: (_, work) => borrow(work) } satisfies ServerSessions
  }
  const leases = yield* makeLeases<SessionError>({
    borrow: pool.borrowFresh,
    loss: pool.loss,
    ended: () => pool.unavailable("its sessions were closed."),
    idleTimeToLive: sessions.idleTimeToLive,
    maxConcurrent
  })
  return {
    comesFirst: true,
    use: (conversation, work) => leases.use(keyOf(conversation), work),
    endConversation: (conversation) => Effect.sync(() => leases.end(keyOf(conversation))),
    renew: Effect.andThen(Effect.sync(leases.endAll), pool.renew),
    fill: pool.fill
  } satisfies ServerSessions
})

const keyOf = ({ conversationId, principal }: Conversation): string => `${principal}\0${conversationId}`
