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
      Flag.withDescription(
        "Go on in the background, with all servers if none are named; the command ends when they have started"
      ),
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
    const { all, names, server, type } = selection
    const isNothingSaid = !all && names.length + server.length + type.length === 0
    const run = {
      // Nobody watches what goes on in the background, so nobody is asked either.
      selection: detach && isNothingSaid ? { ...selection, all: true } : selection,
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
    { command: "signalbox servers start --detach", description: "All, in the background" }
  ])
)
