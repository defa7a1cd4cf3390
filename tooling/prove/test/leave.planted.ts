import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog } from "@signalbox/testing"
import { leaveProofOf } from "../leave.ts"
import { failed, runOf } from "./runOf.ts"

const untold = (file: string) => readFxMcpLog(file).filter(({ event }) => event !== "cancelled")

/** They start the program from its sources, on machines that are busy with something else. */
const timeout = 180_000

describe("the proof of leaving", () => {
  it("fails when work ends late, calls go on, or a failure counts", { timeout }, async () => {
    const proof = leaveProofOf({
      leave: (leaving) => void setTimeout(() => leaving.abort(), 500),
      spoil: async ({ ask }) => void (await ask("broken"))
    })
    const names = failed(await runOf(proof, { readLog: untold }))
    assert.includeMembers(
      [...names],
      [
        "nothing goes on",
        "p99 from leaving to the end of the work ≤ 250 ms",
        "no circuit has counted a failure",
        "the server answers afterwards"
      ]
    )
  })
})
