import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

/** As many as are kept of a server. */
const mostLines = 50

export const serversLogs = Command.make(
  "logs",
  {
    name: Argument.String("name").pipe(Argument.withDescription("As in signalbox servers list")),
    tail: Flag.Int("tail").pipe(
      Flag.withMetavar("N"),
      Flag.withDescription("Only the last lines, 1 to 50"),
      Flag.filter(
        (count) => count >= 1 && count <= mostLines,
        () => `a whole number from 1 to ${mostLines}`
      ),
      Flag.withDefault(mostLines)
    ),
    follow: Flag.Boolean("follow").pipe(
      Flag.withAlias("f"),
      Flag.withDescription("Go on with what it writes, until Ctrl-C"),
      Flag.withDefault(false)
    )
  },
  (run) => {
    const loaded = Effect.promise(() => import("../control/serverLogs.ts"))
    return withSetting(Effect.flatMap(loaded, ({ serverLogs }) => serverLogs(run)))
  }
).pipe(
  Command.withDescription("What a server writes to standard error: in the running host, else in a start for a look"),
  Command.withExamples([
    { command: "signalbox servers logs files --tail 5", description: "Its last five lines" },
    { command: "signalbox servers logs files --follow", description: "And what it writes from now on" }
  ])
)
