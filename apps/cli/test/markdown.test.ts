import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { stripVTControlCharacters } from "node:util"
import { makeMarkdown } from "../src/render/markdown/Markdown.ts"
import { colourStyle, plainStyle } from "../src/render/style.ts"

const rendered = (parts: ReadonlyArray<string>, columns = 60, style = colourStyle): string => {
  const markdown = makeMarkdown(style, columns)
  return parts.map(markdown.write).join("") + markdown.end()
}

const plain = (text: string, columns = 60): string => rendered([text], columns, plainStyle)

/** What makes up documents in which much is cut in the middle. */
const fragment = Schema.Literals([
  "word",
  "snake_case ",
  " ",
  "\n",
  "\n\n",
  "*",
  "**",
  "***bold***",
  "**bold** ",
  "_it_",
  "`",
  "``",
  "```",
  "\n```ts\nconst a = 1\n```\n",
  "~~gone~~",
  "~",
  "\\*",
  "\\",
  "[a](https://example.com/x(1))",
  "[",
  "](",
  ")",
  "![alt](b.png)",
  "<https://example.com>",
  "<",
  "# Title\n",
  "#",
  "- item\n",
  "- [ ] open\n",
  "  - [x] done\n",
  "-",
  "---\n",
  "1. one\n",
  "12",
  ".",
  "> said\n",
  ">",
  "| a | b |\n| - | -: |\n| 1 | 2 |\n",
  "|",
  "日本語",
  "🚂",
  "\t"
])

describe("Markdown on a terminal", () => {
  it.effect.prop(
    "comes out the same, wherever the text is cut",
    {
      fragments: Schema.Array(fragment),
      cuts: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })))
    },
    ({ cuts, fragments }) =>
      Effect.sync(() => {
        const text = fragments.join("")
        const parts: Array<string> = []
        let at = 0
        for (let index = 0; at < text.length; index++) {
          const length = cuts[index] ?? 1
          parts.push(text.slice(at, at + length))
          at += length
        }
        assert.strictEqual(rendered(parts), rendered([text]), JSON.stringify(text))
      }),
    { arbitrary: { runs: 2000, size: 24 } }
  )

  it.effect.prop(
    "loses no word of a text without marks",
    { words: Schema.Array(Schema.Literals(["one", "zwei", "three.", "\n", "日本", "a,b;c"])) },
    ({ words }) =>
      Effect.sync(() => {
        const text = words.join(" ")
        const shown = stripVTControlCharacters(rendered([text], 24))
        assert.strictEqual(shown.replaceAll(/\s/g, ""), text.replaceAll(/\s/g, ""))
      })
  )

  it("prints words as soon as they are decided", () => {
    const markdown = makeMarkdown(plainStyle, 60)
    assert.strictEqual(markdown.write("The answ"), "The")
    assert.strictEqual(markdown.write("er is **forty"), " answer is")
    assert.strictEqual(markdown.write("-two** "), " forty-two")
    assert.strictEqual(markdown.write("and"), "")
    assert.strictEqual(markdown.end(), " and")
  })

  it("shows headings, emphasis, code and links without their marks", () => {
    assert.strictEqual(plain("# Title\n\nA **bold** and *soft* `code *x*`.\n"), "Title\n\nA bold and soft code *x*.\n")
    assert.strictEqual(plain("snake_case_name, 2 * 3 * 4, \\*kept\\*"), "snake_case_name, 2 * 3 * 4, *kept*")
    assert.strictEqual(plain("See [the docs](https://example.com/a)."), "See the docs (https://example.com/a).")
    assert.strictEqual(plain("<https://example.com> and **never closed"), "https://example.com and **never closed")
    assert.include(rendered(["**b** `c`"]), "\u001b[1mb\u001b[22m \u001b[36mc\u001b[39m")
  })

  it("frames code, keeps it as it is, and closes what the model left open", () => {
    const shown = plain("```ts\nconst **a** = `1`\n\n  // two\n```\nThen.")
    assert.match(shown, /^╭─ ts ─+\nconst \*\*a\*\* = `1`\n\n  \/\/ two\n╰─+\nThen\.$/)
    assert.match(plain("```\nlet a"), /^╭─+\nlet a\n╰─+$/)
    assert.match(plain("1. Do\n   ```sh\n   ls\n     -l\n   ```\n"), /^1\. Do\n╭─ sh ─+\nls\n {2}-l\n╰─+\n$/)
  })

  it("draws tables as wide as the terminal", () => {
    assert.strictEqual(
      plain("| name | count |\n|---|--:|\n| **one** | 1 |\n| a \\| b | 22 |\n\nDone."),
      [
        "┌───────┬───────┐",
        "│ name  │ count │",
        "├───────┼───────┤",
        "│ one   │     1 │",
        "│ a | b │    22 │",
        "└───────┴───────┘",
        "",
        "Done."
      ].join("\n")
    )
    const narrow = plain("| a | text |\n|---|---|\n| 1 | some words that are too long for it |\n", 30)
    for (const line of narrow.split("\n")) assert.isAtMost(line.length, 29, narrow)
    assert.strictEqual(plain("| no table |\nat all"), "| no table |\nat all")
  })

  it("wraps words below the beginning of their item", () => {
    assert.strictEqual(
      plain("- one two three four five six\n  - [x] done\n", 22),
      "• one two three four\n  five six\n  ☑ done\n"
    )
    assert.strictEqual(plain("> some words that go on\n", 22), "▎ some words that go\n▎ on\n")
    assert.strictEqual(plain("日本語日本語日本語日本語", 22), "日本語日本語日本語日\n本語")
  })
})
