import { assert, describe, it } from "@effect/vitest"
import { Effect, Semaphore } from "effect"
import { coldStartProof } from "../coldStart.ts"
import type { Parts } from "../Proof.ts"
import { failed, runOf } from "./runOf.ts"

/** Everybody waits for everybody else. */
const oneByOne = (): Parts["connector"] => {
  const gate = Semaphore.makeUnsafe(1)
  return (real) => ({ connect: (server, onLoaded) => gate.withPermit(real.connect(server, onLoaded)) })
}

/** The first connection of each server fails. */
const secondTime = (): Parts["connector"] => {
  const seen = new Set<string>()
  return (real) => ({
    connect: (server, onLoaded) => {
      const isFirst = !seen.has(server.name)
      seen.add(server.name)
      return isFirst ? Effect.die("not yet") : real.connect(server, onLoaded)
    }
  })
}

describe("the proof of cold starts", () => {
  it("fails when packages hold up the others", async () => {
    const names = failed(await runOf(coldStartProof, { connector: oneByOne() }))
    assert.isTrue(names.some((name) => name.startsWith("time that packages hold up")))
  })

  it("fails when servers fail", async () => {
    const names = failed(await runOf(coldStartProof, { connector: secondTime() }))
    assert.includeMembers([...names], ["every server started", "all ran at the first attempt"])
  })
})
