/**
 * The person's part of a login, as a port: somewhere a browser is shown an address, and its answer comes back. The
 * command line implements it with a browser and a listener, a web application with its own pages.
 */
import type { Effect } from "effect"
import type { AuthorizationFailed } from "./authErrors.ts"

/** What asks a person. */
export interface AuthorizationPrompt {
  /** Where the browser is sent back to: an address of this machine for a native program (RFC 8252, 7.3). */
  readonly redirectUrl: string
  /**
   * Shows the address and waits for the answer: the parameters of the redirect as they came, errors too. Fails with
   * step `Consent` when nobody answers.
   */
  readonly ask: (url: URL) => Effect.Effect<URLSearchParams, AuthorizationFailed>
}
