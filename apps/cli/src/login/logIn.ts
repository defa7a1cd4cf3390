/**
 * `servers login` at work. It is loaded when it is asked for: no other command needs a listener.
 */
import { authorize } from "@signalbox/mcp/login"
import { DateTime, Effect, Exit } from "effect"
import { findRunning } from "../control/runningHost.ts"
import { InvalidUsage } from "../errors.ts"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { loginServer } from "./loginServer.ts"
import { makePrompt } from "./makePrompt.ts"

const command = "signalbox servers login"

/**
 * Lets a running host connect at once. It would find the login by itself, at its next attempt, so that what goes wrong
 * here does not matter.
 */
const nudge = Effect.fnUntraced(function* (name: string) {
  const running = yield* findRunning
  if (running === undefined) return false
  const outcomes = yield* running.ask(({ servers }) => servers.reconnectMany({ payload: { server_names: [name] } }))
  return outcomes.succeeded > 0
}, Effect.scoped)

/** Logs in to a server of the configuration, and tells what came of it. */
export const logIn = (name: string, opensBrowser: boolean) =>
  Effect.gen(function* () {
    const { grant, port, server } = yield* loginServer(command, name)
    if (grant !== undefined && grant !== "authorization_code") {
      const reason = `${name} logs in by itself, with what its configuration says under auth.`
      return yield* new InvalidUsage({ command, reason })
    }
    const prompt = yield* makePrompt({ serverName: name, port, opensBrowser })
    const authorized = yield* authorize(server, prompt)
    const nudged = yield* Effect.exit(nudge(name))
    return { ...authorized, isTakenUp: Exit.isSuccess(nudged) && nudged.value }
  }).pipe(
    Effect.scoped,
    report({
      render: ({ isRenewable, isTakenUp, issuer }) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          yield* line(`${style.green("✓")} logged in to ${style.bold(name)} at ${printable(issuer)}`)
          if (!isRenewable) yield* line(style.dim("It cannot be renewed: when it ends, log in again."))
          yield* line(
            style.dim(isTakenUp ? "The running host uses it now." : `See how it does: signalbox doctor ${name}`)
          )
        }),
      json: ({ expiresAt, isRenewable, isTakenUp, issuer, scope }) => ({
        name,
        issuer,
        scope: scope ?? null,
        expires_at: expiresAt === undefined ? null : DateTime.formatIso(DateTime.makeUnsafe(expiresAt)),
        is_renewable: isRenewable,
        is_taken_up: isTakenUp
      })
    })
  )
