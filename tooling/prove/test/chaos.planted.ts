import { assert, describe, it } from "@effect/vitest"
import { Effect, Scope } from "effect"
import { chaosProof } from "../chaos.ts"
import type { Parts } from "../Proof.ts"
import { failed, failedUntimed, runOf, withClients } from "./runOf.ts"

const leaking: Parts["connector"] = (real) => ({
  connect: (server, onLoaded) =>
    Effect.flatMap(Scope.make(), (scope) => Scope.provide(real.connect(server, onLoaded), scope))
})

describe("the proof of chaos", () => {
  it("fails when calls run twice", async () => {
    const twice = withClients((client) => ({
      ...client,
      callTool: (call) => Effect.andThen(client.callTool(call), client.callTool(call))
    }))
    const names = failed(await runOf(chaosProof, { connector: twice }))
    assert.includeMembers([...names], ["no unsafe call ran twice", "each answered unsafe call ran"])
  })

  it("fails when calls hang, or fail without a type", async () => {
    const hanging = withClients((client) => ({
      ...client,
      callTool: (call) => (call.name === "add_tool" ? Effect.never : client.callTool(call))
    }))
    assert.include(
      failed(await runOf(chaosProof, { connector: hanging })),
      "each call ended as a result or a typed error"
    )
    const dying = withClients((client) => ({
      ...client,
      callTool: (call) => (call.name === "add_tool" ? Effect.die("no type") : client.callTool(call))
    }))
    assert.include(
      failed(await runOf(chaosProof, { connector: dying })),
      "each call ended as a result or a typed error"
    )
  })

  it("fails when processes outlive their connections", async () => {
    assert.include(failed(await runOf(chaosProof, { connector: leaking })), "no process is left")
  })

  it("fails when the servers know nothing of calls that were answered", async () => {
    assert.deepStrictEqual(failedUntimed(await runOf(chaosProof, { readLog: () => [] })), [
      "each answered unsafe call ran"
    ])
  })
})
