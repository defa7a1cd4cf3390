import { assert, describe, it } from "@effect/vitest"
import { Effect, Scope, Semaphore } from "effect"
import type { Parts } from "../Proof.ts"
import { shutdownProof } from "../shutdown.ts"
import { failed, runOf } from "./runOf.ts"

/** Each server ends after the one before it, and takes its time. */
const oneByOne = (): Parts["connector"] => {
  const gate = Semaphore.makeUnsafe(1)
  return (real) => ({
    connect: (server, onLoaded) =>
      Effect.tap(real.connect(server, onLoaded), () =>
        Effect.addFinalizer(() => gate.withPermit(Effect.sleep("100 millis")))
      )
  })
}

const leaking: Parts["connector"] = (real) => ({
  connect: (server, onLoaded) =>
    Effect.flatMap(Scope.make(), (scope) => Scope.provide(real.connect(server, onLoaded), scope))
})

describe("the proof of shutdown", () => {
  it("fails when servers end one after the other", async () => {
    const names = failed(await runOf(shutdownProof, { connector: oneByOne() }))
    assert.deepStrictEqual(
      names.map((name) => name.split(" ≤")[0]),
      ["idle shutdown", "1 stubborn: time over grace", "5 stubborn: time over grace", "10 stubborn: time over grace"]
    )
  })

  it("fails when processes stay", async () => {
    const names = failed(await runOf(shutdownProof, { connector: leaking }))
    assert.includeMembers([...names], ["0 stubborn: no process is left", "10 stubborn: no process is left"])
  })
})
