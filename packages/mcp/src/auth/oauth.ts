/**
 * The OAuth functions of the MCP TypeScript SDK; beside `sdk.ts` the only file that knows it. Its `auth` is not used: it
 * begins anew by itself when something fails, and says so on the console. Here each step is one function.
 */
import {
  type AuthorizationServerMetadata,
  checkResourceAllowed,
  createPrivateKeyJwtAuth,
  discoverOAuthServerInfo,
  exchangeAuthorization,
  fetchToken,
  InsecureTokenEndpointError,
  IssuerMismatchError,
  OAuthError,
  type OAuthTokens,
  refreshAuthorization,
  registerClient,
  RegistrationRejectedError,
  resourceUrlFromServerUrl,
  startAuthorization,
  validateAuthorizationResponseIssuer
} from "@modelcontextprotocol/client"
import { redactText } from "@signalbox/errors"
import { Clock, Effect, Redacted } from "effect"
import type { Fetch } from "../http/guardedFetch.ts"
import { type Issuer, joinScopes, type OAuthClient, type Tokens } from "./Login.ts"
import type { PrivateKey } from "./OAuthOptions.ts"

/** Why a step failed, by classes and codes alone. */
export interface OAuthFault {
  readonly _tag: "Issuer" | "Refused" | "Insecure" | "Unreachable"
  readonly reason: string
  /** The error code of the authorization server, where it gave one. */
  readonly code: string | undefined
}

/** What is known of a protected resource and its authorization server. */
export interface Discovered {
  readonly issuer: Issuer
  /** Whether the resource itself names this issuer, or none does and its origin is tried. */
  readonly isNamed: boolean
  /** Whether the metadata speaks of this resource (RFC 9728, 3.3); it may name a parent of it. */
  readonly isOurs: boolean
  readonly scopesOffered: ReadonlyArray<string> | undefined
  /** Whether refresh tokens are to be asked for by the scope `offline_access`. */
  readonly offersOffline: boolean
  readonly takesMetadataDocuments: boolean
  readonly registers: boolean
}

const longestReason = 300

/** The texts of authorization servers stay out of it: one may repeat what it was sent, and that is secret. */
const faultOf = (error: unknown): OAuthFault => {
  if (error instanceof OAuthError) return refusalOf(error)
  if (error instanceof RegistrationRejectedError)
    return { _tag: "Refused", reason: `HTTP ${error.status}`, code: undefined }
  if (error instanceof IssuerMismatchError) return { _tag: "Issuer", reason: textOf(error), code: undefined }
  if (error instanceof InsecureTokenEndpointError) return { _tag: "Insecure", reason: textOf(error), code: undefined }
  return { _tag: "Unreachable", reason: textOf(error), code: undefined }
}

/** Anything that is no answer of OAuth counts as a server error there, and its text holds the whole answer. */
const refusalOf = ({ code, message }: OAuthError): OAuthFault =>
  code === "server_error" || code === "temporarily_unavailable"
    ? { _tag: "Unreachable", reason: /^HTTP \d+/.exec(message)?.[0] ?? code, code }
    : { _tag: "Refused", reason: code, code }

const textOf = (error: unknown): string => {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const text = inner instanceof Error ? inner.message : String(inner)
  // A list of what a schema found wrong.
  if (text.startsWith("[")) return "its answer is not what OAuth prescribes"
  return redactText(text.split("\n")[0]?.slice(0, longestReason) ?? "").replace(/\.$/, "")
}

const step = <A>(run: () => Promise<A>): Effect.Effect<A, OAuthFault> => Effect.tryPromise({ try: run, catch: faultOf })

/** The metadata as the SDK reads it: it was validated when it was fetched, and is kept as it was. */
const metadataOf = (issuer: Issuer): AuthorizationServerMetadata | undefined =>
  issuer.metadata as AuthorizationServerMetadata | undefined

/** `token_endpoint_auth_method` decides how the client proves itself; the rest is not needed. */
const clientOf = ({ authMethod, id, secret }: OAuthClient) => ({
  client_id: id,
  ...(secret === undefined ? {} : { client_secret: Redacted.value(secret) }),
  ...(authMethod === undefined ? {} : { token_endpoint_auth_method: authMethod })
})

const placeOf = (issuer: Issuer, fetch: Fetch) => {
  const metadata = metadataOf(issuer)
  return {
    fetchFn: fetch,
    ...(metadata === undefined ? {} : { metadata }),
    ...(issuer.resource === undefined ? {} : { resource: issuer.resource })
  }
}

