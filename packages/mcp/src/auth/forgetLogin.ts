/**
 * Logging out: the login is forgotten here first, and then its tokens are given back (RFC 7009), where the authorization
 * server takes them. That it cannot be told does not keep anything here.
 */
import { Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import type { Fetch } from "../http/guardedFetch.ts"
import { isRemote, type ServerOptions } from "../ServerOptions.ts"
import type { TokenStoreUnusable } from "./authErrors.ts"
import { clientNow, type Login, loginKey, type OAuthClient } from "./Login.ts"
import { metadataFetch } from "./metadataFetch.ts"
import { oauthOptionsOf } from "./OAuthOptions.ts"
import { TokenStore } from "./TokenStore.ts"

/** What became of a login. */
export interface Forgotten {
  readonly wasLoggedIn: boolean
  /** Whether the authorization server has taken the tokens back; where it does not, they end by themselves. */
  readonly isRevoked: boolean
}

const nothing: Forgotten = { wasLoggedIn: false, isRevoked: false }

/**
 * Forgets everything that is kept for a server, clients that were registered too, and a file that makes no sense. A
 * running host notices at the next refusal.
 */
export const forgetLogin = Effect.fn("McpClient.forgetLogin")(function* (
  server: ServerOptions
): Effect.fn.Return<Forgotten, TokenStoreUnusable> {
  const { endpoint } = server
  if (!isRemote(endpoint) || !URL.canParse(endpoint.url)) return nothing
  const url = new URL(endpoint.url)
  const options = oauthOptionsOf(endpoint)
  const store = yield* TokenStore
  const key = loginKey(server.name, url, options.principal)
  const removal = Effect.gen(function* () {
    const logins = yield* Effect.catchIf(
      store.read(key),
      ({ isCorrupt }) => isCorrupt,
      () => Effect.succeed([])
    )
    return { logins, isThere: yield* store.remove(key) }
  })
  const { isThere, logins } = yield* store.exclusive(key)(removal)
  const fetch = metadataFetch(yield* FetchHttpClient.Fetch, url)
  const revoked = yield* Effect.forEach(logins, (login) => revoke(login, clientNow(login, options), fetch))
  return { wasLoggedIn: isThere, isRevoked: revoked.includes(true) }
})

/** Whether the authorization server said yes. One token is enough: the others of the grant go with it (RFC 7009, 2.1). */
const revoke = ({ issuer, tokens }: Login, client: OAuthClient | undefined, fetch: Fetch): Effect.Effect<boolean> => {
  const endpoint = issuer.metadata?.["revocation_endpoint"]
  if (typeof endpoint !== "string" || tokens === undefined || client === undefined) return Effect.succeed(false)
  const isRenewable = tokens.refresh !== undefined
  const body = new URLSearchParams({
    token: Redacted.value(tokens.refresh ?? tokens.access),
    token_type_hint: isRenewable ? "refresh_token" : "access_token"
  })
  return Effect.tryPromise(() => fetch(endpoint, { method: "POST", body, headers: proofOf(client, body) })).pipe(
    Effect.map(({ ok }) => ok),
    // It is forgotten here in any case.
    Effect.orElseSucceed(() => false)
  )
}

/** How the client proves itself (RFC 6749, 2.3.1); what belongs into the body is added to it. */
const proofOf = ({ authMethod, id, secret }: OAuthClient, body: URLSearchParams): Record<string, string> => {
  if (secret !== undefined && authMethod !== "client_secret_post") {
    return { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(Redacted.value(secret))}`)}` }
  }
  body.set("client_id", id)
  if (secret !== undefined) body.set("client_secret", Redacted.value(secret))
  return {}
}
