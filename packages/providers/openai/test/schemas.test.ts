import { assert, describe, it } from "@effect/vitest"
import { askFor, toolNamed } from "@signalbox/model/testing"
import type { Dialect } from "@signalbox/provider-openai"
import { Effect } from "effect"
import { type Body, bodyOf, dialectWith } from "./requests.ts"

const functionOf = (inputSchema: Body, fields: Partial<Dialect> = {}) =>
  Effect.map(
    bodyOf(askFor("", { tools: [toolNamed("t", { inputSchema })] }), dialectWith(fields)),
    (body) => (body["tools"] as ReadonlyArray<{ function: Body }>)[0]?.function ?? {}
  )

const strictString = {
  type: "object",
  properties: { a: { type: "string" } },
  required: ["a"],
  additionalProperties: false
}

const cases: ReadonlyArray<readonly [string, Dialect["schemas"], given: Body, expected: Body]> = [
  ["no type and no properties as an object's", "standard", {}, { type: "object", properties: {} }],
  [
    "properties that are called like keywords as they are",
    "gemini",
    {
      type: "object",
      properties: {
        default: { type: "string", default: "x" },
        $schema: { type: "string" },
        additionalProperties: { type: "string" },
        format: { type: "string" }
      },
      $schema: "https://json-schema.org/draft/2020-12/schema"
    },
    {
      type: "object",
      properties: {
        default: { type: "string", default: "x" },
        $schema: { type: "string" },
        additionalProperties: { type: "string" },
        format: { type: "string" }
      }
    }
  ],
  [
    "values that look like schemas as they are",
    "standard",
    { type: "object", properties: { a: { enum: [{ $schema: "x" }], default: { $id: "y" } } } },
    { type: "object", properties: { a: { enum: [{ $schema: "x" }], default: { $id: "y" } } } }
  ],
  [
    "markers of drafts nowhere",
    "standard",
    { $id: "x", type: "object", properties: { a: { $schema: "y", items: { $id: "z", type: "string" } } } },
    { type: "object", properties: { a: { items: { type: "string" } } } }
  ],
  [
    "references to Gemini written out, and what refers to itself once",
    "gemini",
    {
      type: "object",
      properties: { node: { $ref: "#/$defs/node", description: "d" } },
      $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } }
    },
    {
      type: "object",
      properties: { node: { type: "object", properties: { next: {} }, description: "d" } }
    }
  ],
  [
    "what Gemini has no word for in the words that it has",
    "gemini",
    {
      type: "object",
      additionalProperties: false,
      properties: {
        a: { type: ["string", "null"], format: "uri" },
        b: { const: 1 },
        c: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 9 },
        d: { oneOf: [{ type: "string", format: "date-time" }, { type: "number" }] },
        e: { type: ["string", "number"] }
      }
    },
    {
      type: "object",
      properties: {
        a: { type: "string", nullable: true },
        b: { enum: [1] },
        c: { type: "number", minimum: 0, maximum: 9 },
        d: { anyOf: [{ type: "string", format: "date-time" }, { type: "number" }] },
        e: { anyOf: [{ type: "string" }, { type: "number" }] }
      }
    }
  ],
  [
    "no pattern without anchors and no huge bounds to servers that make grammars",
    "grammar",
    {
      type: "object",
      properties: {
        a: { type: "string", pattern: "x" },
        b: { type: "string", pattern: "^x$" },
        c: { type: "integer", minimum: 0, maximum: 9_007_199_254_740_991 }
      }
    },
    {
      type: "object",
      properties: {
        a: { type: "string" },
        b: { type: "string", pattern: "^x$" },
        c: { type: "integer", minimum: 0 }
      }
    }
  ]
]

describe("Schemas of tools", () => {
  for (const [name, schemas, given, expected] of cases) {
    it.effect(`send ${name}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual((yield* functionOf(given, { schemas }))["parameters"], expected)
      })
    )
  }

  it.effect("are strict where they qualify, all of their objects", () =>
    Effect.gen(function* () {
      const nested = { ...strictString, properties: { a: { type: "array", items: strictString } } }
      assert.isTrue((yield* functionOf(nested))["strict"])
    })
  )

  it.effect("are never strict for servers that know no such thing", () =>
    Effect.gen(function* () {
      assert.isUndefined((yield* functionOf(strictString, { isStrict: false }))["strict"])
    })
  )

  for (const [why, schema] of [
    ["objects are open", { ...strictString, additionalProperties: true }],
    ["objects are not said to be closed", { type: "object", properties: { a: { type: "string" } }, required: ["a"] }],
    ["a property may be missing", { ...strictString, required: [] }],
    ["an inner object is open", { ...strictString, properties: { a: { type: "object", properties: {} } } }],
    ["there is a default", { ...strictString, properties: { a: { type: "string", default: "x" } } }],
    ["a format is unknown", { ...strictString, properties: { a: { type: "string", format: "uri" } } }],
    ["schemas are combined", { ...strictString, allOf: [] }],
    ["the root is a choice", { ...strictString, anyOf: [strictString] }]
  ] as const) {
    it.effect(`are not strict where ${why}`, () =>
      Effect.gen(function* () {
        assert.isUndefined((yield* functionOf(schema))["strict"])
      })
    )
  }
})
