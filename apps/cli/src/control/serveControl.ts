/**
 * Making a program that runs a configuration one that can be asked: it takes the place of the configuration before
 * anything starts, and answers at its socket while its host lives.
 */
import { ControlServer } from "@signalbox/server"
import { claimPlace, type ClaimedPlace, type HostRecord } from "@signalbox/server/control"
import { Context, DateTime, Effect, Layer } from "effect"
import { version } from "../version.ts"
import { placeOfRun } from "./runningHost.ts"

/** Takes the place until the scope closes. Fails when another process runs the configuration. */
export const claimForRun = Effect.fnUntraced(function* (kind: HostRecord["kind"], logFile: string | null) {
  const started_at = DateTime.formatIso(yield* DateTime.now)
  return yield* claimPlace(yield* placeOfRun, { kind, log_file: logFile, version, started_at })
})

/** Answers until the scope closes. The effect in the answer waits until somebody asks the program to end. */
export const serveControl = (place: ClaimedPlace) =>
  Effect.map(Layer.build(ControlServer.layer(place)), (context) => Context.get(context, ControlServer).shutdownAsked)
