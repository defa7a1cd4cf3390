/**
 * Scenarios that fail, each with the reason. One that passes must be taken from here: it fails the run.
 */

const oauth = "OAuth is not there yet"

const authorization = [
  "auth/metadata-default",
  "auth/metadata-var1",
  "auth/metadata-var2",
  "auth/metadata-var3",
  "auth/basic-cimd",
  "auth/scope-from-www-authenticate",
  "auth/scope-from-scopes-supported",
  "auth/scope-omitted-when-undefined",
  "auth/scope-step-up",
  "auth/scope-retry-limit",
  "auth/token-endpoint-auth-basic",
  "auth/token-endpoint-auth-post",
  "auth/token-endpoint-auth-none",
  "auth/pre-registration"
]

/** Extensions of the protocol; no revision requires them. */
const extensions = [
  "auth/client-credentials-jwt",
  "auth/client-credentials-basic",
  "auth/enterprise-managed-authorization",
  "auth/dpop",
  "auth/dpop-nonce",
  "auth/wif-jwt-bearer"
]

const newestAuthorization = [
  "auth/resource-mismatch",
  "auth/offline-access-scope",
  "auth/offline-access-not-supported",
  "auth/authorization-server-migration",
  "auth/iss-supported",
  "auth/iss-not-advertised",
  "auth/iss-supported-missing",
  "auth/iss-wrong-issuer",
  "auth/iss-unexpected",
  "auth/iss-normalized",
  "auth/metadata-issuer-mismatch"
]

const failing = (scenarios: ReadonlyArray<string>, reason: string): Readonly<Record<string, string>> =>
  Object.fromEntries(scenarios.map((scenario) => [scenario, reason]))

/** By revision, then by scenario. */
export const expectedFailures: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "2025-11-25": failing([...authorization, ...extensions], oauth),
  "2026-07-28": failing([...authorization, ...newestAuthorization, ...extensions], oauth)
}
