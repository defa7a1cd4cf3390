import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { join } from "node:path"
import { codeOf, makeBench } from "./support.ts"

describe("Grep", () => {
  it.effect("shows lines with their numbers and what is around them", () =>
    Effect.gen(function* () {
      const { call, text, work, write } = yield* makeBench()
      write("src/a.ts", "one\ntwo\nTHREE\nfour\nfive\ntwo")
      write("src/b.js", "two")
      write("src/c.bin", new Uint8Array([0, 116, 119, 111]))
      const file = join(work, "src/a.ts")
      const skipped = "[1 file is no text, too large or unreadable, and was passed over.]"
      assert.strictEqual(yield* text("Grep", { pattern: "two" }), `${file}\n${join(work, "src/b.js")}\n${skipped}`)
      assert.strictEqual(yield* text("Grep", { pattern: "two", glob: "*.ts", output_mode: "count" }), `${file}:2`)
      assert.strictEqual(
        yield* text("Grep", { pattern: "^three$", "-i": true, output_mode: "content", "-C": 1, type: "ts" }),
        `${file}-2-two\n${file}:3:THREE\n${file}-4-four`
      )
      assert.strictEqual(
        yield* text("Grep", { pattern: "two", path: "src/a.ts", output_mode: "content", "-n": false, head_limit: 1 }),
        `${file}:two\n[1 of 2 are shown, from 1.]`
      )
      assert.strictEqual(yield* text("Grep", { pattern: "three" }), `No line fits the pattern.\n${skipped}`)
      const found = yield* call("Grep", { pattern: "two", output_mode: "content", head_limit: 1 })
      assert.deepStrictEqual(found.structuredContent, {
        lines: [{ file, line: 2, text: "two", is_match: true }],
        total: 3,
        is_cut: true,
        skipped: 1
      })
    })
  )

  it.effect("shows only the parts that fit, each on a line", () =>
    Effect.gen(function* () {
      const { call, text, work, write } = yield* makeBench()
      write("a.ts", "let one = two(1)\r\nthree\r\ntwo(22), two()")
      const file = join(work, "a.ts")
      const parts = { pattern: "two\\(\\d*\\)", "-o": true }
      assert.strictEqual(
        yield* text("Grep", { ...parts, output_mode: "content", "-C": 5 }),
        `${file}:1:two(1)\n${file}:3:two(22)\n${file}:3:two()`
      )
      assert.strictEqual(yield* text("Grep", { ...parts, output_mode: "count" }), `${file}:3`)
      assert.strictEqual(yield* text("Grep", parts), file)
      const some = yield* call("Grep", { ...parts, output_mode: "content", head_limit: 1, offset: 1 })
      assert.deepStrictEqual(some.structuredContent, {
        lines: [{ file, line: 3, text: "two(22)", is_match: true }],
        total: 3,
        is_cut: true,
        skipped: 0
      })
    })
  )

  it.effect("goes over several lines where it is told to, as far as is meant", () =>
    Effect.gen(function* () {
      const { text, work, write } = yield* makeBench()
      write("a.ts", "one {\r\n  a\r\n}\r\n\r\ntwo {\r\n  b }\r\nend\r\n")
      write("b.ts", "one { a }")
      const [a, b] = [join(work, "a.ts"), join(work, "b.ts")]
      const block = { pattern: "^\\w+ \\{.*?\\}$", multiline: true }
      assert.strictEqual(
        yield* text("Grep", { ...block, output_mode: "content", glob: "a.ts" }),
        `${a}:1:one {\n${a}:2:  a\n${a}:3:}\n--\n${a}:5:two {\n${a}:6:  b }`
      )
      assert.strictEqual(
        yield* text("Grep", { ...block, output_mode: "content", glob: "a.ts", "-A": 1, offset: 1 }),
        `${a}:5:two {\n${a}:6:  b }\n${a}-7-end`
      )
      assert.strictEqual(yield* text("Grep", { ...block, output_mode: "count" }), `${a}:2\n${b}:1`)
      assert.strictEqual(
        yield* text("Grep", { pattern: "\\{.*?a", multiline: true, "-o": true, output_mode: "content" }),
        `${a}:1:{\n${a}:2:  a\n${b}:1:{ a`
      )
      assert.strictEqual(yield* text("Grep", { ...block, multiline: false }), b)
    })
  )

  it.effect("tells why a file that is named cannot be searched, and how many of a folder were passed over", () =>
    Effect.gen(function* () {
      const { call, text, write } = yield* makeBench(({ limits, ...rest }) => ({
        ...rest,
        limits: { ...limits, maxFileBytes: 20 }
      }))
      write("latin.txt", new Uint8Array([0xe4, 0x0a]))
      write("utf16.txt", new Uint8Array([0xff, 0xfe, 65, 0]))
      write("large.txt", "A".repeat(21))
      for (const [path, code] of [
        ["latin.txt", "FILE_BINARY"],
        ["utf16.txt", "FILE_BINARY"],
        ["large.txt", "FILE_TOO_LARGE"]
      ])
        assert.strictEqual(codeOf(yield* call("Grep", { pattern: "A", path })), code)
      const found = yield* call("Grep", { pattern: "A" })
      assert.deepStrictEqual(found.structuredContent, { files: [], total: 0, is_cut: false, skipped: 3 })
      assert.strictEqual(
        yield* text("Grep", { pattern: "A" }),
        "No line fits the pattern.\n[3 files are no text, too large or unreadable, and were passed over.]"
      )
    })
  )

  it.effect("does not say that nothing fits where only nothing is shown", () =>
    Effect.gen(function* () {
      const { text, write } = yield* makeBench()
      write("a.txt", "one\none")
      for (const output_mode of ["content", "count"]) {
        const total = output_mode === "content" ? 2 : 1
        const input = { pattern: "one", output_mode }
        assert.strictEqual(yield* text("Grep", { ...input, head_limit: 0 }), `[0 of ${total} are shown, from 1.]`)
        assert.strictEqual(yield* text("Grep", { ...input, offset: 9 }), `[0 of ${total} are shown, from 10.]`)
      }
    })
  )

  it.effect("gives up a search whose parts would take for ever, and says so", () =>
    Effect.gen(function* () {
      const { text, write } = yield* makeBench()
      write("long.txt", "a".repeat(100_000))
      const shown = yield* text("Grep", { pattern: "a[^]*z|a", multiline: true, output_mode: "count" })
      assert.include(shown, "[Not everything was searched.")
    })
  )

  it.effect("ends at once with patterns that take for ever elsewhere, while others get their turn", () =>
    Effect.gen(function* () {
      const { text, write } = yield* makeBench()
      write("long.txt", `${"a".repeat(1_000_000)}!`)
      for (const pattern of ["(a+)+$", "(a|aa)*b", "(.*a){20}b", "(a*)*c"]) {
        assert.strictEqual(yield* text("Grep", { pattern }), "No line fits the pattern.")
      }
    })
  )

  it.effect("says which patterns it does not know", () =>
    Effect.gen(function* () {
      const { call } = yield* makeBench()
      for (const pattern of ["(a)\\1", "(?=a)", "a{1,9999}{1,9999}", "("])
        assert.strictEqual(codeOf(yield* call("Grep", { pattern })), "PATTERN_INVALID")
    })
  )
})
