/**
 * What can be said about logging in to one server. Nothing has to be: a server that challenges says itself where its
 * authorization server is, and most of those register us by themselves.
 */
import type { Redacted } from "effect"
import type { HttpOptions } from "../ServerOptions.ts"

/** A key that signs assertions in place of a client secret (`private_key_jwt`, RFC 7523). */
export interface PrivateKey {
  /** PKCS #8, in PEM. */
  readonly pem: Redacted.Redacted
  /** Of JWS, such as `ES256` or `RS256` (RFC 7518, 3.1). */
  readonly algorithm: string
}

/** How a client of OAuth behaves towards one server. Every key may be left out. */
export interface OAuthOptions {
  /**
   * `authorization_code`, the usual one, needs a person once: see `authorize`. The others are for machines, and their
   * tokens are kept in memory only: `client_credentials` by the client's own id and secret, `jwt_bearer` (RFC 7523, 2.1) by
   * an assertion about the workload that its platform has written.
   */
  readonly grant?: "authorization_code" | "client_credentials" | "jwt_bearer" | undefined
  /** The id of a client that was registered beforehand. Without it we register ourselves (RFC 7591). */
  readonly clientId?: string | undefined
  readonly clientSecret?: Redacted.Redacted | undefined
  /**
   * The issuer that knows this client. Without it the server decides which authorization server is shown the secret, at
   * the first login.
   */
  readonly issuer?: string | undefined
  /** In place of a secret, for `client_credentials`. */
  readonly privateKey?: PrivateKey | undefined
  /** Where the assertion for `jwt_bearer` is. It is read for each token, because platforms write a new one before it ends. */
  readonly assertionFile?: string | undefined
  /** What to ask for; without it what the server wants, or else all that it offers. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Where a document about this client is published, whose URL then is its id (Client ID Metadata Document). */
  readonly clientMetadataUrl?: string | undefined
  /** The port of this machine that a browser is sent back to; any free one without it. */
  readonly redirectPort?: number | undefined
  /** Whose login it is, in a program that serves several people. */
  readonly principal?: string | undefined
}

/** Whether the options of a server leave anything for OAuth to do. */
export const usesOAuth = ({ auth, headers }: HttpOptions): boolean =>
  auth !== "none" && !Object.keys(headers).some((name) => name.toLowerCase() === "authorization")

/** What is said of OAuth; nothing means nothing special. */
export const oauthOptionsOf = ({ auth }: HttpOptions): OAuthOptions => (auth === "none" ? {} : (auth ?? {}))

/** Whether no person is needed to log in. */
export const isForMachines = ({ grant }: OAuthOptions): boolean =>
  grant === "client_credentials" || grant === "jwt_bearer"
