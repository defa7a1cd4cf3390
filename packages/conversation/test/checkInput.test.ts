import { checkInput } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"

const schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    age: { type: "integer" },
    tags: { type: ["array", "null"] },
    token: { type: "number" },
    any: {},
    odd: { type: "date" }
  },
  required: ["name", "age"]
}
const found = (input: Readonly<Record<string, unknown>>) =>
  checkInput(schema, input).map(({ field, type }) => `${field}: ${type}`)

describe("looking at arguments", () => {
  it("finds what is missing and what has another type", () => {
    assert.deepStrictEqual(checkInput(schema, { age: "x" }), [
      { field: "name", type: "missing", message: "a value is required" },
      { field: "age", type: "type", message: "expected integer, got string", input: "x" }
    ])
  })

  it("accepts what fits", () => {
    assert.deepStrictEqual(found({ name: "Ada", age: 36, tags: null, any: [], more: 1 }), [])
    assert.deepStrictEqual(found({ name: "", age: 1.0, tags: ["a"] }), [])
  })

  it("tells whole numbers from others, objects from arrays, null from both", () => {
    assert.deepStrictEqual(found({ name: [], age: 1.5, tags: {} }), ["name: type", "age: type", "tags: type"])
    assert.deepStrictEqual(found({ name: null, age: null }), ["name: type", "age: type"])
  })

  it("leaves alone what the schema does not say, or says in unknown words", () => {
    assert.deepStrictEqual(found({ name: "a", age: 1, odd: 5 }), [])
    assert.deepStrictEqual(checkInput({}, { a: 1 }), [])
    assert.deepStrictEqual(checkInput({ properties: [], required: "name" }, {}), [])
  })

  it("does not take inherited members for arguments", () => {
    assert.deepStrictEqual(
      checkInput({ required: ["toString"] }, {}).map(({ field }) => field),
      ["toString"]
    )
    assert.deepStrictEqual(checkInput({ properties: { constructor: { type: "string" } } }, {}), [])
  })

  it("shows no secrets", () => {
    assert.strictEqual(checkInput(schema, { name: "a", age: 1, token: "abc" })[0]?.input, "<redacted>")
  })
})
