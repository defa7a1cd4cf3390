import { assert, describe, it } from "@effect/vitest"
import { connect, type Socket } from "node:net"
import { type AskOne, askOne, loadProofOf } from "../load.ts"
import { failed, runOf } from "./runOf.ts"

/** They start the program from its sources, on machines that are busy with something else. */
const timeout = 180_000

describe("the proof of load", () => {
  it(
    "fails when an answer is wrong, some wait much longer than others, or sockets stay open",
    { timeout },
    async () => {
      const open: Array<Socket> = []
      let asked = 0
      const ask: AskOne = async (url, way, agent) => {
        const number = ++asked
        if (open.length < 100) open.push(connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {}))
        // Most are answered at once, so that the others wait long beside them.
        if (number % 40 !== 0) return number === 301 ? "it said nothing" : undefined
        return await askOne(url, way, agent)
      }
      const names = failed(await runOf(loadProofOf(ask)))
      for (const socket of open) socket.destroy()
      assert.includeMembers(
        [...names],
        [
          "every answer is whole and right",
          "p99 of 512 clients over their average ≤ 6 ×",
          "descriptors more than before ≤ 8"
        ]
      )
    }
  )
})
