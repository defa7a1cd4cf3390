/** Runs one proof within its limit of time, and notices promises that fail unheard meanwhile. */
import { Cause, Effect, Exit, Logger } from "effect"
import { none, type Proof, type ProofResult, type ProofRun } from "./Proof.ts"

/** The same result when it comes too late or breaks: claims that do not hold. */
export const prove = async (proof: Proof, run: ProofRun, signal?: AbortSignal): Promise<ProofResult> => {
  const unheard: Array<string> = []
  const hear = (reason: unknown) => void unheard.push(String(reason instanceof Error ? reason.stack : reason))
  process.on("unhandledRejection", hear)
  const limitSeconds = 120 + proof.limitSeconds * Math.min(1, run.scale)
  try {
    const exit = await Effect.runPromiseExit(
      // No logging: the report is all that is printed.
      proof.run(run).pipe(Effect.scoped, Effect.timeout(`${limitSeconds} seconds`), Effect.provide(Logger.layer([]))),
      signal === undefined ? {} : { signal }
    )
    const { claims, ...rest } = Exit.isSuccess(exit) ? exit.value : broken(exit.cause)
    return { ...rest, claims: [...claims, none("no promise was rejected unheard", unheard)] }
  } finally {
    process.off("unhandledRejection", hear)
  }
}

const broken = (cause: Cause.Cause<unknown>): ProofResult => ({
  claims: [none("the proof came to its end", [Cause.pretty(cause)])],
  numbers: {}
})
