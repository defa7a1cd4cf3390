/**
 * What goes wrong around a login: the store that keeps it, and the steps of making it. That a server wants one is
 * `AuthorizationRequired`, a failure of the connection.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

/** The place where logins are kept cannot be read or written. Nothing was lost: the file is as it was. */
export class TokenStoreUnusable extends defineError<TokenStoreUnusable>()("TokenStoreUnusable", {
  code: "TOKEN_STORE_UNUSABLE",
  status: statuses.configuration,
  fields: {
    serverName: Schema.String,
    file: Schema.String,
    reason: Schema.String,
    /** Whether the content makes no sense, in contrast to a file that the system does not give. */
    isCorrupt: Schema.Boolean
  },
  message: ({ file, reason, serverName }) => `The login of server "${serverName}" in ${file} is unusable: ${reason}.`,
  hint: ({ file, isCorrupt, serverName }) =>
    isCorrupt
      ? `Delete the file ${file}, then log in again: signalbox servers login ${serverName}`
      : `Check the permissions of ${file} and its folder.`
}) {}

const steps = {
  Discovery: "its authorization server was not found",
  Resource: "the metadata is of another resource",
  Registration: "the authorization server does not take us as a client",
  Consent: "nobody allowed it",
  Answer: "the answer of the browser is not trusted",
  Token: "the authorization server gave no token"
} as const

/** Logging in to a server did not succeed. What was kept of earlier logins is as it was. */
export class AuthorizationFailed extends defineError<AuthorizationFailed>()("AuthorizationFailed", {
  code: "SERVER_AUTHORIZATION_FAILED",
  status: { ...statuses.unauthenticated, exit: 1 },
  fields: {
    serverName: Schema.String,
    step: Schema.Literals(["Discovery", "Resource", "Registration", "Consent", "Answer", "Token"]),
    reason: Schema.String,
    /** The error code of the authorization server (RFC 6749, 4.1.2.1 and 5.2), where it gave one. */
    oauthError: Schema.optionalKey(Schema.String)
  },
  message: ({ reason, serverName, step }) => `Logging in to server "${serverName}" failed: ${steps[step]} (${reason}).`,
  hint: ({ serverName, step }) => {
    switch (step) {
      case "Discovery":
        return `Check the URL of "${serverName}". A server without OAuth wants its credentials under headers.`
      case "Registration":
        return `Register a client by hand, and give its id as auth.clientId of "${serverName}".`
      case "Resource":
      case "Answer":
        return `Somebody may be in between. Do not go on before you know why; the operator of "${serverName}" can tell.`
      case "Consent":
      case "Token":
        return `Try again: signalbox servers login ${serverName}`
    }
  }
}) {}

/** Every error class of this part of the package. */
export const authErrors = [AuthorizationFailed, TokenStoreUnusable] as const
