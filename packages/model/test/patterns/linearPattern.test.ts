import { assert, describe, it } from "@effect/vitest"
import { linearPattern } from "@signalbox/model"
import { Result } from "effect"

const search = (regex: string, ignoresCase = false) =>
  Result.getOrThrow(linearPattern(regex, { isSearch: true, ignoresCase }))

describe("a search in linear time", () => {
  const texts = [
    "",
    "a",
    "foo",
    "a foo b",
    "foobar",
    "xfoo",
    "FOO",
    "foo-bar",
    "äfoo",
    "aab",
    "ab ab",
    "👍 a",
    "line\\end"
  ]

  it.each([
    "foo",
    "\\bfoo\\b",
    "\\Bfoo",
    "^foo",
    "foo$",
    "^$",
    "a+b",
    "(a|b)+$",
    "[a-f]o",
    "o{2}",
    ".👍|👍.",
    "",
    "\\s\\w\\s",
    "^(a|ab)( ab)?$",
    "\\\\end"
  ])("finds %s where JavaScript does", (regex) => {
    for (const ignoresCase of [false, true]) {
      const test = search(regex, ignoresCase)
      const expected = new RegExp(regex, ignoresCase ? "iu" : "u")
      for (const text of texts)
        assert.strictEqual(test(text), expected.test(text), JSON.stringify({ text, ignoresCase }))
    }
  })

  it.each(["(a+)+$", "(.*a){12}b", "(x*)*y", ".*.*.*.*=$"])("is done with %s and a long text at once", (regex) => {
    assert.isFalse(search(regex)(`${"a".repeat(200_000)}!`))
  })

  it("forgets no place when it has met more of them than it remembers", () => {
    const test = search("a[ab]{14}c")
    let text = ""
    for (let index = 0; index < 20_000; index++) text += (index * 7919) % 5 < 2 ? "a" : "b"
    assert.isFalse(test(text))
    assert.isTrue(test(`${text}a${"b".repeat(14)}c`))
  })
})
