/**
 * Scenarios that fail, each with the reason. One that passes must be taken from here: it fails the run.
 */

/** Extensions of the protocol; no revision requires them. */
const extensions: Readonly<Record<string, string>> = {
  "auth/enterprise-managed-authorization": "identity assertions of an enterprise (ID-JAG) are not exchanged yet",
  "auth/dpop": "tokens are bearer tokens; proofs of possession (RFC 9449) are not made yet",
  "auth/dpop-nonce": "as auth/dpop"
}

/** By revision, then by scenario. */
export const expectedFailures: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "2025-11-25": extensions,
  "2026-07-28": extensions
}
