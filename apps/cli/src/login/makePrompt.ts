/**
 * Asks the person at the terminal: shows the link, opens the browser where there is one, and takes the first answer, from
 * the browser or from what is pasted.
 */
import { AuthorizationFailed } from "@signalbox/mcp"
import type { AuthorizationPrompt } from "@signalbox/mcp/login"
import { Duration, Effect, type Scope } from "effect"
import { makeLines } from "../chat/input/Lines.ts"
import { Output } from "../Output.ts"
import { Setting } from "../Setting.ts"
import { hasBrowser, openBrowser } from "./openBrowser.ts"
import { listenForRedirect } from "./redirectListener.ts"

export interface PromptOptions {
  readonly serverName: string
  /** The port that the browser comes back to; 0 for any. */
  readonly port: number
  readonly opensBrowser: boolean
}

/** How long a person may take, where the command line says nothing else. */
const usualPatience = Duration.minutes(10)

export const makePrompt = Effect.fnUntraced(function* ({
  opensBrowser,
  port,
  serverName
}: PromptOptions): Effect.fn.Return<AuthorizationPrompt, AuthorizationFailed, Output | Setting | Scope.Scope> {
  const { errorStyle, setPrompt, status } = yield* Output
  const { environment, isTerminal, timeout } = yield* Setting
  const patience = timeout ?? usualPatience
  const { answer, redirectUrl } = yield* listenForRedirect(serverName, port)
  const lines = yield* makeLines(isTerminal.stdin, setPrompt)

  /** The address that the browser ended at, or the code alone. What is neither is asked for again. */
  const paste = (state: string): Effect.Effect<URLSearchParams> =>
    Effect.flatMap(lines.next("paste> "), (line) => {
      // Ctrl-C is a key at a prompt. Where a pipe has ended, the browser may still come.
      if (line === undefined) return isTerminal.stdin ? Effect.interrupt : Effect.never
      const pasted = readPasted(line.trim(), state)
      if (pasted !== undefined) return Effect.succeed(pasted)
      return Effect.andThen(status("That is no address with an answer in it. Copy the whole address."), paste(state))
    })

  const ask = Effect.fnUntraced(function* (url: URL) {
    const state = url.searchParams.get("state") ?? ""
    yield* status(`Log in to ${errorStyle.bold(serverName)} here:\n\n  ${url.href}\n`)
    const isOpen = opensBrowser && hasBrowser(environment, process.platform) && (yield* openBrowser(url, environment))
    if (isOpen) {
      yield* status(errorStyle.dim("Your browser shows it. If not: Ctrl-C, and once more with --no-browser."))
      return yield* answer(state)
    }
    yield* status(
      errorStyle.dim("Open it in any browser. If that ends at a page that cannot be shown, paste its address here.")
    )
    if (!isTerminal.stdin) {
      yield* status(errorStyle.dim(`It waits ${Duration.format(patience)} for the answer; --timeout changes that.`))
    }
    return yield* Effect.raceFirst(answer(state), paste(state))
  })

  return {
    redirectUrl,
    ask: (url) =>
      Effect.timeoutOrElse(ask(url), {
        duration: patience,
        orElse: () =>
          Effect.fail(
            new AuthorizationFailed({
              serverName,
              step: "Consent",
              reason: `nobody answered within ${Duration.format(patience)}`
            })
          )
      })
  }
})

/** What a person may paste: the whole address, its parameters, or the code. */
const readPasted = (text: string, state: string): URLSearchParams | undefined => {
  const query = text.includes("?") ? text.slice(text.indexOf("?") + 1).replace(/#.*$/, "") : text
  const parameters = new URLSearchParams(query)
  if (parameters.has("code") || parameters.has("error")) return parameters
  return /^[\w.~+/-]{8,}=*$/.test(text) ? new URLSearchParams({ code: text, state }) : undefined
}
