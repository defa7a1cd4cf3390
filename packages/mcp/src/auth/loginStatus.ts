/**
 * What is known of the login of a server, for people, and how to forget it. No secret comes out of here.
 */
import { Effect } from "effect"
import { isRemote, type ServerOptions } from "../ServerOptions.ts"
import type { TokenStoreUnusable } from "./authErrors.ts"
import { loginKey, type LoginKey } from "./Login.ts"
import { oauthOptionsOf, usesOAuth } from "./OAuthOptions.ts"
import { TokenStore } from "./TokenStore.ts"

/** The login that is in use. */
export interface LoginStatus {
  readonly issuer: string
  readonly scope: string | undefined
  /** When the access token ends, in milliseconds since the epoch; nothing where that was not said. */
  readonly expiresAt: number | undefined
  readonly isRenewable: boolean
}

const keyOf = ({ endpoint, name }: ServerOptions): LoginKey | undefined =>
  isRemote(endpoint) && usesOAuth(endpoint) && URL.canParse(endpoint.url)
    ? loginKey(name, new URL(endpoint.url), oauthOptionsOf(endpoint).principal)
    : undefined

/** The login that is kept for a server; nothing where there is none, or where the server takes none. */
export const loginStatus = (server: ServerOptions): Effect.Effect<LoginStatus | undefined, TokenStoreUnusable> =>
  Effect.gen(function* () {
    const key = keyOf(server)
    if (key === undefined) return undefined
    const [login] = yield* (yield* TokenStore).read(key)
    if (login?.tokens === undefined) return undefined
    const { expiresAt, refresh, scope } = login.tokens
    return { issuer: login.issuer.issuer, scope, expiresAt, isRenewable: refresh !== undefined }
  })
