/**
 * What the configuration may say about logging in to a remote server. Mostly nothing: servers say themselves how it is
 * done, and `signalbox servers login` does it.
 */
import { Schema } from "effect"

const Issuer = Schema.String.check(
  Schema.isPattern(/^https?:\/\/\S+$/, { message: "Expected the URL of an authorization server" })
)

/** The URL is the id of the client, so it must not change with a redirect or a default document. */
const DocumentUrl = Schema.String.check(
  Schema.isPattern(/^https:\/\/[^/\s]+\/\S+$/, { message: "Expected a URL that starts with https:// and has a path" })
)

const OAuth = Schema.Struct({
  grant: Schema.optionalKey(Schema.Literals(["authorization_code", "client_credentials"])),
  clientId: Schema.optionalKey(Schema.NonEmptyString),
  clientSecret: Schema.optionalKey(Schema.NonEmptyString),
  privateKey: Schema.optionalKey(Schema.NonEmptyString),
  signingAlgorithm: Schema.optionalKey(Schema.Literals(["ES256", "ES384", "RS256", "RS384", "RS512", "PS256"])),
  issuer: Schema.optionalKey(Issuer),
  scopes: Schema.optionalKey(Schema.Array(Schema.NonEmptyString)),
  clientMetadataUrl: Schema.optionalKey(DocumentUrl),
  redirectPort: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65535 })))
}).check(
  Schema.makeFilter(({ clientId, clientSecret, grant, privateKey }) => {
    if (grant !== "client_credentials") return undefined
    if (clientId === undefined) return { path: ["clientId"], issue: "Expected the id of the client that logs in" }
    return clientSecret === undefined && privateKey === undefined
      ? { path: ["clientSecret"], issue: "Expected the secret of the client, or its privateKey" }
      : undefined
  })
)

/** `none`: a server that refuses is not asked how to log in. */
export const ServerAuth = Schema.Union([Schema.Literal("none"), OAuth])
export type ServerAuth = typeof ServerAuth.Type
