import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { isolationProof } from "../isolation.ts"
import type { Parts } from "../Proof.ts"
import { failed, runOf } from "./runOf.ts"

/** Calls of every server take longer while another one is bad. */
const infecting = (): Parts["connector"] => {
  let bad = 0
  return (real) => ({
    connect: (server, onLoaded) =>
      Effect.gen(function* () {
        if (server.name === "silent") {
          bad += 1
          yield* Effect.addFinalizer(() => Effect.sync(() => void (bad -= 1)))
        }
        const client = yield* real.connect(server, onLoaded)
        return {
          ...client,
          callTool: (call) =>
            Effect.suspend(() => Effect.andThen(bad > 0 ? Effect.sleep(3) : Effect.void, client.callTool(call)))
        }
      })
  })
}

describe("the proof of isolation", () => {
  it("fails when bad servers slow the others down", async () => {
    const names = failed(await runOf(isolationProof, { connector: infecting() }))
    assert.isTrue(names.some((name) => name.startsWith("time of a call beside bad servers")))
  })
})
