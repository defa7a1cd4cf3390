/**
 * The changes of one resource for as long as somebody reads them, whichever connection there is to its server.
 */
import type { ServerError } from "@signalbox/mcp"
import { Deferred, Duration, Effect, Stream } from "effect"
import { ServerNotFound, type ServerUnavailable } from "../errors.ts"
import type { Slot } from "../ServerSlots.ts"
import type { Session } from "../Session.ts"
import { slotOf } from "./askServer.ts"
import type { ResourceAddress } from "./resourceAddress.ts"

/** A server that is down for now is asked again after this. */
const retryPause = Duration.seconds(1)

/** Fails where the server refuses to tell, or does not come back by itself. */
export const resourceUpdates = (
  slots: () => ReadonlyArray<Slot>,
  { serverName, uri }: ResourceAddress
): Stream.Stream<string, ServerError | ServerUnavailable | ServerNotFound> => {
  const session: Effect.Effect<Session, ServerUnavailable | ServerNotFound> = Effect.suspend(() => {
    const supervisor = slotOf(slots(), serverName)?.supervisor
    if (supervisor === undefined) {
      const available = slots().map(({ supervisor }) => supervisor.managed.server.name)
      return Effect.fail(new ServerNotFound({ serverName, nearest: undefined, available }))
    }
    return Effect.catchIf(
      supervisor.session(undefined),
      ({ retryable }) => retryable,
      () => Effect.andThen(Effect.sleep(retryPause), session)
    )
  })
  /** Those of one connection, which end with it. */
  const ofSession = ({ client, lost }: Session) =>
    client.resources.updates(uri).pipe(
      Stream.interruptWhen(Effect.raceFirst(Effect.asVoid(client.closed), Effect.asVoid(Deferred.await(lost)))),
      Stream.catchTag(["ConnectionClosed", "SessionExpired", "ServerUnreachable", "ServerExited"], () => Stream.empty)
    )
  const from = (isFirst: boolean): Stream.Stream<string, ServerError | ServerUnavailable | ServerNotFound> =>
    Stream.unwrap(
      Effect.map(session, (now) => {
        const missed = isFirst ? Stream.empty : Stream.succeed(uri)
        return Stream.concat(missed, ofSession(now)).pipe(Stream.concat(Stream.suspend(() => from(false))))
      })
    )
  return from(true)
}
