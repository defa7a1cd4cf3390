import { type Message, textMessage, textOf } from "@signalbox/model"
import { trimMessages } from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { strayResults, unanswered } from "../support.ts"
import { call, historyOf, result, Step, tokensOf, total } from "./histories.ts"

/** A turn of a question and an answer, 100 tokens each. */
const turn = (index: number): ReadonlyArray<Message> => [
  textMessage("user", `q${index}`.padEnd(90, ".")),
  textMessage("assistant", `a${index}`.padEnd(90, "."))
]

/** So many turns, and a question as long as theirs. */
const conversation = (turns: number): ReadonlyArray<Message> => [
  ...Array.from({ length: turns }, (_, index) => turn(index)).flat(),
  textMessage("user", "what now?".padEnd(90, "."))
]

const textsOf = (messages: ReadonlyArray<Message>) => messages.map(({ content }) => textOf(content))

const resultTextOf = (message: Message | undefined) => {
  const block = message?.content[0]
  return block?.type === "tool_result" && Array.isArray(block.content) ? textOf(block.content) : ""
}

describe("a history that is cut to a budget", () => {
  it("is the very same where it fits", () => {
    const messages = conversation(3)
    const trimmed = trimMessages(messages, { budget: total(messages), preserveRecent: 5, tokensOf })
    assert.strictEqual(trimmed.messages, messages)
    assert.deepStrictEqual({ ...trimmed, messages: [] }, { messages: [], leftOut: 0, movedAt: undefined, fits: true })
  })

  it("keeps the newest, has the question once, and says how many are gone", () => {
    const messages = conversation(50)
    const trimmed = trimMessages(messages, { budget: 3500, preserveRecent: 5, tokensOf })
    assert.isAtMost(total(trimmed.messages), 3500)
    assert.deepStrictEqual(trimmed.messages.slice(-5), messages.slice(-5))
    assert.lengthOf(
      textsOf(trimmed.messages).filter((text) => text.includes("what now?")),
      1
    )
    assert.strictEqual(trimmed.leftOut, messages.length - trimmed.messages.length)
    const [first] = trimmed.messages[0]?.content ?? []
    assert.deepStrictEqual(first, {
      type: "text",
      text: `[${trimmed.leftOut} earlier messages were left out to fit the context window.]`
    })
  })

  it("is cut in the same place from turn to turn, and then by a good step", () => {
    const cuts = Array.from({ length: 200 }, (_, turns) => {
      const messages = conversation(turns + 1)
      const trimmed = trimMessages(messages, { budget: 3500, preserveRecent: 5, tokensOf })
      assert.isAtMost(total(trimmed.messages), 3500)
      // The cut moved in this turn exactly where its place says so.
      return {
        leftOut: trimmed.leftOut,
        isNew: trimmed.movedAt !== undefined && trimmed.movedAt >= messages.length - 2
      }
    })
    const moves = cuts.filter(({ leftOut }, index) => leftOut !== (cuts[index - 1]?.leftOut ?? 0))
    assert.isAbove(moves.length, 10)
    assert.isBelow(moves.length, 45)
    assert.deepStrictEqual(
      cuts.map(({ isNew }) => isNew),
      cuts.map(({ leftOut }, index) => leftOut !== (cuts[index - 1]?.leftOut ?? 0))
    )
  })

  it("within a long turn loses whole rounds of tools, never the question that they serve", () => {
    const rounds = Array.from({ length: 30 }, (_, index): ReadonlyArray<Message> => [
      { role: "assistant", content: [call(`c${index}`)] },
      { role: "user", content: [result(`c${index}`, "x".repeat(80))] }
    ]).flat()
    const messages = [...conversation(3), ...rounds]
    const trimmed = trimMessages(messages, { budget: 1000, preserveRecent: 4, tokensOf })
    assert.isAtMost(total(trimmed.messages), 1000)
    assert.include(textsOf(trimmed.messages)[0], "what now?")
    assert.deepStrictEqual(trimmed.messages.slice(-4), messages.slice(-4))
    assert.deepStrictEqual([...unanswered(trimmed.messages), ...strayResults(trimmed.messages)], [])
  })

  it("shortens the longest results of what has to stay, with a mark, and leaves short ones alone", () => {
    const messages: ReadonlyArray<Message> = [
      ...conversation(2),
      { role: "assistant", content: [call("long"), call("short")] },
      { role: "user", content: [result("long", `begin${"x".repeat(5000)}end`), result("short", "small")] }
    ]
    const trimmed = trimMessages(messages, { budget: 1500, preserveRecent: 3, tokensOf })
    assert.isTrue(trimmed.fits)
    assert.isAtMost(total(trimmed.messages), 1500)
    const last = trimmed.messages.at(-1)
    assert.match(
      resultTextOf(last),
      /^beginx+\n\[… \d+ of 5008 characters left out to fit the context window …\]\nx+end$/
    )
    assert.deepStrictEqual(last?.content[1], result("short", "small"))
  })

  it("says where the question alone is too much, and sends nothing but it", () => {
    const messages = [...conversation(3), textMessage("assistant", "yes"), textMessage("user", "x".repeat(2000))]
    const trimmed = trimMessages(messages, { budget: 500, preserveRecent: 5, tokensOf })
    assert.isFalse(trimmed.fits)
    assert.lengthOf(trimmed.messages, 1)
    assert.include(textsOf(trimmed.messages)[0], "x".repeat(2000))
  })

  it("keeps a summary that it begins with", () => {
    const summary = "[Summary of the conversation before this message, which is not shown any more:\nAda likes tea.]"
    const [first, ...rest] = conversation(50)
    const messages = [
      { role: "user" as const, content: [{ type: "text" as const, text: summary }, ...(first?.content ?? [])] },
      ...rest
    ]
    const trimmed = trimMessages(messages, { budget: 3500, preserveRecent: 5, tokensOf })
    assert.isAbove(trimmed.leftOut, 0)
    assert.isAtMost(total(trimmed.messages), 3500)
    assert.deepStrictEqual(trimmed.messages[0]?.content[0], { type: "text", text: summary })
  })

  it.effect.prop(
    "is one that every provider takes, whatever it was and however little room there is",
    {
      steps: Schema.Array(Step),
      budget: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5000 })),
      preserveRecent: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 }))
    },
    ({ budget, preserveRecent, steps }) =>
      Effect.sync(() => {
        const messages = historyOf(steps)
        const trimmed = trimMessages(messages, { budget, preserveRecent, tokensOf })
        assert.deepStrictEqual([...unanswered(trimmed.messages), ...strayResults(trimmed.messages)], [])
        assert.strictEqual(trimmed.messages[0]?.role, "user")
        assert.isTrue(trimmed.messages.every(({ content }) => content.length > 0))
        const question = messages.findLast(({ content, role }) => role === "user" && textOf(content) !== "")
        assert.include(textsOf(trimmed.messages).join("\n"), textOf(question?.content ?? []))
        // The note that something was left out has more characters than tokens.
        if (trimmed.fits) assert.isAtMost(total(trimmed.messages), budget + (trimmed.leftOut > 0 ? 50 : 0))
      })
  )
})