/** `expires_in` counts from the answer (RFC 6749, 5.1). */
const tokensOf = (answer: OAuthTokens, asked: string | undefined) =>
  Effect.map(Clock.currentTimeMillis, (now): Tokens => {
    const scope = answer.scope ?? asked
    return {
      access: Redacted.make(answer.access_token),
      ...(answer.refresh_token === undefined ? {} : { refresh: Redacted.make(answer.refresh_token) }),
      obtainedAt: now,
      ...(answer.expires_in === undefined ? {} : { expiresAt: now + answer.expires_in * 1000 }),
      ...(scope === undefined ? {} : { scope })
    }
  })

/** Finds the authorization server of a resource (RFC 9728), and its metadata (RFC 8414, OpenID Connect Discovery). */
export const discover = (
  server: URL,
  resourceMetadata: URL | undefined,
  fetch: Fetch
): Effect.Effect<Discovered, OAuthFault> =>
  Effect.map(
    step(() =>
      discoverOAuthServerInfo(server, {
        fetchFn: fetch,
        ...(resourceMetadata === undefined ? {} : { resourceMetadataUrl: resourceMetadata })
      })
    ),
    (info) => discoveredOf(server, info)
  )

const discoveredOf = (server: URL, info: Awaited<ReturnType<typeof discoverOAuthServerInfo>>): Discovered => {
  const { authorizationServerMetadata: metadata, authorizationServerUrl: url, resourceMetadata: resource } = info
  return {
    issuer: {
      issuer: metadata?.issuer ?? url,
      url,
      ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
      ...(resource === undefined ? {} : { resource: resource.resource })
    },
    isNamed: resource !== undefined || metadata !== undefined,
    isOurs: resource === undefined || isPartOf(server, resource.resource),
    scopesOffered: resource?.scopes_supported,
    ...offersOf(metadata)
  }
}

const isPartOf = (server: URL, resource: string): boolean =>
  checkResourceAllowed({ requestedResource: resourceUrlFromServerUrl(server), configuredResource: resource })

/** Without metadata the endpoints are those of revision 2025-03-26, which all have a fixed path. */
const offersOf = (metadata: AuthorizationServerMetadata | undefined) => ({
  offersOffline: metadata?.scopes_supported?.includes("offline_access") === true,
  takesMetadataDocuments: metadata?.client_id_metadata_document_supported === true,
  registers: metadata === undefined || metadata.registration_endpoint !== undefined
})

/** Registers this program as a native client (RFC 7591, RFC 8252). */
export const register = (
  issuer: Issuer,
  redirectUrl: string,
  scope: string | undefined,
  fetch: Fetch
): Effect.Effect<OAuthClient, OAuthFault> => {
  const { resource: _resource, ...place } = placeOf(issuer, fetch)
  return Effect.map(
    step(() =>
      // Deprecated in favour of metadata documents, which few authorization servers know yet.
      // oxlint-disable-next-line typescript/no-deprecated
      registerClient(issuer.url, {
        ...place,
        clientMetadata: {
          client_name: "Signalbox",
          redirect_uris: [redirectUrl],
          grant_types: ["authorization_code", "refresh_token"],
          response_types: ["code"],
          token_endpoint_auth_method: registeredMethod(metadataOf(issuer)),
          application_type: "native"
        },
        ...(scope === undefined ? {} : { scope })
      })
    ),
    (client) => ({
      id: client.client_id,
      ...(client.client_secret === undefined ? {} : { secret: Redacted.make(client.client_secret) }),
      ...(client.token_endpoint_auth_method === undefined ? {} : { authMethod: client.token_endpoint_auth_method }),
      redirectUrl,
      origin: "registered"
    })
  )
}

/** A program on somebody's own machine can keep no secret, so it asks for none where it may (RFC 8252, 8.4). */
const registeredMethod = (metadata: AuthorizationServerMetadata | undefined): string => {
  const supported = metadata?.token_endpoint_auth_methods_supported ?? []
  return supported.length === 0 || supported.includes("none") ? "none" : (supported[0] ?? "none")
}

