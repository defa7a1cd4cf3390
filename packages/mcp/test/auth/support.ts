import { AuthorizationFailed, layerTokenFiles, type ServerOptions } from "@signalbox/mcp"
import type { AuthorizationPrompt } from "@signalbox/mcp/login"
import { type FxMcpEvent, type FxMcpFlags, readFxMcpLog } from "@signalbox/testing"
import { Effect } from "effect"
import { fxHttp, httpServer, temporaryFolder } from "../fixture.ts"

/** A browser whose person agrees: the fixture redirects at once, and the answer is what the redirect says. */
export const agreeing: AuthorizationPrompt = {
  redirectUrl: "http://127.0.0.1:41998/callback",
  ask: (url) =>
    Effect.promise(() => fetch(url, { redirect: "manual" })).pipe(
      Effect.map((response) => new URL(response.headers.get("location") ?? "", url).searchParams)
    )
}

/** A browser that nobody looks at; a test that reaches it has failed. */
export const absent: AuthorizationPrompt = {
  redirectUrl: agreeing.redirectUrl,
  ask: () => Effect.fail(new AuthorizationFailed({ serverName: "fx", step: "Consent", reason: "nobody is there" }))
}

/** A server that wants logins, with a log of what reached it, and a folder for tokens. */
export const protectedServer = (flags: FxMcpFlags = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const log = folder.file("log")
    const { url } = yield* fxHttp({ oauth: true, log, ...flags })
    const events = (): ReadonlyArray<FxMcpEvent> => readFxMcpLog(log).filter(({ event }) => event === "oauth")
    return {
      url,
      server: httpServer(url),
      folder,
      tokens: folder.file("tokens"),
      store: layerTokenFiles(folder.file("tokens")),
      /** What came of the requests of one kind, in order. */
      outcomes: (method: string) => events().flatMap((event) => (event.method === method ? [event.outcome] : [])),
      calls: () => readFxMcpLog(log).filter(({ event }) => event === "call_start").length,
      /** Makes every access token invalid at once. */
      expire: Effect.promise(() => fetch(new URL("/expire", url), { method: "POST" }))
    }
  })

/** A server with something said about its logins. */
export const withAuth = (
  server: ServerOptions,
  auth: Extract<ServerOptions["endpoint"], { readonly url: string }>["auth"]
): ServerOptions => ("url" in server.endpoint ? { ...server, endpoint: { ...server.endpoint, auth } } : server)
