import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

const loaded = Effect.promise(() => import("../login/logIn.ts"))

export const serversLogin = Command.make(
  "login",
  {
    name: Argument.String("name").pipe(Argument.withDescription("As in signalbox servers list")),
    noBrowser: Flag.Boolean("no-browser").pipe(
      Flag.withDescription("Only show the link; the answer may be pasted"),
      Flag.withDefault(false)
    )
  },
  ({ name, noBrowser }) => withSetting(Effect.flatMap(loaded, ({ logIn }) => logIn(name, !noBrowser)))
).pipe(
  Command.withDescription("Log in to a remote server, in a browser; running programs take the login up by themselves"),
  Command.withExamples([
    { command: "signalbox servers login tracker", description: "Opens a browser and waits for its answer" },
    { command: "signalbox servers login tracker --no-browser", description: "Over SSH: paste what the browser ends at" }
  ])
)
