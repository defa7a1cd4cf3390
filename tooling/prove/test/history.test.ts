import { assert, describe, it } from "@effect/vitest"
import { appendsProof } from "../appends.ts"
import { killProof } from "../kill.ts"
import { failed, failedUntimed, runOf } from "./runOf.ts"

/** It starts a dozen processes one after the other, however busy the machine is. */
const limit = 240_000

describe("the proof of kills", () => {
  it(
    "holds",
    async () => {
      assert.deepStrictEqual(failedUntimed(await runOf(killProof)), [])
    },
    limit
  )

  it(
    "fails when turns are acknowledged before they are kept",
    async () => {
      const names = failed(await runOf(killProof, { storeFault: "says-it-too-early" }))
      assert.include(names, "no acknowledged turn is lost")
    },
    limit
  )

  it(
    "fails when a process does not know what another had begun",
    async () => {
      const names = failed(await runOf(killProof, { storeFault: "forgets-what-was-begun" }))
      assert.isTrue(names.some((name) => name.startsWith("no call that may not") || name.startsWith("what is told")))
    },
    limit
  )
})

describe("the proof of appends", () => {
  it("holds", async () => {
    assert.deepStrictEqual(failedUntimed(await runOf(appendsProof)), [])
  })

  it("fails when nobody waits for the lock", async () => {
    const names = failed(await runOf(appendsProof, { storeFault: "no-lock" }))
    assert.isTrue(names.some((name) => name.includes("the numbers are those")))
  })
})
