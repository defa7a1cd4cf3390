/**
 * As whom to log in, and what to ask for.
 */
import { Effect } from "effect"
import type { Fetch } from "../http/guardedFetch.ts"
import type { AuthorizationFailed } from "./authErrors.ts"
import type { Challenge } from "./challenge.ts"
import type { Failed } from "./failure.ts"
import { isSameIssuer, joinScopes, type Login, type OAuthClient } from "./Login.ts"
import { type Discovered, register } from "./oauth.ts"
import type { OAuthOptions } from "./OAuthOptions.ts"

/**
 * What to ask for (MCP authorization, "Scope Selection Strategy"): what the server wants, else all that it offers. Where
 * it wants more than was granted, that is asked for again, since a new login takes the place of the old one.
 */
export const chooseScope = (
  { issuer, offersOffline, scopesOffered }: Discovered,
  asked: Challenge,
  { scopes }: OAuthOptions,
  kept: ReadonlyArray<Login>
): string | undefined => {
  const before = kept.find((login) => isSameIssuer(login.issuer.issuer, issuer.issuer))
  const wanted = scopes === undefined ? asked.scope : joinScopes(...scopes)
  const chosen = joinScopes(widened(before, asked), wanted) ?? joinScopes(...(scopesOffered ?? []))
  return offersOffline && chosen !== undefined ? joinScopes(chosen, "offline_access") : chosen
}

const widened = (before: Login | undefined, { error, scope }: Challenge): string | undefined =>
  error === "insufficient_scope" || before?.wantedScope !== undefined
    ? joinScopes(before?.tokens?.scope, before?.wantedScope, scope)
    : undefined

/** What the choice of a client depends on. */
export interface ClientQuestion {
  readonly found: Discovered
  readonly options: OAuthOptions
  readonly kept: ReadonlyArray<Login>
  readonly scope: string | undefined
  readonly fetch: Fetch
  readonly redirectUrl: string
}

/** The configured client, the one whose description is published, the one that has been registered here, or a new one. */
export const chooseClient = (
  question: ClientQuestion,
  failed: Failed
): Effect.Effect<OAuthClient, AuthorizationFailed> => {
  const { fetch, found, options, redirectUrl, scope } = question
  if (options.clientId !== undefined) return configured(question, options.clientId, failed)
  if (options.clientMetadataUrl !== undefined && found.takesMetadataDocuments)
    return Effect.succeed({ id: options.clientMetadataUrl, redirectUrl, origin: "metadata-document" })
  const known = registered(question)
  if (known !== undefined) return Effect.succeed(known)
  return found.registers
    ? Effect.mapError(register(found.issuer, redirectUrl, scope, fetch), failed("Registration"))
    : Effect.fail(failed("Registration")("it registers none by itself"))
}

/** Its secret is shown to the issuer that it was first used with, and to no other. */
const configured = ({ found, kept, options }: ClientQuestion, id: string, failed: Failed) => {
  const { issuer } = found.issuer
  const before = kept.find(({ client }) => client.origin === "configured" && client.id === id)
  const isKnownTo = options.issuer ?? before?.issuer.issuer
  if (isKnownTo !== undefined && !isSameIssuer(isKnownTo, issuer))
    return Effect.fail(failed("Registration")(`the client is known to ${isKnownTo}, not to ${issuer}`))
  const secret = options.clientSecret === undefined ? {} : { secret: options.clientSecret }
  return Effect.succeed<OAuthClient>({ id, ...secret, origin: "configured" })
}

/** Many authorization servers compare the whole address of a redirect, the port too. */
const registered = ({ found, kept, redirectUrl }: ClientQuestion): OAuthClient | undefined =>
  kept.find(
    ({ client, issuer }) =>
      client.origin === "registered" &&
      client.redirectUrl === redirectUrl &&
      isSameIssuer(issuer.issuer, found.issuer.issuer)
  )?.client
