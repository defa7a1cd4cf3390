/** The long proofs, small. That each fails where it should is shown by the files called `.planted.ts`. */
import { assert, describe, it } from "@effect/vitest"
import { chaosProof } from "../chaos.ts"
import { coldStartProof } from "../coldStart.ts"
import { isolationProof } from "../isolation.ts"
import { leaksProof } from "../leaks.ts"
import { leaveProof } from "../leave.ts"
import { loadProof } from "../load.ts"
import { shutdownProof } from "../shutdown.ts"
import type { Proof } from "../Proof.ts"
import { failedUntimed, runOf } from "./runOf.ts"

const proofs: Readonly<Record<string, Proof>> = {
  chaos: chaosProof,
  coldStart: coldStartProof,
  isolation: isolationProof,
  leaks: leaksProof,
  leave: leaveProof,
  load: loadProof,
  shutdown: shutdownProof
}

/** Some start the program from its sources, on machines that are busy with something else. */
const timeout = 180_000

describe("a proof, small", () => {
  for (const [name, proof] of Object.entries(proofs)) {
    it(`of ${name} holds`, { timeout }, async () => {
      assert.deepStrictEqual(failedUntimed(await runOf(proof)), [])
    })
  }
})
