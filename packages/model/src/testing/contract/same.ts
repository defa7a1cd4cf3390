/**
 * How the contract says that something is not as it should be.
 */
import { Data, Effect, Equal } from "effect"

/** Test runners show the difference of `expected` and `actual`. */
export class ContractBroken extends Data.TaggedError("ContractBroken")<{
  readonly what: string
  readonly expected: unknown
  readonly actual: unknown
}> {
  override get message(): string {
    return `${this.what}: expected ${JSON.stringify(this.expected)}, got ${JSON.stringify(this.actual)}`
  }
}

/** Succeeds when the two are alike in every part. */
export const same = (what: string, actual: unknown, expected: unknown): Effect.Effect<void, ContractBroken> =>
  Equal.equals(actual, expected) ? Effect.void : Effect.fail(new ContractBroken({ what, expected, actual }))
