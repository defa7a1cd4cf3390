/**
 * The credentials of one connection over HTTP: which token its requests carry, and what can be done without a person
 * when one is refused. It never opens a browser; where only a person helps, it says so and the refusal stands.
 */
import type { Effect, Redacted } from "effect"
import type { Denial, Denied } from "./denial.ts"
import type { Due } from "./Login.ts"

/** What became of a refusal: repeat the request, perhaps with a token that was just made, or leave it. */
export type Recovery =
  | { readonly _tag: "Repeat"; readonly isNewToken: boolean }
  | ({ readonly _tag: "Denied" } & Denied)

/** A request that a server has refused with 401, or with 403 for the want of scope. */
export interface Refusal {
  readonly status: number
  readonly challenge: string | null
  /** The token that it carried. */
  readonly used: Redacted.Redacted | undefined
}

/** The credentials of a connection. The first two are asked before every request, so they wait for nothing. */
export interface Authorizer {
  readonly token: () => Redacted.Redacted | undefined
  /** Whether the token ought to be renewed: `soon` while it can still be used. */
  readonly due: () => Due
  readonly renew: Effect.Effect<void>
  readonly recover: (refusal: Refusal) => Effect.Effect<Recovery>
}

/** The request is to be sent again. */
export const repeat = (isNewToken: boolean): Recovery => ({ _tag: "Repeat", isNewToken })

/** The refusal stands. */
export const denied = (denial: Denial, detail = ""): Recovery => ({ _tag: "Denied", denial, detail })
