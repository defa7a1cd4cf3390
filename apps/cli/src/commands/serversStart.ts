import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { selectionFlags } from "../control/selectionFlags.ts"
import { withSetting } from "../withSetting.ts"

export const serversStart = Command.make(
  "start",
  {
    ...selectionFlags,
    detach: Flag.Boolean("detach").pipe(
      Flag.withAlias("d"),
      Flag.withDescription("Go on in the background; the command ends when the servers have started or failed"),
      Flag.withDefault(false)
    ),
    hideLogs: Flag.Boolean("hide-logs").pipe(
      Flag.withDescription("Do not show what servers write to standard error"),
      Flag.withDefault(false)
    ),
    showLogs: Flag.Boolean("show-logs").pipe(
      Flag.withDescription("Show it; so it is where nothing is said"),
      Flag.withDefault(false)
    ),
    // Said by a start in the background to the process that goes on.
    logFile: Flag.String("log-file").pipe(Flag.withHidden, Flag.optional)
  },
  ({ detach, hideLogs, logFile, showLogs, ...selection }) => {
    const run = {
      selection,
      isDetached: detach,
      logFile: Option.getOrUndefined(logFile),
      showsLogs: showLogs || !hideLogs
    }
    const loaded = Effect.promise(() => import("../control/startServers.ts"))
    return withSetting(Effect.flatMap(loaded, ({ startServers }) => startServers(run)))
  }
).pipe(
  Command.withDescription("Start servers and keep them running, here or in the background"),
  Command.withExamples([
    { command: "signalbox servers start files memory", description: "These two, until Ctrl-C" },
    { command: "signalbox servers start --all --detach", description: "All, in the background" }
  ])
)
