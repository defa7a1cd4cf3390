import { authorize } from "@signalbox/mcp"
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { InvalidUsage } from "../errors.ts"
import { loginServer } from "../login/loginServer.ts"
import { makePrompt } from "../login/makePrompt.ts"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { withSetting } from "../withSetting.ts"

const command = "signalbox servers login"

export const serversLogin = Command.make(
  "login",
  {
    name: Argument.String("name").pipe(Argument.withDescription("As in signalbox servers list")),
    noBrowser: Flag.Boolean("no-browser").pipe(
      Flag.withDescription("Only show the link; the answer may be pasted"),
      Flag.withDefault(false)
    )
  },
  ({ name, noBrowser }) =>
    withSetting(
      Effect.gen(function* () {
        const { grant, port, server } = yield* loginServer(command, name)
        if (grant === "client_credentials") {
          const reason = `${name} logs in by itself, with the client of its configuration.`
          return yield* new InvalidUsage({ command, reason })
        }
        const prompt = yield* makePrompt({ serverName: name, port, opensBrowser: !noBrowser })
        return yield* authorize(server, prompt)
      }).pipe(
        Effect.scoped,
        report({
          render: ({ isRenewable, issuer }) =>
            Effect.gen(function* () {
              const { line, style } = yield* Output
              yield* line(`${style.green("✓")} logged in to ${style.bold(name)} at ${printable(issuer)}`)
              if (!isRenewable) yield* line(style.dim("It cannot be renewed: when it ends, log in again."))
              yield* line(style.dim(`See how it does: signalbox doctor ${name}`))
            }),
          json: ({ expiresAt, isRenewable, issuer, scope }) => ({
            name,
            issuer,
            scope: scope ?? null,
            expires_at: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
            is_renewable: isRenewable
          })
        })
      )
    )
).pipe(
  Command.withDescription("Log in to a remote server, in a browser; running programs take the login up by themselves"),
  Command.withExamples([
    { command: "signalbox servers login tracker", description: "Opens a browser and waits for its answer" },
    { command: "signalbox servers login tracker --no-browser", description: "Over SSH: paste what the browser ends at" }
  ])
)
