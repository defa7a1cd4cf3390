import { assert, describe, it } from "@effect/vitest"
import { makeLineTail } from "../../src/stdio/lineTail.ts"

const bytes = (text: string) => new TextEncoder().encode(text)

describe("a tail of lines", () => {
  it("keeps the last lines, and the unfinished one", () => {
    const tail = makeLineTail(3)
    tail.push(bytes("one\ntwo\r\nth"))
    assert.deepStrictEqual(tail.lines(), ["one", "two", "th"])
    tail.push(bytes("ree\nfour\nfi"))
    assert.deepStrictEqual(tail.lines(), ["three", "four", "fi"])
  })
  it("joins characters that were cut", () => {
    const tail = makeLineTail(3)
    const text = bytes("é\n")
    tail.push(text.slice(0, 1))
    tail.push(text.slice(1))
    assert.deepStrictEqual(tail.lines(), ["é"])
  })
  it("cuts lines without end", () => {
    const tail = makeLineTail(3)
    for (let i = 0; i < 100; i++) tail.push(bytes("x".repeat(1000)))
    assert.isBelow(tail.lines().join("").length, 3000)
  })
})
