/**
 * Waiting for a name that no server has listed: its server may still be coming.
 */
import { Clock, Effect } from "effect"
import type { ServerUnavailable } from "../errors.ts"
import type { Slot } from "../ServerSlots.ts"

/** What the waiting needs to know of the servers. */
export interface Servers {
  readonly slots: () => ReadonlyArray<Slot>
  /** Waits as long as it is so, looking again whenever something has changed. */
  readonly waitWhile: (isPending: () => boolean) => Effect.Effect<void>
}

/**
 * Looks, and looks again each time that a server has come, until there is something or nobody is left to come.
 * With a name, only that server is waited for, and it is an error when it does not come.
 */
export const lookUntilSettled = <A>(
  { slots, waitWhile }: Servers,
  look: Effect.Effect<A | undefined>,
  serverName: string | undefined,
  deadline: number | undefined
): Effect.Effect<A | undefined, ServerUnavailable> => {
  const settling = () => slots().filter(({ supervisor }) => supervisor.isSettling()).length
  const named = slots().find(({ supervisor }) => supervisor.managed.server.name === serverName)?.supervisor
  const search: Effect.Effect<A | undefined> = Effect.suspend(() => {
    const before = settling()
    return Effect.flatMap(look, (found) => {
      if (found !== undefined || before === 0) return Effect.succeed(found)
      return Effect.andThen(
        waitWhile(() => settling() >= before),
        search
      )
    })
  })
  if (named !== undefined) return Effect.flatMap(named.session(deadline), () => look)
  if (deadline === undefined) return search
  return Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.timeoutOrElse(search, { duration: Math.max(0, deadline - now), orElse: () => Effect.undefined })
  )
}