/** What a browser is to be sent to, and the secret that redeems the code (PKCE, RFC 7636). */
export const startLogin = (
  issuer: Issuer,
  client: OAuthClient,
  asked: { readonly redirectUrl: string; readonly scope: string | undefined; readonly state: string }
): Effect.Effect<{ readonly url: URL; readonly verifier: Redacted.Redacted }, OAuthFault> => {
  const { fetchFn: _fetch, ...place } = placeOf(issuer, fetch)
  return Effect.map(
    step(() =>
      startAuthorization(issuer.url, {
        ...place,
        clientInformation: clientOf(client),
        redirectUrl: asked.redirectUrl,
        state: asked.state,
        ...(asked.scope === undefined ? {} : { scope: asked.scope })
      })
    ),
    ({ authorizationUrl, codeVerifier }) => ({ url: authorizationUrl, verifier: Redacted.make(codeVerifier) })
  )
}

/** Whether an answer of the browser comes from this issuer (RFC 9207, 2.4). */
export const checkIssuer = (issuer: Issuer, received: string | null): Effect.Effect<void, OAuthFault> => {
  const metadata = metadataOf(issuer)
  return Effect.try({
    try: () =>
      validateAuthorizationResponseIssuer({
        iss: received ?? undefined,
        expectedIssuer: metadata?.issuer,
        issParameterSupported: metadata?.["authorization_response_iss_parameter_supported"] === true
      }),
    catch: faultOf
  })
}

/** Redeems the code that the browser brought. */
export const redeemCode = (
  issuer: Issuer,
  client: OAuthClient,
  answer: {
    readonly code: string
    readonly iss: string | null
    readonly verifier: Redacted.Redacted
    readonly redirectUrl: string
    readonly scope: string | undefined
  },
  fetch: Fetch
): Effect.Effect<Tokens, OAuthFault> =>
  Effect.flatMap(
    step(() =>
      exchangeAuthorization(issuer.url, {
        ...placeOf(issuer, fetch),
        clientInformation: clientOf(client),
        authorizationCode: answer.code,
        codeVerifier: Redacted.value(answer.verifier),
        redirectUri: answer.redirectUrl,
        ...(answer.iss === null ? {} : { iss: answer.iss })
      })
    ),
    (tokens) => tokensOf(tokens, answer.scope)
  )

/** Renews tokens (RFC 6749, 6). What is granted stays the same. */
export const refresh = (
  issuer: Issuer,
  client: OAuthClient,
  old: Tokens & { readonly refresh: Redacted.Redacted },
  fetch: Fetch
): Effect.Effect<Tokens, OAuthFault> =>
  Effect.flatMap(
    step(() =>
      refreshAuthorization(issuer.url, {
        ...placeOf(issuer, fetch),
        clientInformation: clientOf(client),
        refreshToken: Redacted.value(old.refresh)
      })
    ),
    (tokens) => tokensOf(tokens, old.scope)
  )

/** Asks for a token in the name of the client itself (RFC 6749, 4.4), by its secret or its key, or by an assertion. */
export const machineToken = (
  issuer: Issuer,
  client: OAuthClient,
  asked: {
    readonly scope: string | undefined
    readonly privateKey: PrivateKey | undefined
    readonly assertion: Redacted.Redacted | undefined
  },
  fetch: Fetch
): Effect.Effect<Tokens, OAuthFault> => {
  const { privateKey } = asked
  const proof =
    privateKey === undefined
      ? {}
      : {
          addClientAuthentication: createPrivateKeyJwtAuth({
            issuer: client.id,
            subject: client.id,
            privateKey: Redacted.value(privateKey.pem),
            alg: privateKey.algorithm
          })
        }
  const provider: Parameters<typeof fetchToken>[0] = {
    redirectUrl: undefined,
    clientMetadata: { redirect_uris: [] },
    clientInformation: () => ({ ...clientOf(client), issuer: issuer.issuer }),
    tokens: () => undefined,
    saveTokens: () => undefined,
    redirectToAuthorization: () => undefined,
    saveCodeVerifier: () => undefined,
    codeVerifier: () => "",
    prepareTokenRequest: () =>
      new URLSearchParams({
        ...grantOf(asked.assertion),
        ...(joinScopes(asked.scope) === undefined ? {} : { scope: asked.scope ?? "" })
      }),
    ...proof
  }
  return Effect.flatMap(
    step(() => fetchToken(provider, issuer.url, placeOf(issuer, fetch))),
    (tokens) => tokensOf(tokens, asked.scope)
  )
}

const grantOf = (assertion: Redacted.Redacted | undefined): Record<string, string> =>
  assertion === undefined
    ? { grant_type: "client_credentials" }
    : { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: Redacted.value(assertion) }
