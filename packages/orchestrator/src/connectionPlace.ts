/**
 * The limit over the connections of all servers together. A server that is to run comes before further sessions of
 * others: those that idle are closed for it, and it waits for those in use.
 */
import { type CapMember, ConnectionCap } from "@signalbox/resilience"
import { Context, Effect, type Scope } from "effect"
import { ConnectionsExhausted } from "./errors.ts"
import type { ManagedServer, OrchestratorOptions } from "./OrchestratorOptions.ts"

/**
 * The limit that all orchestrators of a program keep to together. Provide one where there are several, or each has its
 * `maxTotalConnections` for itself. `undefined` leaves that to them.
 */
export const SharedConnectionCap = Context.Reference<ConnectionCap | undefined>(
  "@signalbox/orchestrator/SharedConnectionCap",
  { defaultValue: () => undefined }
)

/** The limit that the options name. */
export const makeCap = ({
  maxTotalConnections
}: Pick<OrchestratorOptions, "maxTotalConnections">): Effect.Effect<ConnectionCap | undefined> =>
  maxTotalConnections === undefined ? Effect.undefined : ConnectionCap.make(maxTotalConnections)

/** Takes a place for the connection that is supervised, until the scope closes. Waits no longer than a start may take. */
export const makePlace = (cap: ConnectionCap | undefined, { server }: ManagedServer) => {
  if (cap === undefined) return Effect.void
  const member: CapMember = { priority: 1, concurrency: 1, waiters: new Set(), held: 0, idle: () => undefined }
  const limit = server.connectTimeout
  return Effect.acquireUseRelease(
    Effect.sync(() => {
      const ticket = cap.nextTicket()
      member.waiters.add(ticket)
      return ticket
    }),
    (): Effect.Effect<unknown, ConnectionsExhausted, Scope.Scope> =>
      Effect.timeoutOrElse(cap.take(member), {
        duration: limit,
        orElse: () => Effect.fail(new ConnectionsExhausted({ serverName: server.name, max: cap.max, waited: limit }))
      }),
    (ticket) => Effect.sync(() => member.waiters.delete(ticket))
  )
}
