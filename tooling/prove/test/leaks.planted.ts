import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { closeSync, openSync } from "node:fs"
import { leaksProof } from "../leaks.ts"
import { failed, runOf, withClients } from "./runOf.ts"

/** Something that happens before every call. */
const before = (happens: () => void) =>
  withClients((client) => ({
    ...client,
    callTool: (call) => Effect.andThen(Effect.sync(happens), client.callTool(call))
  }))

describe("the proof of leaks", () => {
  it("fails when calls keep memory", async () => {
    const kept: Array<Array<number>> = []
    const connector = before(() => kept.push(Array.from({ length: 500 }, (_, index) => index)))
    assert.deepStrictEqual(failed(await runOf(leaksProof, { connector })), ["heap that stays ≤ 1024 bytes a call"])
    assert.isNotEmpty(kept)
  })

  it("fails when calls leave descriptors and timers", async () => {
    const opened: Array<number> = []
    const ticking: Array<NodeJS.Timeout> = []
    const connector = before(() => {
      opened.push(openSync("/dev/null", "r"))
      ticking.push(setInterval(() => {}, 60_000))
    })
    const names = failed(await runOf(leaksProof, { connector }))
    for (const descriptor of opened) closeSync(descriptor)
    for (const timer of ticking) clearInterval(timer)
    assert.includeMembers(
      names.map((name) => name.split(" ≤")[0]),
      [
        "while connected, descriptors more than before",
        "while connected, timers more than before",
        "descriptors more than before",
        "timers more than before"
      ]
    )
  })
})
