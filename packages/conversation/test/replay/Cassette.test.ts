import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { entriesOf, readCassetteText } from "@signalbox/conversation/replay"

const head = JSON.stringify({ cassette: 1, program: "p 1", startedAt: "2026-11-20T00:00:00.000Z", subject: { a: 1 } })
const step = JSON.stringify({ type: "step", turn: 1, step: 1 })

const read = (text: string) => readCassetteText("tape", text)

const failureOf = (text: string) => {
  const result = read(text)
  return Result.isFailure(result) ? result.failure : undefined
}

describe("a cassette", () => {
  it("is read with its head and its entries", () => {
    const cassette = Result.getOrThrow(read(`${head}\n${step}\n${step}\n`))
    assert.deepStrictEqual(cassette.head.subject, { a: 1 })
    assert.lengthOf(entriesOf(cassette, "step"), 2)
    assert.lengthOf(entriesOf(cassette, "event"), 0)
  })

  it("is one as soon as its head is there", () => {
    assert.lengthOf(Result.getOrThrow(read(`${head}\n`)).entries, 0)
  })

  it("that breaks off is refused with the line, and how to get at what stands before it", () => {
    const error = failureOf(`${head}\n${step}\n${step.slice(0, 9)}`)
    assert.deepInclude(error, { code: "CASSETTE_INVALID", line: 3, reason: "breaks off" })
    assert.include(error?.hint, "head -n 2")
    assert.strictEqual(error?.status.exit, 65)
  })

  it("with a line of another kind is refused with it", () => {
    assert.deepInclude(failureOf(`${head}\n${step}\n{"type":"surprise"}\n${step}\n`), { line: 3 })
    assert.deepInclude(failureOf(`${head}\nnot JSON\n${step}\n`), { line: 2, reason: "is not JSON" })
    assert.deepInclude(failureOf(`${head}\n\n${step}\n`), { line: 2 })
  })

  it("of a later version says which program reads it", () => {
    const error = failureOf(`${JSON.stringify({ cassette: 2, program: "signalbox 9.0.0", more: true })}\n`)
    assert.deepInclude(error, { code: "CASSETTE_TOO_NEW", format: 2, known: 1 })
    assert.include(error?.hint, "signalbox 9.0.0")
    assert.strictEqual(error?.status.exit, 65)
  })

  it("is nothing else: no empty file, no other JSON, no binary", () => {
    for (const text of ["", "\n", "{}", '{"cassette":"1"}', "[1]", "\u0000\u0001"]) {
      assert.deepInclude(failureOf(text), { code: "CASSETTE_INVALID", line: 1 }, JSON.stringify(text))
    }
  })
})
