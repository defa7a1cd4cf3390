/**
 * Stopping a server that is not to be waited for: its process group is killed while the stop goes on.
 */
import type { ServerOrchestrator } from "@signalbox/orchestrator"
import { Effect } from "effect"

/** Every process that the server has started is in its group. */
const killGroup = (pid: number) =>
  Effect.sync(() => {
    try {
      process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL")
    } catch {
      // It has ended by itself meanwhile.
    }
  })

/** Stops a server; with `isForced` at once, whatever it is doing. */
export const stopServer = Effect.fnUntraced(function* (
  orchestrator: ServerOrchestrator["Service"],
  name: string,
  isForced: boolean
) {
  const { pid } = yield* orchestrator.server(name)
  const stop = orchestrator.stop(name)
  if (!isForced || pid === undefined) return yield* stop
  // The stop begins first: a server that is killed before it would be started again.
  const [info] = yield* Effect.all([stop, killGroup(pid)], { concurrency: "unbounded" })
  return info
})
