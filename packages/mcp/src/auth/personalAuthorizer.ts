/**
 * The credentials of a connection that somebody has logged in for. Every change is made under the lock of the store and
 * after reading it again, so that of many who find a token refused one renews it, and the others take what it has got.
 */
import { Clock, Effect, type Redacted } from "effect"
import type { Fetch } from "../http/guardedFetch.ts"
import type { ServerOptions } from "../ServerOptions.ts"
import { type Authorizer, denied, type Refusal, repeat } from "./Authorizer.ts"
import type { TokenStoreUnusable } from "./authErrors.ts"
import { readChallenge } from "./challenge.ts"
import { clientNow, dueOf, isSameIssuer, isSameToken, joinScopes, type Login, loginKey, type Tokens } from "./Login.ts"
import { discover, type OAuthFault, refresh } from "./oauth.ts"
import type { OAuthOptions } from "./OAuthOptions.ts"
import { TokenStore } from "./TokenStore.ts"

/** How long a failed renewal is left alone while the old token still works. */
const renewalPauseMillis = 30_000

/** The login that is in use, if it still is one. */
const currentOf = ([login]: ReadonlyArray<Login>): (Login & { readonly tokens: Tokens }) | undefined =>
  login?.tokens === undefined ? undefined : { ...login, tokens: login.tokens }

/** A login that a person has made, kept in the store. */
export const personalAuthorizer = Effect.fnUntraced(function* (
  server: ServerOptions,
  url: URL,
  options: OAuthOptions,
  fetch: Fetch
) {
  const store = yield* TokenStore
  const clock = yield* Clock.Clock
  const key = loginKey(server.name, url, options.principal)
  const exclusive = store.exclusive(key)
  let login = currentOf(yield* store.read(key))
  let renewableFrom = 0

  const keep = (next: Login & { readonly tokens: Tokens }) =>
    Effect.map(store.write(key, next), () => {
      login = next
    })

  /** Takes over what another process, or another connection, has got meanwhile. */
  const adopt = (used: Redacted.Redacted | undefined) =>
    Effect.map(store.read(key), (logins) => {
      const kept = currentOf(logins)
      login = kept
      return { kept, logins, isOther: kept !== undefined && !isSameToken(kept.tokens.access, used) }
    })

  const renewed = Effect.fnUntraced(function* (kept: Login & { readonly tokens: Tokens }, issuer: Login["issuer"]) {
    const client = clientNow(kept, options)
    const { refresh: token } = kept.tokens
    if (client === undefined || token === undefined) return yield* Effect.fail(notRenewable)
    const tokens = yield* refresh(issuer, client, { ...kept.tokens, refresh: token }, fetch)
    yield* keep({ ...kept, issuer, tokens })
  })

  const renew = exclusive(
    Effect.gen(function* () {
      const { isOther, kept } = yield* adopt(login?.tokens.access)
      if (kept === undefined || (isOther && dueOf(kept.tokens, clock.currentTimeMillisUnsafe()) === "no")) return
      yield* renewed(kept, kept.issuer)
    })
  ).pipe(
    Effect.catch((error) => {
      // The old token may still do; when it does not, the refusal leads to another attempt, which tells why it fails.
      renewableFrom = clock.currentTimeMillisUnsafe() + renewalPauseMillis
      return Effect.logDebug(`The login of server "${server.name}" was not renewed: ${reasonOf(error)}`)
    })
  )

  /** Unless somebody has another one by now, the login is over. Its client may still log in again. */
  const giveUp = Effect.fnUntraced(function* (used: Redacted.Redacted | undefined) {
    const { isOther, kept } = yield* adopt(used)
    if (isOther) return repeat(false)
    login = undefined
    if (kept === undefined) return denied("LoginRefused")
    const { tokens: _tokens, ...rest } = kept
    yield* store.write(key, rest)
    return denied("LoginRefused")
  })

  /** Under the lock: nobody else renews meanwhile, and nobody's token is lost. */
  const renewRefused = Effect.fnUntraced(function* ({ challenge, used }: Refusal) {
    const { isOther, kept, logins } = yield* adopt(used)
    if (kept === undefined) return denied("LoginRefused")
    if (isOther) return repeat(false)
    const found = yield* discover(url, readChallenge(challenge).resourceMetadata, fetch)
    if (!isSameIssuer(found.issuer.issuer, kept.issuer.issuer)) {
      const other = currentOf(logins.filter(({ issuer }) => isSameIssuer(issuer.issuer, found.issuer.issuer)))
      if (other === undefined) return denied("NoLogin", "its authorization server has changed")
      yield* keep(other)
      return repeat(false)
    }
    return yield* renewed(kept, found.issuer).pipe(
      Effect.as(repeat(true)),
      Effect.catchTag("Refused", () => giveUp(used))
    )
  })

  const renewAfter = Effect.fnUntraced(function* (refusal: Refusal) {
    const { isOther, kept } = yield* adopt(refusal.used)
    if (isOther) return repeat(false)
    if (kept === undefined) return denied(refusal.used === undefined ? "NoLogin" : "LoginRefused")
    return yield* exclusive(renewRefused(refusal))
  })

  /** Only a person can allow more. What is wanted is noted, so that the next login asks for it. */
  const noteScope = Effect.fnUntraced(function* ({ challenge, used }: Refusal) {
    const { isOther, kept } = yield* adopt(used)
    if (isOther) return repeat(false)
    const { scope } = readChallenge(challenge)
    const wantedScope = joinScopes(kept?.wantedScope, scope)
    if (kept !== undefined && wantedScope !== undefined && wantedScope !== kept.wantedScope)
      yield* keep({ ...kept, wantedScope })
    return denied("ScopeMissing", scope)
  })

  return {
    token: () => login?.tokens.access,
    due: () => {
      if (login?.tokens.refresh === undefined) return "no"
      const now = clock.currentTimeMillisUnsafe()
      return now < renewableFrom ? "no" : dueOf(login.tokens, now)
    },
    renew,
    recover: (refusal) =>
      Effect.catch(refusal.status === 403 ? exclusive(noteScope(refusal)) : renewAfter(refusal), (error) =>
        Effect.succeed(denied("RenewalFailed", reasonOf(error)))
      )
  } satisfies Authorizer
})

const notRenewable: OAuthFault = { _tag: "Refused", reason: "it has no refresh token", code: undefined }

const reasonOf = (error: OAuthFault | TokenStoreUnusable): string =>
  error._tag === "TokenStoreUnusable" ? error.message : error.reason
