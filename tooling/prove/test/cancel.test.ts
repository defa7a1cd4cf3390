import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog } from "@signalbox/testing"
import { Effect, Fiber } from "effect"
import { cancelProof } from "../cancel.ts"
import { failed, failedUntimed, runOf, withClients } from "./runOf.ts"

const late = (file: string) =>
  readFxMcpLog(file).map((event) => (event.event === "call_end" ? { ...event, at: event.at + 300 } : event))

describe("the proof of cancelling", () => {
  it("holds", async () => {
    assert.deepStrictEqual(failedUntimed(await runOf(cancelProof)), [])
  })

  it("fails when interruptions do not reach the server", async () => {
    const deaf = withClients((client) => ({
      ...client,
      callTool: (call) => Effect.flatMap(Effect.forkDetach(client.callTool(call)), Fiber.join)
    }))
    const names = failed(await runOf(cancelProof, { connector: deaf }))
    assert.includeMembers([...names], ["every server was told", "no call ran on"])
    assert.isTrue(names.some((name) => name.startsWith("p99")))
  })

  it("fails when the work of servers ends late", async () => {
    const names = failed(await runOf(cancelProof, { readLog: late }))
    assert.deepStrictEqual(
      names.map((name) => name.slice(0, 3)),
      ["p99"]
    )
  })

  it("fails when servers were never called", async () => {
    const names = failed(await runOf(cancelProof, { readLog: () => [] }))
    assert.isTrue(names.some((name) => name.startsWith("calls that were cancelled")))
  })
})
