/**
 * One login as it is kept: who issued it, for which client, and its tokens. It is bound to its issuer: neither the client
 * nor a token is ever sent to another authorization server (RFC 6749, 2.2; RFC 9700, 4.4).
 */
import { Duration, Redacted, Schema } from "effect"
import type { OAuthOptions } from "./OAuthOptions.ts"

const Secret = Schema.RedactedFromValue(Schema.String)

/** The client that the authorization server knows. */
export const OAuthClient = Schema.Struct({
  id: Schema.String,
  secret: Schema.optionalKey(Secret),
  /** How it proves itself at the token endpoint, where the registration says so. */
  authMethod: Schema.optionalKey(Schema.String),
  /** Where the browser is sent back to; a client that was registered for one address is of no use for another. */
  redirectUrl: Schema.optionalKey(Schema.String),
  /** `configured` clients are read from the options each time, so that a changed secret counts at once. */
  origin: Schema.Literals(["configured", "metadata-document", "registered"])
})
export type OAuthClient = typeof OAuthClient.Type

/** Tokens of one grant. Times are milliseconds since the epoch. */
export const Tokens = Schema.Struct({
  access: Secret,
  refresh: Schema.optionalKey(Secret),
  obtainedAt: Schema.Finite,
  /** Nothing where the authorization server did not say. */
  expiresAt: Schema.optionalKey(Schema.Finite),
  /** What was granted or, where nothing was said, what was asked for (RFC 6749, 5.1). */
  scope: Schema.optionalKey(Schema.String)
})
export type Tokens = typeof Tokens.Type

/** What a login needs of its authorization server: the metadata as it was published, and how to name the resource to it. */
export const Issuer = Schema.Struct({
  /** The issuer identifier (RFC 8414, 2). */
  issuer: Schema.String,
  url: Schema.String,
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  /** The resource indicator (RFC 8707), as the resource spells it. */
  resource: Schema.optionalKey(Schema.String)
})
export type Issuer = typeof Issuer.Type

/** A login at one authorization server. Without tokens it is over, and only the client is remembered. */
export const Login = Schema.Struct({
  issuer: Issuer,
  client: OAuthClient,
  tokens: Schema.optionalKey(Tokens),
  /** What the server has asked for beyond the granted scope, for the next time that somebody logs in. */
  wantedScope: Schema.optionalKey(Schema.String)
})
export type Login = typeof Login.Type

/** Whose logins, and where to. */
export interface LoginKey {
  /** For errors; it is not part of what distinguishes logins. */
  readonly serverName: string
  /** The address of the server, as `loginKey` spells it. */
  readonly url: string
  /** Who has logged in, in a program that serves several people; else empty. */
  readonly principal: string
}

/** The key of an address: without a fragment, which never reaches the server. */
export const loginKey = (serverName: string, url: URL, principal: string | undefined): LoginKey => {
  const address = new URL(url)
  address.hash = ""
  return { serverName, url: address.href, principal: principal ?? "" }
}

const longestMargin = Duration.toMillis(Duration.minutes(1))

/** Whether an access token is to be renewed. */
export type Due = "no" | "soon" | "over"

/** `soon` from a minute before its end, or a tenth of its life where that is shorter. */
export const dueOf = ({ expiresAt, obtainedAt }: Tokens, now: number): Due => {
  if (expiresAt === undefined || now < expiresAt - Math.min(longestMargin, (expiresAt - obtainedAt) / 10)) return "no"
  return now < expiresAt ? "soon" : "over"
}

/** Whether two tokens are the same one. */
export const isSameToken = (one: Redacted.Redacted | undefined, other: Redacted.Redacted | undefined): boolean =>
  one !== undefined && other !== undefined && Redacted.value(one) === Redacted.value(other)

/** Scopes of both texts, each once, in the order in which they come (RFC 6749, 3.3). */
export const joinScopes = (...scopes: ReadonlyArray<string | undefined>): string | undefined => {
  const words = new Set(scopes.flatMap((scope) => (scope ?? "").split(" ").filter((word) => word !== "")))
  return words.size === 0 ? undefined : [...words].join(" ")
}

/** Whether two identifiers name one issuer; a last slash makes no difference. */
export const isSameIssuer = (one: string, other: string): boolean => one.replace(/\/$/, "") === other.replace(/\/$/, "")

/** The client as the options have it now, or nothing where they name another than the one that has logged in. */
export const clientNow = ({ client }: Login, { clientId, clientSecret }: OAuthOptions): OAuthClient | undefined => {
  if (clientId !== undefined && clientId !== client.id) return undefined
  if (client.origin !== "configured") return client
  return { ...client, ...(clientSecret === undefined ? {} : { secret: clientSecret }) }
}
