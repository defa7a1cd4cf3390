import { assert, describe, it } from "@effect/vitest"
import { findParamHeaders, paramHeaders } from "../../src/http/paramHeaders.ts"

const string = (name: unknown, type = "string") => ({ type, "x-mcp-header": name })
const object = (properties: Record<string, unknown>) => ({ type: "object", properties })

describe("arguments as headers", () => {
  it("are found at any depth of properties", () => {
    const schema = object({
      region: string("Region"),
      inner: object({ limit: string("Limit", "integer") }),
      other: { type: "string" }
    })
    assert.deepStrictEqual(findParamHeaders(schema), [
      { path: ["region"], name: "Region" },
      { path: ["inner", "limit"], name: "Limit" }
    ])
  })
  it("must be declared on named properties of simple types, once, with a header's name", () => {
    const wrong = [
      object({ a: string("A", "number") }),
      object({ a: string("A B") }),
      object({ a: string("") }),
      object({ a: string(7) }),
      object({ a: string("A"), b: string("a") }),
      object({ a: { type: "array", items: string("A") } }),
      object({ a: { anyOf: [string("A")] } }),
      { ...object({}), "x-mcp-header": "A" },
      { ...object({}), $defs: { a: string("A") } }
    ]
    for (const schema of wrong) assert.isString(findParamHeaders(schema), JSON.stringify(schema))
  })
  it("are not confused with data or with properties of that name", () => {
    const schema = object({
      "x-mcp-header": { type: "string" },
      a: { type: "object", default: { "x-mcp-header": "no" } }
    })
    assert.deepStrictEqual(findParamHeaders(schema), [])
  })
  it("are sent as plain text where that is safe, and in base64 elsewhere", () => {
    const declared = ["text", "number", "flag", "accents", "padded", "empty", "absent", "list"].map((name) => ({
      path: [name],
      name
    }))
    const input = { text: "a b", number: 7, flag: false, accents: "é", padded: " x", empty: "", list: [1] }
    assert.deepStrictEqual(paramHeaders(declared, input), {
      "Mcp-Param-text": "a b",
      "Mcp-Param-number": "7",
      "Mcp-Param-flag": "false",
      "Mcp-Param-accents": "=?base64?w6k=?=",
      "Mcp-Param-padded": "=?base64?IHg=?=",
      "Mcp-Param-empty": "=?base64??="
    })
    assert.isUndefined(paramHeaders([], input))
  })
})
