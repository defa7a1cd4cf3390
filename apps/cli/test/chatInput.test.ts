import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { pathsIn } from "../src/chat/attachments/pathsIn.ts"
import { makeKeyReader, type Typed } from "../src/chat/input/keyReader.ts"
import { lineBreakMark, makePastes } from "../src/chat/input/Pastes.ts"
import { addRow, noRows, type Rows } from "../src/chat/input/rows.ts"

const paste = (text: string): string => `\u001b[200~${text}\u001b[201~`

/** Pieces of one kind that follow each other are one. */
const merged = (all: ReadonlyArray<Typed>): ReadonlyArray<Typed> => {
  const found: Array<Typed> = []
  for (const typed of all) {
    const last = found.at(-1)
    if (typed._tag === "Keys" && last?._tag === "Keys")
      found[found.length - 1] = { _tag: "Keys", text: last.text + typed.text }
    else found.push(typed)
  }
  return found
}

const readAll = (chunks: ReadonlyArray<string>): ReadonlyArray<Typed> => merged(chunks.flatMap(makeKeyReader()))

const typedRows = (rows: ReadonlyArray<string>): Rows => rows.reduce(addRow, noRows)

describe("what a terminal sends", () => {
  it.effect.prop(
    "is told apart, wherever it is cut but behind an Escape",
    {
      pieces: Schema.Array(
        Schema.Literals([
          "a",
          "déjà",
          "\r",
          "\u001b[A",
          "\u001b[1;5D",
          paste("x\ny"),
          paste(""),
          paste("\u001b[31m"),
          "\u001b\r",
          "\u001b[13;2u"
        ])
      ),
      cuts: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 9 })))
    },
    ({ cuts, pieces }) =>
      Effect.sync(() => {
        const text = pieces.join("")
        const chunks: Array<string> = []
        for (let at = 0, index = 0; at < text.length; index++) {
          let end = at + (cuts[index] ?? 2)
          // An Escape alone is a key.
          while (text[end - 1] === "\u001b") end++
          chunks.push(text.slice(at, end))
          at = end
        }
        assert.deepStrictEqual(readAll(chunks), readAll([text]), JSON.stringify(chunks))
      }),
    { arbitrary: { runs: 1000, size: 12 } }
  )

  it("is keys, what was pasted, and line breaks", () => {
    assert.deepStrictEqual(readAll([`ab${paste("one\rtwo")}c\u001b\rd\r`]), [
      { _tag: "Keys", text: "ab" },
      { _tag: "Paste", text: "one\rtwo" },
      { _tag: "Keys", text: "c" },
      { _tag: "LineBreak", isEnter: false },
      { _tag: "Keys", text: "d\r" }
    ])
    assert.deepStrictEqual(readAll(["\n"]), [{ _tag: "LineBreak", isEnter: true }])
    // What was typed before the prompt was there ends as lines of a terminal do.
    assert.deepStrictEqual(readAll(["ahead\n"]), [{ _tag: "Keys", text: "ahead\n" }])
  })
})

/** 42 lines of one word. */
const long = (word: string) => Array.from({ length: 42 }, () => word).join("\r\n")

describe("pasted text", () => {
  it.effect.prop(
    "is sent as it was, however it is shown",
    {
      lines: Schema.Array(
        Schema.Literals(["", "one", "two words", "\tindented", `a ${lineBreakMark} b`, "[pasted 2 lines]"])
      )
    },
    ({ lines }) =>
      Effect.sync(() => {
        const pastes = makePastes()
        const text = lines.join("\n")
        const line = pastes.shorten(text)
        assert.notMatch(line, /[\n\t]/)
        assert.strictEqual(
          pastes.expand(`look: ${line} and ${line}`),
          `look: ${[text, text].map((each) => each.replace(/\n$/, "")).join(" and ")}`
        )
      }),
    { arbitrary: { runs: 500, size: 12 } }
  )

  it("is shown by its size where it is long, and apart from another one of that size", () => {
    const pastes = makePastes()
    assert.strictEqual(pastes.shorten(long("a")), "[pasted 42 lines]")
    assert.strictEqual(pastes.shorten(long("b")), "[pasted 42 lines, no. 2]")
    assert.strictEqual(pastes.shorten(long("a")), "[pasted 42 lines]")
    assert.strictEqual(pastes.shorten("one\ntwo"), `one${lineBreakMark}two`)
    assert.strictEqual(pastes.expand("[pasted 42 lines, no. 2]").split("\n").length, 42)
    assert.isTrue(pastes.isShortened("x [pasted 42 lines]"))
    assert.isFalse(pastes.isShortened("x [pasted 43 lines]"))
    assert.deepStrictEqual([pastes.wasPasted("two"), pastes.wasPasted("three")], [true, false])
  })
})

describe("a message of several rows", () => {
  it("goes on after a backslash, and between quotation marks", () => {
    assert.deepStrictEqual(typedRows(["one \\", "two"]), { _tag: "Complete", text: "one \ntwo" })
    assert.deepStrictEqual(typedRows(["C:\\\\"]), { _tag: "Complete", text: "C:\\\\" })
    assert.deepStrictEqual(typedRows(['"""', "one", "", "two\\", '"""']), { _tag: "Complete", text: "one\n\ntwo\\" })
    assert.deepStrictEqual(typedRows(['"""one', 'two"""']), { _tag: "Complete", text: "one\ntwo" })
    assert.deepStrictEqual(typedRows(['"""one"""']), { _tag: "Complete", text: "one" })
    assert.strictEqual(typedRows(['"""', "one"])._tag, "Open")
  })
})

const paths = (text: string) => pathsIn(text).map(({ path }) => path)

describe("paths in a message", () => {
  it("are found as people and terminals write them", () => {
    assert.deepStrictEqual(paths("compare ./a.png, (b.JPG) and 'my pic.gif'."), ["./a.png", "b.JPG", "my pic.gif"])
    assert.deepStrictEqual(paths('/tmp/my\\ pic.webp "c d.pdf"'), ["/tmp/my pic.webp", "c d.pdf"])
    assert.deepStrictEqual(paths("file:///tmp/a%20b.png file://localhost/x.png file://other/x.png"), [
      "/tmp/a b.png",
      "/x.png"
    ])
    assert.deepStrictEqual(paths("https://example.com/a.png notes.txt png"), [])
  })
})
