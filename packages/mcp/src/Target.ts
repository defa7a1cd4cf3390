/**
 * What is connected to, and how it says no.
 */
import type { ConnectError } from "./errors.ts"
import type { Link } from "./link.ts"
import type { Questions } from "./Questions.ts"
import type { ServerOptions } from "./ServerOptions.ts"
import type { Failure } from "./Session.ts"

/** What is connected to, and on whose behalf. */
export interface Target {
  readonly server: ServerOptions
  readonly questions: Questions
  /** Is shown the way to the server before the handshake. */
  readonly see: (link: Link) => void
}

/** The handshake failed with this. */
export class Refused {
  readonly failure: Failure
  readonly error: ConnectError
  constructor(failure: Failure, error: ConnectError) {
    this.failure = failure
    this.error = error
  }
}
