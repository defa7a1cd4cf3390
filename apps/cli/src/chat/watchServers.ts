/**
 * Live news of the servers on stderr, for as long as the scope lives.
 */
import type { ServerEvent } from "@signalbox/orchestrator"
import { DateTime, Effect, Stream } from "effect"
import { announceStart } from "./announceStart.ts"
import { Output } from "../Output.ts"
import { renderServerEvent } from "../render/renderServers.ts"
import type { RunningHost } from "../withHost.ts"

/** Prints which servers are being started, and what happens to them from now on. Silent with `--json`. */
export const watchServers = Effect.fnUntraced(function* (host: Pick<RunningHost, "orchestrator">) {
  const output = yield* Output
  if (output.isJson) return
  yield* announceStart(host)
  // Further attempts of a server that stays down are no news.
  const down = new Set<string>()
  const isNews = (event: ServerEvent): boolean => {
    if (event._tag !== "StateChanged") return true
    const { name, state } = event.info
    if (state === "running") down.delete(name)
    if (state !== "error") return true
    const isFirst = !down.has(name)
    down.add(name)
    return isFirst
  }
  yield* host.orchestrator.changes.pipe(
    Stream.filter(isNews),
    Stream.runForEach((event) =>
      Effect.flatMap(DateTime.now, (now) => {
        const line = renderServerEvent(event, now, output.errorStyle, output.width)
        return line === undefined ? Effect.void : output.status(line)
      })
    ),
    Effect.forkScoped({ startImmediately: true })
  )
})
