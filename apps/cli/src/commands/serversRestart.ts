import { Effect } from "effect"
import { Command } from "effect/cli"
import { selectionFlags } from "../control/selectionFlags.ts"
import { withSetting } from "../withSetting.ts"

const loaded = Effect.promise(() => import("../control/onServers.ts"))

export const serversRestart = Command.make("restart", selectionFlags, (selection) =>
  withSetting(Effect.flatMap(loaded, ({ onServers }) => onServers("restart", selection)))
).pipe(
  Command.withDescription("End servers of the running host and start them anew"),
  Command.withExamples([{ command: "signalbox servers restart files", description: "Calls under way there fail" }])
)

export const serversReconnect = Command.make("reconnect", selectionFlags, (selection) =>
  withSetting(Effect.flatMap(loaded, ({ onServers }) => onServers("reconnect", selection)))
).pipe(
  Command.withDescription("Connect servers of the running host anew, without disturbing a call"),
  Command.withExamples([
    { command: "signalbox servers reconnect files", description: "After its credentials have changed" },
    { command: "signalbox servers reconnect --all", description: "All of them" }
  ])
)
