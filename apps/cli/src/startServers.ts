/**
 * Starting no more servers than a command needs, and waiting no longer than it takes to know whose name was typed.
 */
import { builtInSource } from "@signalbox/host"
import { Effect, Option, Stream } from "effect"
import { announceStart } from "./chat/announceStart.ts"
import { Setting } from "./Setting.ts"
import type { RunningHost } from "./withHost.ts"

type Servers = Pick<RunningHost, "orchestrator">

const isBuiltIn = (server: Option.Option<string>) => Option.contains(server, builtInSource)

/** The server that is named, when it is one of the configuration. */
export const among =
  (server: Option.Option<string>) =>
  (servers: ReadonlyArray<string>): string | undefined =>
    servers.find((each) => Option.contains(server, each))

/** A wait that is shorter needs no words. */
const aMoment = "1 second"

/** For lists: nothing for the built-in tools, else starts the server that is named, else waits for all, which the host starts then. Answers how they are. */
export const startListed = Effect.fnUntraced(function* (host: RunningHost, server: Option.Option<string>) {
  if (isBuiltIn(server)) return []
  if (Option.isSome(server)) yield* host.orchestrator.ensureStarted(server.value)
  else {
    if ((yield* Setting).isTerminal.stderr) yield* announceStart(host)
    yield* host.orchestrator.settled
  }
  return (yield* host.orchestrator.servers).filter(({ name }) => Option.isNone(server) || name === server.value)
})

/** Whoever waits for longer than a moment is told for which servers. */
const told = <A, E, R>(host: Servers, waiting: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(waiting, Effect.andThen(Effect.delay(announceStart(host), aMoment), Effect.never))

const until = <E, R>(host: Servers, isSo: Effect.Effect<boolean, E, R>) =>
  Stream.concat(Stream.succeed(undefined), host.orchestrator.changes).pipe(
    Stream.mapEffect(() => isSo),
    Stream.takeUntil((is) => is),
    Stream.runDrain
  )

/**
 * For the name of a tool of which nobody said whose it is: starts all servers, and waits until the tools of each are
 * known or it has failed, since any of them may have one of that name. `isAddressed`: the name says whose it is.
 */
export const startUntilListed = <E, R>(host: Servers, isAddressed: Effect.Effect<boolean, E, R>) =>
  told(host, Effect.raceFirst(until(host, isAddressed), host.orchestrator.ensureListed))

/** The same for what is not remembered from run to run: waits until each server runs or has failed. */
export const startUntilSettled = <E, R>(host: Servers, isAddressed: Effect.Effect<boolean, E, R>) =>
  told(host, Effect.raceFirst(until(host, isAddressed), Effect.asVoid(host.orchestrator.startAll)))
