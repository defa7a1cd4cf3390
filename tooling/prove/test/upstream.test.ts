import { assert, describe, it } from "@effect/vitest"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Seen, upstreamProofOf } from "../upstream.ts"
import { allCases } from "../upstream/cases.ts"
import type { Fetch } from "../upstream/clients.ts"
import { keyOfCase, readTable } from "../upstream/readTable.ts"
import { cellsOf } from "../upstream/table.ts"
import { failed, failedUntimed, runOf } from "./runOf.ts"

const table = async () => readTable(await readFile(join(import.meta.dirname, "../upstream/table.md"), "utf8"))

/** Those that wait for nothing, and for nobody to see a piece as it was. */
const quick = allCases.filter(
  ({ fault: { isLarge, reply, temper } }) =>
    temper === "usual" && !isLarge && reply.firstByteDelayMs === undefined && reply.hold === undefined
)

/** The answers of callers, changed piece by piece. */
const changed =
  (change: (text: string) => string | undefined): Fetch =>
  async (input, init) => {
    const response = await globalThis.fetch(input, init)
    const pieces = new TransformStream<string, string>({
      transform: (text, controller) => {
        const other = change(text)
        if (other === undefined) controller.error(new TypeError("terminated"))
        else controller.enqueue(other)
      }
    })
    const body = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(pieces)
    return new Response(body?.pipeThrough(new TextEncoderStream()), response)
  }

const failedWith = async (fetch: Fetch) => failed(await runOf(upstreamProofOf({ fetch, among: quick })))

const without = (headers: Headers, name: string): Headers => {
  const rest = new Headers(headers)
  rest.delete(name)
  return rest
}

const isError = /data: \{(?:"type":"error"|"error")/
const ends = `event: message_stop\ndata: {"type":"message_stop"}\n\n`

describe("the proof of upstreams that misbehave", () => {
  it("holds, and what it sees is what the document says", async () => {
    const seen: Array<Seen> = []
    const result = await runOf(upstreamProofOf({ onSeen: (all) => seen.push(...all) }))
    assert.deepStrictEqual(failedUntimed(result), [])
    const documented = await table()
    assert.isAbove(seen.length, 50)
    for (const one of seen) assert.deepStrictEqual(documented.get(keyOfCase(one.one)), cellsOf(one), keyOfCase(one.one))
  })

  it("has every case in the document", async () => {
    assert.sameMembers([...(await table()).keys()], allCases.map(keyOfCase))
  })

  it("fails when broken answers end well", async () => {
    const names = await failedWith(changed((text) => (isError.test(text) ? ends : text)))
    assert.include(names, "no answer that was broken ends well")
  })

  it("fails when text comes twice, or not at all", async () => {
    const name = "no text is lost, and none comes twice"
    assert.include(await failedWith(changed((text) => text.replaceAll("train ", "train train "))), name)
    assert.include(await failedWith(changed((text) => text.replaceAll("train ", ""))), name)
  })

  it("fails when the connection is lost instead of an error", async () => {
    const names = await failedWith(changed((text) => (isError.test(text) ? undefined : text)))
    assert.includeMembers(
      [...names],
      [
        "a broken stream ends with an error, and not with its connection",
        "the official clients raise an error of their own"
      ]
    )
  })

  it("fails when the status is another one, or the pause is kept back", async () => {
    const names = await failedWith(async (input, init) => {
      const { body, headers, status } = await globalThis.fetch(input, init)
      return new Response(body, { status: status === 200 ? 200 : 418, headers: without(headers, "retry-after") })
    })
    assert.includeMembers(
      [...names],
      [
        "a status is the upstream's, and so is the class of the error",
        "the pause that an upstream asks for is handed on"
      ]
    )
  })
})
