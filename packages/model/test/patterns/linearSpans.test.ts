import { assert, describe, it } from "@effect/vitest"
import { linearPattern, linearSpans } from "@signalbox/model"
import { Result, Schema } from "effect"

const spansOf = (regex: string, text: string, options: { ignoresCase?: boolean; hasLines?: boolean } = {}) =>
  [...Result.getOrThrow(linearSpans(regex, options))(text)].flatMap((span) =>
    span === undefined ? [] : [text.slice(span.start, span.end)]
  )

const patterns = [
  "foo",
  "\\bb+",
  "^a",
  "b$",
  "^$",
  "a+?b",
  "a.*?b",
  "a.*b",
  "(a|ab)(b|a)?",
  "(?:ab?){1,2}",
  "(?:ab?){1,2}?",
  "[ab]{2}",
  "a??b",
  "b*",
  ".",
  "\\Bb",
  "a[^b]*b",
  "👍|a"
]

const Text = Schema.Array(Schema.Literals(["a", "b", "B", " ", "\n", "👍", "ä"])).check(Schema.isMaxLength(12))

describe("the parts of a text that fit", () => {
  it.prop(
    "are those that JavaScript finds, line by line and over several lines",
    [Text],
    ([chars]) => {
      const text = chars.join("")
      for (const regex of patterns) {
        for (const ignoresCase of [false, true]) {
          const flags = ignoresCase ? "gui" : "gu"
          assert.deepStrictEqual(
            spansOf(regex, text, { ignoresCase }),
            [...text.matchAll(new RegExp(regex, flags))].map(([part]) => part),
            JSON.stringify({ regex, text, flags })
          )
          const expected = [...text.matchAll(new RegExp(regex, `${flags}ms`))].map(([part]) => part)
          assert.deepStrictEqual(
            spansOf(regex, text, { ignoresCase, hasLines: true }),
            expected,
            JSON.stringify({ regex, text, flags: `${flags}ms` })
          )
          const test = linearPattern(regex, { ignoresCase, hasLines: true, isSearch: true })
          assert.strictEqual(Result.getOrThrow(test)(text), expected.length > 0, JSON.stringify({ regex, text }))
        }
      }
    },
    { arbitrary: { runs: 200 } }
  )

  it("are asked for with pauses, so that others get their turn and a search can be given up", () => {
    const spans = Result.getOrThrow(linearSpans("a[^]*z|a", { hasLines: true }))("a".repeat(100_000))
    let pauses = 0
    for (const span of spans) {
      if (span !== undefined) continue
      if (++pauses === 5) break
    }
    assert.strictEqual(pauses, 5)
  })
})
