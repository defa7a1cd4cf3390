/**
 * Live news of the servers on stderr, for as long as the scope lives.
 */
import type { ServerEvent, ServerInfo } from "@signalbox/orchestrator"
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
  const known = new Map<string, ServerInfo["state"]>()
  /** Further attempts of a server that stays down are no news, and it is told once that one runs. */
  const isNews = (event: ServerEvent): boolean => {
    if (event._tag !== "StateChanged") return true
    const { name, state } = event.info
    const before = known.get(name)
    if (state !== "running" && state !== "error") {
      if (before === "running") known.delete(name)
      return true
    }
    known.set(name, state)
    return before !== state
  }
  const tell = (event: ServerEvent) =>
    Effect.flatMap(DateTime.now, (now) => {
      const line = isNews(event) ? renderServerEvent(event, now, output.errorStyle, output.width) : undefined
      return line === undefined ? Effect.void : output.status(line)
    })
  yield* host.orchestrator.changes.pipe(Stream.runForEach(tell), Effect.forkScoped({ startImmediately: true }))
  // What has happened before somebody looked is news, too.
  for (const info of yield* host.orchestrator.servers) {
    if (info.state === "running" || info.state === "error")
      yield* tell({ _tag: "StateChanged", info, previous: "starting" })
  }
})
