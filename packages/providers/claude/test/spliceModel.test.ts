import { assert, describe, it } from "@effect/vitest"
import { spliceModel } from "@signalbox/provider-claude"
import { Schema } from "effect"

const bytes = (text: string) => new TextEncoder().encode(text)
const spliced = (text: string, model = "new") => new TextDecoder().decode(spliceModel(bytes(text), model))

describe("another model in the bytes of a request", () => {
  for (const [name, given, expected] of [
    ["alone", '{"model":"old"}', '{"model":"new"}'],
    [
      "with its spaces",
      '{ "a" : 1 ,\r\n\t"model" : "old" , "b" : [ ] }\n',
      '{ "a" : 1 ,\r\n\t"model" : "new" , "b" : [ ] }\n'
    ],
    [
      "not in depth",
      '{"a":{"model":"x"},"b":[{"model":"y"}],"model":"old"}',
      '{"a":{"model":"x"},"b":[{"model":"y"}],"model":"new"}'
    ],
    [
      "not in texts",
      String.raw`{"a":"\"model\":\"x\"","model":"old"}`,
      String.raw`{"a":"\"model\":\"x\"","model":"new"}`
    ],
    ["not as a value", '{"a":"model","b":["model"],"model":"old"}', '{"a":"model","b":["model"],"model":"new"}'],
    [
      "behind backslashes",
      String.raw`{"a":"\\","b":"\\\"","model":"o\\"}`,
      String.raw`{"a":"\\","b":"\\\"","model":"new"}`
    ],
    ["in an escaped key", String.raw`{"mod\u0065l":"old"}`, String.raw`{"mod\u0065l":"new"}`],
    [
      "everywhere, when it is there twice",
      '{"model":"old","a":1,"model":"older"}',
      '{"model":"new","a":1,"model":"new"}'
    ],
    ["instead of what is no name", '{"model":{"x":["}"]},"a":1}', '{"model":"new","a":1}'],
    ["instead of a number at the end", '{"model":5}', '{"model":"new"}'],
    [
      "with numbers as they were written",
      '{"n":1.0e+2,"big":12345678901234567890,"model":"old"}',
      '{"n":1.0e+2,"big":12345678901234567890,"model":"new"}'
    ],
    ["among letters of all kinds", '{"züge":"🚃","model":"alt"}', '{"züge":"🚃","model":"new"}']
  ] as const) {
    it(`is put in ${name}`, () => assert.strictEqual(spliced(given), expected))
  }

  for (const given of [
    "",
    "[]",
    '"model"',
    "{}",
    '{"a":1}',
    '{"model"',
    '{"model":"old',
    '{"a":1 "model":"x"}',
    '[{"model":"x"}]'
  ]) {
    it(`leaves this alone: ${given === "" ? "nothing" : given}`, () => assert.strictEqual(spliced(given), given))
  }

  it("is written as JSON", () =>
    assert.strictEqual(spliced('{"model":"x"}', 'a"\n🚃'), String.raw`{"model":"a\"\n🚃"}`))

  const Space = Schema.Literals(["", " ", "\n", "\t\r\n  "])
  const Member = Schema.Struct({ key: Schema.String, value: Schema.Json, before: Space, after: Space })
  const Members = Schema.Array(Member)

  const text = ({ after, before, key, value }: typeof Member.Type): string =>
    `${before}${JSON.stringify(key)}${after}:${before}${JSON.stringify(value)}${after}`

  it.prop(
    "changes nothing else, whatever stands around it",
    [Members, Members, Schema.Json, Space],
    ([first, last, old, space]) => {
      const others = [first, last].map((members) => members.filter(({ key }) => key !== "model").map(text))
      const around = (value: unknown) =>
        `{${[...(others[0] ?? []), `${space}"model":${space}${JSON.stringify(value)}${space}`, ...(others[1] ?? [])].join(",")}}`
      assert.strictEqual(spliced(around(old)), around("new"))
    }
  )
})
