import { assert, describe, it } from "@effect/vitest"
import type { ContentBlock, Message } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import { mistralDefaults, type OpenAiOptions, openRouterDefaults, vllmDefaults } from "@signalbox/provider-openai"
import { Effect, Schema } from "effect"
import { type Body, bodyOf, messagesIn, opaque, png, text } from "./requests.ts"

const Word = Schema.String.check(Schema.isPattern(/^[a-z]{3,8}$/))
const Id = Schema.Literals(["t1", "t2", "a:b", "a_b", ""])

/** Blocks of any kind in messages of any role, whether or not an API would ever have made them. */
const Piece = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("text"), word: Word }),
  Schema.Struct({ kind: Schema.Literal("call"), id: Id, word: Word }),
  Schema.Struct({ kind: Schema.Literal("result"), id: Id, word: Word, isError: Schema.Boolean }),
  Schema.Struct({ kind: Schema.Literal("image"), id: Id, word: Word }),
  Schema.Struct({ kind: Schema.Literal("vendorCall"), id: Id, word: Word }),
  Schema.Struct({ kind: Schema.Literal("vendorResult"), id: Id, word: Word })
])
const History = Schema.Array(
  Schema.Struct({
    role: Schema.Literals(["user", "assistant", "system"]),
    pieces: Schema.Array(Piece).check(Schema.isMaxLength(5))
  })
).check(Schema.isMaxLength(8))

const blockOf = (piece: typeof Piece.Type): ContentBlock => {
  switch (piece.kind) {
    case "text":
      return text(piece.word)
    case "call":
      return { type: "tool_use", id: piece.id, name: "read", input: { word: piece.word } }
    case "result":
      return { type: "tool_result", tool_use_id: piece.id, content: piece.word, is_error: piece.isError }
    case "image":
      return { type: "tool_result", tool_use_id: piece.id, content: [text(piece.word), png] }
    case "vendorCall":
      return opaque({ type: "mcp_tool_use", id: piece.id, name: "find", input: { word: piece.word } })
    case "vendorResult":
      return opaque({ type: "mcp_tool_result", tool_use_id: piece.id, content: [text(piece.word)] })
  }
}

/** Where an API would never put a kind of block, it is left out. */
const belongs = (role: Message["role"], { kind }: typeof Piece.Type): boolean => {
  if (role === "system") return kind === "text"
  return role === "user"
    ? ["text", "result", "image"].includes(kind)
    : ["text", "call", "vendorCall", "vendorResult"].includes(kind)
}

interface Call {
  readonly id: string
}

/** Every call is answered by the messages right after it, one each and in order. */
const assertAnswered = (messages: ReadonlyArray<Body>) => {
  let open: ReadonlyArray<string> = []
  for (const message of messages) {
    if (message["role"] === "tool") {
      assert.strictEqual(message["tool_call_id"], open[0])
      open = open.slice(1)
      continue
    }
    assert.deepStrictEqual(open, [])
    const calls = (message["tool_calls"] ?? []) as ReadonlyArray<Call>
    open = calls.map(({ id }) => id)
    assert.strictEqual(new Set(open).size, open.length)
    assert.notDeepEqual(message["content"], [])
    assert.notStrictEqual(message["content"], "")
  }
  assert.deepStrictEqual(open, [])
}

const assertPaired = (items: ReadonlyArray<Body>) => {
  const ids = (type: string) => items.filter((item) => item["type"] === type).map((item) => item["call_id"])
  assert.deepStrictEqual(ids("function_call_output"), ids("function_call"))
}

const upstreams: ReadonlyArray<readonly [string, Partial<OpenAiOptions>]> = [
  ["OpenAI", {}],
  ["OpenRouter", openRouterDefaults],
  ["vLLM", vllmDefaults],
  ["Mistral", mistralDefaults],
  ["Responses", { api: "responses" }]
]

describe("Any history", () => {
  for (const [name, options] of upstreams) {
    it.effect.prop(
      `is sent to ${name} with one result for every call, and no text lost`,
      [History],
      ([history]) =>
        Effect.gen(function* () {
          const kept = history.map(({ pieces, role }) => ({
            role,
            pieces: pieces.filter((piece) => belongs(role, piece))
          }))
          const messages = kept.map(({ pieces, role }): Message => ({ role, content: pieces.map(blockOf) }))
          const sent = messagesIn(yield* bodyOf(askFor("", { messages }), options))
          if (options.api === "responses") assertPaired(sent)
          else assertAnswered(sent)
          const whole = JSON.stringify(sent)
          for (const { word } of kept.flatMap(({ pieces }) => pieces)) assert.include(whole, word)
        }),
      { timeout: 60_000 }
    )
  }
})
