/**
 * Opens one connection through the gate and makes it usable, all within the time that a start may take: the first list
 * of tools gets what the handshake has left of it. Waiting in front of the gate costs nothing of it.
 */
import type { McpClient } from "@signalbox/mcp"
import { Clock, Duration, Effect } from "effect"
import type { ManagedServer } from "./OrchestratorOptions.ts"
import { laneOf, startTimeoutOf } from "./StartGate.ts"
import type { Surroundings } from "./Supervisor.ts"

/** Whoever opens connections has these. */
export type OpeningSurroundings = Pick<
  Surroundings,
  "connector" | "gate" | "onLogLine" | "questions" | "packageTimeout"
>

/** `prepare` runs while the place of the start is still held, and is told how long the first list may take. */
export const openClient = <A, E, R>(
  { program, requires, server }: ManagedServer,
  around: OpeningSurroundings,
  prepare: (client: McpClient, listLimit: Duration.Duration) => Effect.Effect<A, E, R>
) => {
  const budget = startTimeoutOf(server, around.packageTimeout)
  const connect = Effect.fnUntraced(function* (onLoaded: Effect.Effect<void>) {
    const began = yield* Clock.monotonicTimeNanos
    const client = yield* around.connector.connect(
      { ...server, connectTimeout: budget },
      {
        onLoaded,
        questions: around.questions,
        requires,
        program,
        onStderr: (text) => around.onLogLine({ serverName: server.name, text })
      }
    )
    return { client, left: leftOf(budget, (yield* Clock.monotonicTimeNanos) - began) }
  })
  return around.gate.run(laneOf(server), connect, ({ client, left }) =>
    // A first run may be long because it installs; a list never takes that long.
    prepare(client, Duration.min(server.connectTimeout, left))
  )
}

/** In whole milliseconds, for whoever reads it in a message. */
const leftOf = (budget: Duration.Duration, elapsedNanos: bigint): Duration.Duration =>
  Duration.millis(Math.max(0, Math.round(Duration.toMillis(budget) - Number(elapsedNanos) / 1e6)))
