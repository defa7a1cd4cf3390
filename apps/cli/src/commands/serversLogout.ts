import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { loginServer } from "../login/loginServer.ts"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { withSetting } from "../withSetting.ts"

const loaded = Effect.promise(() => import("@signalbox/mcp/login"))

export const serversLogout = Command.make(
  "logout",
  { name: Argument.String("name").pipe(Argument.withDescription("As in signalbox servers list")) },
  ({ name }) =>
    withSetting(
      Effect.gen(function* () {
        const { server } = yield* loginServer("signalbox servers logout", name)
        const { forgetLogin } = yield* loaded
        const { isRevoked, wasLoggedIn } = yield* forgetLogin(server)
        return { name, was_logged_in: wasLoggedIn, is_revoked: isRevoked }
      }).pipe(
        report({
          render: ({ was_logged_in: wasLoggedIn }) =>
            Effect.flatMap(Output, ({ line, style }) =>
              line(
                wasLoggedIn
                  ? `${style.green("✓")} the login of ${style.bold(name)} is forgotten`
                  : `There was no login of ${style.bold(name)}.`
              )
            )
        })
      )
    )
).pipe(Command.withDescription("Forget the login of a remote server, and give its tokens back"))
