import { assert, describe, it } from "@effect/vitest"
import { checkJsonText } from "@signalbox/provider-claude/serve"
import { Effect, Schema } from "effect"

const limits = { maxDepth: 100 }
const nested = (depth: number) => `{"messages":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`

const refused: ReadonlyArray<readonly [string, string, path: string]> = [
  ["nesting of 200 levels", nested(200), ""],
  ["nesting of 101 levels", nested(101), ""],
  ["nesting that never ends", "[".repeat(1_000_000), ""],
  ["a key twice", '{"model":"a","model":"b"}', "model"],
  [
    "a key twice in depth",
    '{"messages":[{"role":"user"},{"role":"user","content":[{"x":1 , "x" : 2}]}]}',
    "messages.1.content.0.x"
  ],
  ["a key twice, once with an escape", String.raw`{"model":1,"mod\u0065l":2}`, "model"],
  ["a key twice, far apart", '{"a":{"b":[1,2]},"c":{"a":1},"a":[]}', "a"]
]

const taken: ReadonlyArray<readonly [string, string]> = [
  ["nesting of 100 levels", nested(100)],
  ["equal keys of different objects", '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}'],
  ["keys and brackets in texts", String.raw`{"a":"\"a\":{[[","b":"\\","c":["a","a"]}`],
  ["strings that equal keys", '{"a":"a","b":["b","b"]}'],
  ["no JSON at all, which the parser refuses", "hello"],
  ["half a text", '{"a":"b']
]

describe("the text of a body", () => {
  for (const [name, text, path] of refused) {
    it.effect(`is refused with ${name}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(checkJsonText(text, limits))
        assert.deepStrictEqual([error.path, error.code, error.status.http], [path, "INVALID_MESSAGES_REQUEST", 400])
      })
    )
  }

  for (const [name, text] of taken) it.effect(`is taken with ${name}`, () => checkJsonText(text, limits))

  it.effect.prop("is taken whatever it says, as long as it is not deep", [Schema.Json], ([value]) =>
    checkJsonText(JSON.stringify(value), { maxDepth: 1000 })
  )
})
