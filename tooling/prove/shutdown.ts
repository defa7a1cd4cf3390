/**
 * Ten servers are ended at once, of which some ignore everything, and so do the children that they started. The grace is
 * one for all: however many are stubborn, all are gone when it is over, and where none is, at once.
 */
import { Duration, Effect, Exit, Scope } from "effect"
import { amountOf, atMost, type Claim, none, type Proof, type ProofRun } from "./Proof.ts"
import { endLeftovers, fx, leftovers, newMark, orchestrate } from "./servers.ts"
import { reapsOrphans } from "./traces.ts"

const count = 10
const stubbornCounts = [0, 1, 5, 10]

/** What ending them took. */
interface End {
  readonly stubborn: number
  readonly millis: number
  readonly left: ReadonlyArray<number>
  /** Processes before. */
  readonly before: number
}

const end = Effect.fnUntraced(function* (run: ProofRun, stubborn: number, grace: number) {
  const mark = newMark()
  yield* endLeftovers(mark)
  const changes = { server: { shutdownTimeout: Duration.millis(grace) } }
  const servers = Array.from({ length: count }, (_, index) =>
    fx(
      `server-${index}`,
      index < stubborn ? { ignoreEof: true, ignoreTerm: true, grandchild: true } : {},
      mark,
      changes
    )
  )
  const scope = yield* Scope.fork(yield* Effect.scope)
  const boxes = yield* Scope.provide(orchestrate(run.parts, servers), scope)
  yield* boxes.settled
  const before = (yield* Effect.promise(() => leftovers(mark))).length
  const from = performance.now()
  yield* Scope.close(scope, Exit.void)
  const millis = performance.now() - from
  const left = yield* Effect.promise(() => leftovers(mark))
  run.say(`${stubborn} of ${count} stubborn: ${millis.toFixed(0)} ms, ${before} processes before, ${left.length} after`)
  return { stubborn, millis, left, before }
})

const claimsOf = (
  { before, left, millis, stubborn }: End,
  grace: number,
  zombieMillis: number
): ReadonlyArray<Claim> => [
  none(
    `${stubborn} stubborn: all ran before`,
    // A stubborn one is two.
    before === count + stubborn ? [] : [`${before} processes instead of ${count + stubborn}`]
  ),
  none(
    `${stubborn} stubborn: no process is left`,
    left.map((pid) => `process ${pid}`),
    before
  ),
  stubborn === 0
    ? atMost("idle shutdown", millis, 300, "ms", "what the servers did after the end of their input")
    : atMost(
        `${stubborn} stubborn: time over grace`,
        (millis - zombieMillis) / grace,
        1.1,
        "×",
        `${millis.toFixed(0)} ms for ${grace} ms`
      )
]

const run = Effect.fnUntraced(function* (run: ProofRun) {
  const grace = Math.min(5000, amountOf(run, 5000, 2000))
  const isReaped = yield* reapsOrphans
  if (!isReaped) run.say("nobody reaps orphans here: the second that their zombies are waited for is not counted")
  const zombieMillis = isReaped ? 0 : 1000
  const ends = yield* Effect.forEach(stubbornCounts, (stubborn) => end(run, stubborn, grace))
  return {
    claims: ends.flatMap((end) => claimsOf(end, grace, zombieMillis)),
    numbers: {
      "grace ms": grace,
      "waited for zombies ms": zombieMillis,
      ...Object.fromEntries(ends.map(({ millis, stubborn }) => [`${stubborn} stubborn ms`, millis]))
    }
  }
})

/** Ending many costs one grace. */
export const shutdownProof: Proof = {
  description: "10 servers end within one grace, however many of them ignore everything",
  limitSeconds: 120,
  run
}
