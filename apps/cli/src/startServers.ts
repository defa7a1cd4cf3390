/**
 * Starting no more servers than a command needs.
 */
import { Effect, Option, Stream } from "effect"
import { announceStart } from "./chat/announceStart.ts"
import { Setting } from "./Setting.ts"
import type { RunningHost } from "./withHost.ts"

/** For lists: starts the server that is named, else waits for all, which the host starts then. Answers how they are. */
export const startListed = Effect.fnUntraced(function* (host: RunningHost, server: Option.Option<string>) {
  if (Option.isSome(server)) yield* host.orchestrator.start(server.value)
  else {
    if ((yield* Setting).isTerminal.stderr) yield* announceStart(host)
    yield* host.orchestrator.settled
  }
  return (yield* host.orchestrator.servers).filter(({ name }) => Option.isNone(server) || name === server.value)
})

/** For a name of which nobody said whose it is: starts all servers, until it is there or all have come. */
export const startUntil = <E, R>(host: RunningHost, isThere: Effect.Effect<boolean, E, R>) => {
  const found = Stream.concat(Stream.succeed(undefined), host.orchestrator.changes).pipe(
    Stream.mapEffect(() => isThere),
    Stream.takeUntil((is) => is),
    Stream.runDrain
  )
  return Effect.asVoid(Effect.raceFirst(found, host.orchestrator.startAll))
}
