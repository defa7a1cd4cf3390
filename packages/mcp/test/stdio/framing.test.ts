import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { idFromEnds, makeFraming } from "../../src/stdio/framing.ts"

interface Seen {
  readonly values: Array<unknown>
  readonly junk: Array<string>
  readonly oversize: Array<string | number | undefined>
}

const read = (pieces: Iterable<Uint8Array>, limitBytes = 1 << 20): Seen => {
  const seen: Seen = { values: [], junk: [], oversize: [] }
  const framing = makeFraming(limitBytes, {
    onValue: (value) => void seen.values.push(value),
    onJunk: (text) => void seen.junk.push(text),
    onOversize: (head, tail) => void seen.oversize.push(idFromEnds(head, tail))
  })
  for (const piece of pieces) framing.push(piece)
  return seen
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Cuts bytes at the given places, in whatever order and number they come. */
const cut = (bytes: Uint8Array, places: ReadonlyArray<number>) => {
  const sorted = places.map((place) => Math.abs(place) % (bytes.length + 1)).toSorted((a, b) => a - b)
  return [...sorted, bytes.length].map((end, index) => bytes.slice(sorted[index - 1] ?? 0, end))
}

const Message = Schema.Struct({
  jsonrpc: Schema.Literal("2.0"),
  id: Schema.Int,
  result: Schema.Struct({ text: Schema.String })
})

describe("framing", () => {
  it.effect.prop(
    "gives the same values however the bytes are cut",
    [Schema.Array(Message), Schema.Array(Schema.Int)],
    ([messages, places]) =>
      Effect.sync(() => {
        const sound = JSON.parse(JSON.stringify(messages))
        const bytes = bytesOf(messages.map((message) => `${JSON.stringify(message)}\n`).join(""))
        assert.deepStrictEqual(read(cut(bytes, places)).values, sound)
      })
  )
  it.effect.prop(
    "loses no message to lines that are none",
    [Schema.Array(Schema.String.check(Schema.isPattern(/^[^\n{[]*$/))), Schema.Array(Schema.Int)],
    ([lines, places]) =>
      Effect.sync(() => {
        const message = '{"jsonrpc":"2.0","method":"m"}'
        const bytes = bytesOf(lines.map((line) => `#${line}\n${message}\n`).join(""))
        const { junk, values } = read(cut(bytes, places))
        assert.strictEqual(values.length, lines.length)
        assert.strictEqual(junk.length, lines.length)
      })
  )
  it("strips a byte order mark and carriage returns", () => {
    assert.deepStrictEqual(read([bytesOf('\uFEFF{"a":1}\r\n{"b":2}\n')]).values, [{ a: 1 }, { b: 2 }])
  })
  it("finds a message behind text without a line end", () => {
    const { junk, values } = read([bytesOf('Starting {x} {"result":{},"jsonrpc":"2.0","id":1}\n')])
    assert.deepStrictEqual(values, [{ result: {}, jsonrpc: "2.0", id: 1 }])
    assert.deepStrictEqual(junk, ["Starting {x} "])
  })
  it("finds a message behind half of another", () => {
    const half = '{"jsonrpc":"2.0","id":1,"result":{"id":3,"te'
    const { values } = read([bytesOf(`${half}{"jsonrpc":"2.0","id":2,"result":{}}\n`)])
    assert.deepStrictEqual(values, [{ jsonrpc: "2.0", id: 2, result: {} }])
  })
  it("ignores empty lines, and reports values that are no messages", () => {
    assert.deepStrictEqual(read([bytesOf('\n\r\n42\n"text"\nnull\n')]), {
      values: [],
      junk: ["42", '"text"', "null"],
      oversize: []
    })
  })
  it("waits for the end of a line", () => {
    assert.deepStrictEqual(read([bytesOf('{"a":1}')]).values, [])
  })
  it.effect.prop(
    "drops a line above the limit, names its request, and goes on",
    [Schema.Array(Schema.Int), Schema.Boolean],
    ([places, idFirst]) =>
      Effect.sync(() => {
        const payload = `"result":{"text":"${"é".repeat(2000)}","id":99}`
        const large = idFirst ? `{"jsonrpc":"2.0","id":7,${payload}}` : `{${payload},"jsonrpc":"2.0","id":7}`
        const { oversize, values } = read(cut(bytesOf(`{"a":1}\n${large}\n{"b":2}\n`), places), 1000)
        assert.deepStrictEqual(values, [{ a: 1 }, { b: 2 }])
        assert.deepStrictEqual(oversize, [7])
      })
  )
  it("does not guess the request of a large line whose ends do not tell", () => {
    assert.isUndefined(idFromEnds('{"jsonrpc":"2.0","result":{"a', 'b"},"other":1}'))
    assert.strictEqual(idFromEnds('{"id":"x\\"y","result":', "}"), 'x"y')
  })
})
