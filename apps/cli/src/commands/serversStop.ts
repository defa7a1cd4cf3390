import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { selectionFlags } from "../control/selectionFlags.ts"
import { withSetting } from "../withSetting.ts"

export const serversStop = Command.make(
  "stop",
  {
    ...selectionFlags,
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Kill them at once, instead of asking them to end and waiting for that"),
      Flag.withDefault(false)
    )
  },
  ({ force, ...selection }) => {
    const loaded = Effect.promise(() => import("../control/stopServers.ts"))
    return withSetting(Effect.flatMap(loaded, ({ stopServers }) => stopServers(selection, force)))
  }
).pipe(
  Command.withDescription("Stop servers of the running host; one in the background ends with its last server"),
  Command.withExamples([
    { command: "signalbox servers stop files", description: "This one stays down until it is started again" },
    { command: "signalbox servers stop --all", description: "All of them" }
  ])
)
