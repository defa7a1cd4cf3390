import { makeInputCheck } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"

const checkInput = makeInputCheck()

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

const wrongIn = (properties: unknown, more: object = {}) => {
  const check = makeInputCheck()
  return (input: Readonly<Record<string, unknown>>) =>
    check({ type: "object", properties, ...more }, input).map(({ field, type }) => `${field}: ${type}`)
}

const format = (format: string, text: string) => wrongIn({ a: { type: "string", format } })({ a: text }).length === 0

describe("a whole JSON Schema", () => {
  it("has all that is wrong told, each with its place and its kind", () => {
    const person = {
      type: "object",
      properties: {
        name: { type: "string", minLength: 2 },
        age: { type: "integer", minimum: 0, maximum: 150 },
        role: { enum: ["user", "admin"] },
        email: { type: "string", format: "email" },
        address: { type: "object", properties: { zip: { type: "string", pattern: "^\\d{5}$" } }, required: ["city"] },
        tags: { type: "array", items: { type: "string", maxLength: 3 }, minItems: 1 }
      },
      required: ["name", "age"],
      additionalProperties: false
    }
    const cases = [
      [{ age: 5 }, ["name: missing"]],
      [{ name: "A", age: -1, role: "root" }, ["name: min_length", "age: min", "role: enum"]],
      [{ name: "Ada", age: 5, address: { zip: "x" } }, ["address.city: missing", "address.zip: pattern"]],
      [{ name: "Ada", age: 151, nmae: "Ada" }, ["age: max", "nmae: additional"]],
      [{ name: "Ada", age: 5, email: "ada", tags: ["abcd"] }, ["email: format", "tags.0: max_length"]]
    ] as const
    for (const [input, expected] of cases) {
      assert.deepStrictEqual(
        checkInput(person, input).map(({ field, type }) => `${field}: ${type}`),
        [...expected]
      )
    }
    assert.deepStrictEqual(checkInput(person, { name: "Ada", age: 5, nam: 1 })[0], {
      field: "nam",
      type: "additional",
      message: 'there is no such parameter; did you mean "name"?',
      input: 1
    })
  })

  it("may refer to its own parts, and to itself", () => {
    const tree = wrongIn(
      { root: { $ref: "#/$defs/node" } },
      {
        $defs: {
          node: { type: "object", properties: { next: { $ref: "#/$defs/node" }, at: { $ref: "#/$defs/a~1b" } } },
          "a/b": { type: "number" }
        }
      }
    )
    assert.deepStrictEqual(tree({ root: { next: { next: { at: "x" } } } }), ["root.next.next.at: type"])
    assert.deepStrictEqual(tree({ root: { next: { next: { at: 1 } } } }), [])
    assert.deepStrictEqual(
      wrongIn({ a: { $ref: "https://example.com/schema" }, b: { $ref: "#/nowhere" } })({ a: 1, b: 2 }),
      []
    )
  })

  it("may give alternatives: the one that was meant says what is wrong", () => {
    const check = wrongIn({
      any: { anyOf: [{ type: "string", minLength: 3 }, { type: "null" }] },
      one: { oneOf: [{ type: "integer" }, { type: "number", minimum: 10 }] },
      all: { allOf: [{ minimum: 1 }, { maximum: 3 }] },
      not: { not: { const: "x" } },
      // oxlint-disable-next-line unicorn/no-thenable -- it is a keyword
      when: { if: { type: "string" }, then: { maxLength: 1 }, else: { minimum: 5 } }
    })
    assert.deepStrictEqual(check({ any: "ab", one: 12, all: 0, not: "x", when: "ab" }), [
      "any: min_length",
      "one: type",
      "all: min",
      "not: type",
      "when: max_length"
    ])
    assert.deepStrictEqual(check({ any: 5, one: "x", when: 4 }), ["any: type", "one: type", "when: min"])
    assert.deepStrictEqual(check({ any: null, one: 3, all: 2, not: "y", when: 7 }), [])
  })

  it("may be of either dialect", () => {
    const tuples = wrongIn({
      older: { items: [{ type: "string" }], additionalItems: { type: "number" } },
      newer: { prefixItems: [{ type: "string" }], items: false, uniqueItems: true, contains: { const: "a" } }
    })
    assert.deepStrictEqual(tuples({ older: ["a", "b"], newer: ["a", "b"] }), ["older.1: type", "newer.1: additional"])
    assert.deepStrictEqual(tuples({ older: ["a", 1], newer: ["b"] }), ["newer: min_length"])
    const alone = { $schema: "http://json-schema.org/draft-07/schema#", definitions: { a: { type: "string" } } }
    const reference = { a: { $ref: "#/definitions/a", minLength: 3 } }
    assert.deepStrictEqual(wrongIn(reference, alone)({ a: "b" }), [])
    assert.deepStrictEqual(wrongIn(reference, { definitions: alone.definitions })({ a: "b" }), ["a: min_length"])
    const needs = { dependentRequired: { a: ["b"] }, dependencies: { c: ["d"] }, propertyNames: { maxLength: 2 } }
    assert.deepStrictEqual(wrongIn({}, needs)({ a: 1, c: 2, long: 3 }), [
      "long: additional",
      "b: missing",
      "d: missing"
    ])
    assert.deepStrictEqual(
      wrongIn(
        {},
        { patternProperties: { "^x-": { type: "number" } }, additionalProperties: false }
      )({ "x-a": "1", y: 1 }),
      ["x-a: type", "y: additional"]
    )
  })

  it("knows the usual formats, and leaves the others alone", () => {
    for (const [name, good, bad] of [
      ["date", "2024-02-29", "2023-02-29"],
      ["time", "09:30:00Z", "25:00:00Z"],
      ["date-time", "2026-01-31T09:30:00+01:00", "2026-01-31"],
      ["email", "a@b.c", "a b@c"],
      ["uri", "urn:x:y", "/only/a/path"],
      ["uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"],
      ["ipv4", "127.0.0.1", "127.0.0.256"],
      ["ipv6", "::1", "::g"],
      ["cron", "anything", undefined]
    ] as const) {
      assert.isTrue(format(name, good), name)
      if (bad !== undefined) assert.isFalse(format(name, bad), name)
    }
  })

  it("counts characters as people do, and decimals as they are written", () => {
    assert.deepStrictEqual(wrongIn({ a: { maxLength: 1 }, b: { multipleOf: 0.1 } })({ a: "\u{1F600}", b: 0.3 }), [])
    assert.deepStrictEqual(wrongIn({ a: { minLength: 2 }, b: { multipleOf: 0.1 } })({ a: "\u{1F600}", b: 0.35 }), [
      "a: min_length",
      "b: type"
    ])
  })

  it("costs no more when it is made to", () => {
    const self = { anyOf: [{ $ref: "#" }, { $ref: "#" }] }
    assert.deepStrictEqual(checkInput(self, {}), [])
    assert.deepStrictEqual(checkInput({ $ref: "#" }, { a: 1 }), [])
    const doubling = {
      $defs: Object.fromEntries(
        Array.from({ length: 40 }, (_, level) => [
          `d${level}`,
          { allOf: [{ $ref: `#/$defs/d${level + 1}` }, { $ref: `#/$defs/d${level + 1}` }] }
        ])
      ),
      $ref: "#/$defs/d0"
    }
    assert.deepStrictEqual(checkInput(doubling, {}), [])
    const hostile = wrongIn({ a: { pattern: "^(a+)+$" }, b: { pattern: "^(a|aa)*$" }, c: { pattern: "[" } })
    assert.deepStrictEqual(hostile({ a: `${"a".repeat(40)}!`, b: `${"a".repeat(60)}!`, c: "x" }), [])
  })

  it("shows no secret, wherever it stands", () => {
    const schema = {
      properties: { login: { properties: { password: { enum: ["a", "b"] }, pin: { type: "string" } } } }
    }
    assert.deepStrictEqual(checkInput(schema, { login: { password: "hunter22", pin: 12 } }), [
      { field: "login.password", type: "enum", message: 'expected one of "a", "b"', input: "<redacted>" },
      { field: "login.pin", type: "type", message: "expected string, got number", input: 12 }
    ])
  })
})
