import { assert, describe, it } from "@effect/vitest"
import { Effect, Scope } from "effect"
import { faultsProof } from "../faults.ts"
import type { Parts } from "../Proof.ts"
import { markdown } from "../report.ts"
import { failed, failedUntimed, runOf, withClients } from "./runOf.ts"

const leaking: Parts["connector"] = (real) => ({
  connect: (server, onLoaded) =>
    Effect.flatMap(Scope.make(), (scope) => Scope.provide(real.connect(server, onLoaded), scope))
})

describe("the proof of faults", () => {
  it("holds, and has a table of what callers see", async () => {
    const result = await runOf(faultsProof)
    assert.deepStrictEqual(failedUntimed(result), [])
    const [head, line, ...rows] = markdown(result).split("\n")
    assert.match(head ?? "", /^\| under the \| fault \| transport \| code /)
    assert.match(line ?? "", /^\|( --- \|)+$/)
    assert.lengthOf(rows, 12)
  })

  it("fails when results are something else", async () => {
    const dying = withClients((client) => ({ ...client, callTool: () => Effect.die("no type") }))
    assert.deepStrictEqual(failed(await runOf(faultsProof, { connector: dying })), ["the proof came to its end"])
    const wrong = withClients((client) => ({
      ...client,
      callTool: (call) =>
        Effect.map(client.ping, () => ({ content: [], isError: false, warnings: [call.name] })).pipe(Effect.orDie)
    }))
    assert.include(failed(await runOf(faultsProof, { connector: wrong })), "each fault has its code")
  })

  it("fails when processes stay", async () => {
    assert.include(failed(await runOf(faultsProof, { connector: leaking })), "no process is left")
  })
})
