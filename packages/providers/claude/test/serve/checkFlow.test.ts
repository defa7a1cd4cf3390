import { assert, describe, it } from "@effect/vitest"
import type { ContentBlock, Message } from "@signalbox/model"
import { checkFlow } from "@signalbox/provider-claude/serve"
import { Effect, Schema } from "effect"

const text = (words: string): ContentBlock => ({ type: "text", text: words })
const call = (id: string): ContentBlock => ({ type: "tool_use", id, name: "n", input: {} })
const result = (id: string): ContentBlock => ({ type: "tool_result", tool_use_id: id, content: `of ${id}` })
const lost = (id: string): ContentBlock => ({
  type: "tool_result",
  tool_use_id: id,
  is_error: true,
  content: "There is no result."
})
const user = (...content: ReadonlyArray<ContentBlock>): Message => ({ role: "user", content })
const assistant = (...content: ReadonlyArray<ContentBlock>): Message => ({ role: "assistant", content })
const system: Message = { role: "system", content: [text("be brief")] }

const sound: ReadonlyArray<readonly [string, ReadonlyArray<Message>]> = [
  ["no calls", [user(text("hi"))]],
  ["a round of tools", [user(text("hi")), assistant(call("a"), call("b")), user(result("b"), result("a"), text("go"))]],
  ["a call in the last message", [user(text("hi")), assistant(text("well"), call("a"))]],
  ["results over several user messages", [assistant(call("a"), call("b")), user(result("a")), user(result("b"))]],
  [
    "an assistant turn in several messages",
    [assistant(call("a")), assistant(call("b")), user(result("a"), result("b"))]
  ],
  ["a system message between call and result", [assistant(call("a")), system, user(result("a"))]]
]

const broken: ReadonlyArray<
  readonly [string, ReadonlyArray<Message>, path: string, id: string, mended: ReadonlyArray<Message>]
> = [
  [
    "a call without result in the middle",
    [user(text("hi")), assistant(text("well"), call("a")), user(text("and?"))],
    "messages.1.content.1",
    "a",
    [user(text("hi")), assistant(text("well"), call("a")), user(lost("a"), text("and?"))]
  ],
  [
    "one of two calls without result, before more was said",
    [assistant(call("a"), call("b")), user(result("b"), text("x")), assistant(text("y"))],
    "messages.0.content.0",
    "a",
    [assistant(call("a"), call("b")), user(result("b"), lost("a"), text("x")), assistant(text("y"))]
  ],
  [
    "a result without call",
    [user(text("hi")), assistant(text("x")), user(result("z"))],
    "messages.2.content.0",
    "z",
    [user(text("hi")), assistant(text("x")), user(text("[The result of a call that is not here, z:]"), text("of z"))]
  ],
  [
    "a result of a call from long ago",
    [assistant(call("a")), user(result("a")), assistant(text("x")), user(result("a"))],
    "messages.3.content.0",
    "a",
    [
      assistant(call("a")),
      user(result("a")),
      assistant(text("x")),
      user(text("[The result of a call that is not here, a:]"), text("of a"))
    ]
  ],
  [
    "two results for one call",
    [assistant(call("a")), user(result("a"), result("a"))],
    "messages.1.content.1",
    "a",
    [assistant(call("a")), user(result("a"), text("[The result of a call that is not here, a:]"), text("of a"))]
  ],
  [
    "an id that is used again",
    [assistant(call("a")), user(result("a")), assistant(call("a")), user(result("a"))],
    "messages.2.content.0",
    "a",
    [
      assistant(call("a")),
      user(result("a")),
      assistant({ type: "tool_use", id: "a_2", name: "n", input: {} }),
      user({ type: "tool_result", tool_use_id: "a_2", content: "of a" })
    ]
  ],
  [
    "a call without an id",
    [assistant(call("")), user(result(""))],
    "messages.0.content.0",
    "id",
    [
      assistant({ type: "tool_use", id: "toolu_2", name: "n", input: {} }),
      user({ type: "tool_result", tool_use_id: "toolu_2", content: "of " })
    ]
  ]
]

const countOf = (messages: ReadonlyArray<Message>, type: string) =>
  messages.flatMap(({ content }) => content).filter((block) => block.type === type).length
const callsOf = (messages: ReadonlyArray<Message>) =>
  messages.map(({ content, role }) =>
    role === "assistant" ? content.filter(({ type }) => type === "tool_use").length : 0
  )

describe("the flow of calls and results", () => {
  for (const [name, messages] of sound) {
    it.effect(`is sound with ${name}, and left as it is`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* checkFlow(messages, "reject"), messages)
        assert.strictEqual(yield* checkFlow(messages, "repair"), messages)
      })
    )
  }

  for (const [name, messages, path, id, mended] of broken) {
    it.effect(`is refused, mended or ignored with ${name}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(checkFlow(messages, "reject"))
        assert.deepStrictEqual([error.path, error.status.http], [path, 400])
        assert.include(error.reason, id)
        assert.deepStrictEqual(yield* checkFlow(messages, "repair"), mended)
        assert.strictEqual(yield* checkFlow(mended, "reject"), mended)
        assert.strictEqual(yield* checkFlow(messages, "ignore"), messages)
      })
    )
  }

  const Ids = Schema.Literals(["a", "b", "c"])
  const Blocks = Schema.Array(
    Schema.Union([
      Schema.Struct({ type: Schema.Literal("tool_use"), id: Ids, name: Schema.Literal("n"), input: Schema.Struct({}) }),
      Schema.Struct({ type: Schema.Literal("tool_result"), tool_use_id: Ids, content: Schema.Literal("r") }),
      Schema.Struct({ type: Schema.Literal("text"), text: Schema.Literal("t") })
    ])
  )
  const Conversation = Schema.Array(
    Schema.Struct({ role: Schema.Literals(["user", "assistant", "system"]), content: Blocks })
  )

  it.effect.prop(
    "is sound once it is mended, whatever it was, with all other blocks in order",
    [Conversation],
    ([given]) =>
      Effect.gen(function* () {
        const mended = yield* checkFlow(given, "repair")
        assert.strictEqual(yield* checkFlow(mended, "reject"), mended)
        assert.isAtLeast(countOf(mended, "text"), countOf(given, "text"))
        assert.deepStrictEqual(callsOf(mended).filter(Boolean), callsOf(given).filter(Boolean))
      })
  )
})
