/**
 * Waits on this machine for the browser to come back (RFC 8252, 7.3). Whatever else calls at the port, a page that guesses
 * it above all, is turned away, and the login goes on.
 */
import { AuthorizationFailed } from "@signalbox/mcp"
import { Deferred, Effect, type Scope } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

export interface RedirectListener {
  readonly redirectUrl: string
  /** The parameters of the first redirect that has this `state`. */
  readonly answer: (state: string) => Effect.Effect<URLSearchParams>
}

const path = "/callback"

const pageOf = (title: string, text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Signalbox</title>` +
  `<style>body{font:18px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>` +
  `<h1>${title}</h1><p>${text}</p></html>`

const pages = {
  done: pageOf("That is all", "Signalbox has its answer. You can close this window and go back to the terminal."),
  declined: pageOf("Nothing was allowed", "Signalbox has been told so. You can close this window."),
  unknown: pageOf("This is not the login that Signalbox waits for", "Open the link that it shows in the terminal.")
} as const

const show = (response: ServerResponse, status: number, page: string): void => {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    // The address in the browser's bar holds the code.
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    connection: "close"
  })
  response.end(page)
}

/** Listens on a port of this machine, any free one for 0, until the scope closes. */
export const listenForRedirect = (
  serverName: string,
  port: number
): Effect.Effect<RedirectListener, AuthorizationFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const answered = yield* Deferred.make<URLSearchParams>()
    let expected: string | undefined
    const take = ({ method, url = "/" }: IncomingMessage, response: ServerResponse) => {
      const { pathname, searchParams } = new URL(url, "http://127.0.0.1")
      const isOurs = method === "GET" && pathname === path && expected !== undefined
      if (!isOurs || searchParams.get("state") !== expected) return show(response, 404, pages.unknown)
      show(response, 200, searchParams.has("error") ? pages.declined : pages.done)
      Deferred.doneUnsafe(answered, Effect.succeed(searchParams))
    }
    const listener = createServer(take)
    yield* Effect.acquireRelease(
      Effect.callback<void, AuthorizationFailed>((resume) => {
        listener.once("error", (error) => resume(Effect.fail(taken(serverName, port, error.message))))
        listener.listen(port, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.sync(() => {
          listener.close()
          listener.closeAllConnections()
        })
    )
    // A listening TCP server has an address with a port.
    const address = listener.address() as AddressInfo
    return {
      redirectUrl: `http://127.0.0.1:${address.port}${path}`,
      answer: (state) =>
        Effect.suspend(() => {
          expected = state
          return Deferred.await(answered)
        })
    }
  })

const taken = (serverName: string, port: number, reason: string) =>
  new AuthorizationFailed({
    serverName,
    step: "Consent",
    reason: `the browser cannot come back to port ${port}, ${reason}`,
    hint: `End what uses the port, or change auth.redirectPort of "${serverName}".`
  })
