/**
 * When it makes sense to ask a model: servers that hang must not hold up those that work.
 */
import type { ServerOrchestrator } from "@signalbox/orchestrator"
import { Effect, Option, Stream } from "effect"

/** After so long without another server becoming ready, those that run are taken as all there are. */
const quietTime = "750 millis"

/**
 * Waits until all servers have started or failed or their tools are remembered, or some run and no other has become
 * ready for a moment.
 */
export const whenUsable = (orchestrator: ServerOrchestrator["Service"]): Effect.Effect<void> => {
  const areAllRemembered = Effect.map(orchestrator.servers, (servers) =>
    servers.every(({ areToolsRemembered, state }) => state !== "starting" || areToolsRemembered)
  )
  const isSomeRunning = Effect.map(orchestrator.servers, (servers) => servers.some(({ state }) => state === "running"))
  // Attempts of a server that does not come up are no news: only servers that have become ready are.
  const nextReady = orchestrator.changes.pipe(
    Stream.filter((event) => event._tag === "StateChanged" && event.info.state === "running"),
    Stream.runHead
  )
  const quiet = Effect.gen(function* () {
    while (true) {
      const ready = yield* Effect.timeoutOption(nextReady, quietTime)
      if (Option.isNone(ready) && (yield* isSomeRunning)) return
    }
  })
  return Effect.flatMap(areAllRemembered, (areKnown) =>
    areKnown ? Effect.void : Effect.raceFirst(orchestrator.settled, quiet)
  )
}
