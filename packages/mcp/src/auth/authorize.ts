/**
 * Logs a person in to one server with the authorization-code flow (OAuth 2.1, 4.1, with PKCE), and keeps the login in the
 * `TokenStore`. Nothing is asked before the answer is known to come from the right issuer, and nothing kept is touched
 * before there are new tokens.
 */
import { redactText } from "@signalbox/errors"
import { Effect, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { SecureRandom } from "effect/crypto"
import type { Fetch } from "../http/guardedFetch.ts"
import { type HttpOptions, isRemote, type ServerOptions } from "../ServerOptions.ts"
import type { AuthorizationPrompt } from "./AuthorizationPrompt.ts"
import type { AuthorizationFailed, TokenStoreUnusable } from "./authErrors.ts"
import { readChallenge } from "./challenge.ts"
import { chooseClient, chooseScope } from "./chooseClient.ts"
import { type Failed, failure } from "./failure.ts"
import { type Login, loginKey, type OAuthClient } from "./Login.ts"
import { checkIssuer, discover, redeemCode, startLogin } from "./oauth.ts"
import { mayName, metadataFetch } from "./metadataFetch.ts"
import { oauthOptionsOf } from "./OAuthOptions.ts"
import { TokenStore } from "./TokenStore.ts"

/** What came of a login. Tokens stay in the store. */
export interface Authorized {
  readonly serverName: string
  /** The authorization server. */
  readonly issuer: string
  readonly scope: string | undefined
  /** When the access token ends, in milliseconds since the epoch; nothing where that was not said. */
  readonly expiresAt: number | undefined
  /** Whether it can be renewed without a person. */
  readonly isRenewable: boolean
}

/**
 * Logs in to a server over HTTP. `challenge` is the `WWW-Authenticate` of a refusal, as `AuthorizationRequired` has it;
 * without one the server is asked. The prompt is used once, after everything else has been found out.
 */
export const authorize = Effect.fn("McpClient.authorize")(function* (
  server: ServerOptions,
  prompt: AuthorizationPrompt,
  challenge?: string
): Effect.fn.Return<Authorized, AuthorizationFailed | TokenStoreUnusable> {
  const failed = failure(server.name)
  const { endpoint } = server
  if (!isRemote(endpoint) || !URL.canParse(endpoint.url))
    return yield* failed("Discovery")("only servers with a URL know logins")
  const url = new URL(endpoint.url)
  const options = oauthOptionsOf(endpoint)
  const fetch = metadataFetch(yield* FetchHttpClient.Fetch, url)
  const store = yield* TokenStore
  const key = loginKey(server.name, url, options.principal)
  const kept = yield* store.read(key)

  const asked = readChallenge(challenge ?? (yield* probe(endpoint, url, fetch)))
  const found = yield* Effect.mapError(discover(url, asked.resourceMetadata, fetch), failed("Discovery"))
  if (!found.isNamed) return yield* failed("Discovery")("the server names none, and has none itself")
  if (!found.isOurs) return yield* failed("Resource")(`it is of ${found.issuer.resource}`)
  const scope = chooseScope(found, asked, options, kept)
  const client = yield* chooseClient({ found, options, kept, scope, fetch, redirectUrl: prompt.redirectUrl }, failed)

  const { uuidV4 } = yield* Effect.provide(SecureRandom.SecureRandom, SecureRandom.layerWebCrypto)
  const state = yield* uuidV4()
  const { redirectUrl } = prompt
  const started = yield* Effect.mapError(
    startLogin(found.issuer, client, { redirectUrl, scope, state }),
    failed("Discovery")
  )
  // A browser does more with other addresses than to show a page.
  if (!mayName(url, started.url)) return yield* failed("Discovery")(`it wants the browser at ${started.url.origin}`)
  const answer = yield* prompt.ask(started.url)
  const code = yield* readAnswer(found.issuer, answer, state, failed)
  const tokens = yield* Effect.mapError(
    redeemCode(
      found.issuer,
      client,
      { code, iss: answer.get("iss"), verifier: started.verifier, redirectUrl, scope },
      fetch
    ),
    failed("Token")
  )
  yield* store.exclusive(key)(store.write(key, { issuer: found.issuer, client: withoutSecret(client), tokens }))
  return {
    serverName: server.name,
    issuer: found.issuer.issuer,
    scope: tokens.scope,
    expiresAt: tokens.expiresAt,
    isRenewable: tokens.refresh !== undefined
  }
})

/** The challenge of a server that is asked something harmless without credentials. */
const probe = ({ headers, transport }: HttpOptions, url: URL, fetch: Fetch): Effect.Effect<string | undefined> =>
  Effect.tryPromise(() =>
    transport === "sse"
      ? fetch(url, { headers: { ...plain(headers), accept: "text/event-stream" } })
      : fetch(url, {
          method: "POST",
          headers: {
            ...plain(headers),
            accept: "application/json, text/event-stream",
            "content-type": "application/json"
          },
          body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" })
        })
  ).pipe(
    Effect.map((response) => response.headers.get("www-authenticate") ?? undefined),
    // The well-known places are looked at anyway, and say better what is wrong.
    Effect.orElseSucceed(() => undefined)
  )

const plain = (headers: HttpOptions["headers"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? value : Redacted.value(value)])
  )

/** Configured secrets stay where they are configured. */
const withoutSecret = (client: OAuthClient): OAuthClient => {
  if (client.origin !== "configured") return client
  const { secret: _secret, ...rest } = client
  return rest
}

/** The code in the answer of the browser, once it is known to belong to this login and to come from the issuer. */
const readAnswer = Effect.fnUntraced(function* (
  issuer: Login["issuer"],
  answer: URLSearchParams,
  state: string,
  failed: Failed
) {
  if (answer.get("state") !== state) return yield* failed("Answer")("it belongs to another login")
  yield* Effect.mapError(checkIssuer(issuer, answer.get("iss")), failed("Answer"))
  const error = answer.get("error")
  if (error !== null) {
    const said = redactText(answer.get("error_description") ?? "").slice(0, 200)
    return yield* failed("Consent")({
      _tag: "Refused",
      reason: said === "" ? error : `${error}, ${said}`,
      code: error
    })
  }
  const code = answer.get("code")
  return code === null || code === "" ? yield* failed("Answer")("it has no code") : code
})
