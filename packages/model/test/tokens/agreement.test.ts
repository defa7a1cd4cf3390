import { TokenCounter } from "@signalbox/model/tokens"
import { makeRandom } from "@signalbox/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { get_encoding } from "tiktoken"

/** What texts are made of; what stands side by side is often cut in another place than alone. */
const pieces = [
  ..."the of a running isn't they'll WORDS HTTPServer über naïve Straße garçon señor Łódź".split(" "),
  ..."привет мир здравствуйте γειά σου שלום مرحبا नमस्ते สวัสดี 你好 世界 こんにちは 東京都 안녕하세요".split(" "),
  ..."👍 👍🏽 👩‍👩‍👧 🇩🇪 ☃ é é ﷺ 𝒳 ½ ² № € ‰".split(" "),
  ..."0 7 42 1999 3.14159 1,000,000 0xFF 1e-9 2026-11-26 10:45:00Z".split(" "),
  ..."const function() => {} [] ; // /* */ !== && || ?? ?. <div> </div> \\n \\u0041 a_b a.b a-b a/b #tag @x $1 %20".split(
    " "
  ),
  ..."\"quoted\" 'single' `tick` — … “curly” ‘one’ « » ¿ ¡ <|endoftext|> </s> [INST]".split(" "),
  " ",
  "  ",
  "    ",
  "\t",
  "\n",
  "\n\n",
  "\r\n",
  " \n ",
  "\u00a0",
  "\u2003",
  "\u200b",
  "\u0000"
]

/** The same texts in each run. */
const texts = (() => {
  const { chance, int, pick } = makeRandom(17)
  return Array.from({ length: 1000 }, () =>
    Array.from({ length: int(1, 60) }, () => `${pick(pieces)}${chance(0.5) ? " " : ""}`).join("")
  )
})()

describe("a thousand texts of many scripts", () => {
  it.effect.each(["o200k_base", "cl100k_base"] as const)("have as many tokens as tiktoken counts, in %s", (encoding) =>
    Effect.gen(function* () {
      const counter = yield* TokenCounter.make()
      const tiktoken = get_encoding(encoding)
      const differing: Array<{ readonly text: string; readonly ours: number; readonly theirs: number }> = []
      for (const text of texts) {
        const ours = yield* counter.countText(text, encoding)
        const theirs = tiktoken.encode_ordinary(text).length
        if (ours !== theirs) differing.push({ text, ours, theirs })
      }
      tiktoken.free()
      assert.deepStrictEqual(differing, [])
    })
  )
})
