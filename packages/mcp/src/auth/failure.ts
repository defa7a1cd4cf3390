/**
 * Faults of OAuth as the failure of a login, at the step where they came.
 */
import { AuthorizationFailed } from "./authErrors.ts"
import type { OAuthFault } from "./oauth.ts"

/** Makes the failures of one login. A text is a reason of our own. */
export const failure =
  (serverName: string) =>
  (step: AuthorizationFailed["step"]) =>
  (cause: OAuthFault | string): AuthorizationFailed => {
    if (typeof cause === "string") return new AuthorizationFailed({ serverName, step, reason: cause })
    return new AuthorizationFailed({
      serverName,
      // Metadata of a false issuer, and answers of one, are the same attack.
      step: cause._tag === "Issuer" ? "Answer" : step,
      reason: cause.reason,
      ...(cause.code === undefined ? {} : { oauthError: cause.code }),
      retryable: cause._tag === "Unreachable"
    })
  }

/** What makes them, for one server. */
export type Failed = ReturnType<typeof failure>
