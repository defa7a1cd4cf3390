import { assert, describe, it } from "@effect/vitest"
import { type ContentBlock, type ModelRequest, sealThought } from "@signalbox/model"
import { askFor } from "@signalbox/model/testing"
import type { ClaudeOptions } from "@signalbox/provider-claude"
import { Effect } from "effect"
import { bodyOf } from "./support.ts"

const own = (thinking: string): ContentBlock => ({ type: "thinking", thinking, signature: `signed ${thinking}` })
const foreign: ContentBlock = { type: "thinking", thinking: "someone else's", signature: "" }
const sealed: ContentBlock = { type: "thinking", thinking: "x", signature: sealThought("openrouter", {}) }
const redacted: ContentBlock = { type: "redacted_thinking", data: "d" }
const text: ContentBlock = { type: "text", text: "x" }

const sentOf = (content: ReadonlyArray<ContentBlock>) =>
  Effect.map(bodyOf(askFor("", { messages: [{ role: "assistant", content }] })), (body) => {
    const [message] = body["messages"] as ReadonlyArray<{ readonly content: ReadonlyArray<ContentBlock> }> // As sent.
    return message?.content
  })

describe("thinking on its way back", () => {
  for (const [name, content, kept] of [
    [
      "stays whole where all of it is Claude's",
      [own("a"), redacted, text, own("b")],
      [own("a"), redacted, text, own("b")]
    ],
    ["loses a foreign beginning", [foreign, foreign, own("a"), text], [own("a"), text]],
    ["loses a foreign end", [own("a"), redacted, foreign, text], [own("a"), redacted, text]],
    [
      "is never taken out of the middle alone: what follows goes too",
      [own("a"), foreign, own("b"), text],
      [own("a"), text]
    ],
    [
      "loses all up to the last foreign one of a beginning",
      [foreign, own("a"), foreign, own("b"), text],
      [own("b"), text]
    ],
    [
      "loses what another provider's reasoning was sealed in",
      [{ type: "redacted_thinking", data: sealThought("openrouter", {}) }, sealed, own("a"), text],
      [own("a"), text]
    ],
    ["is judged run by run", [foreign, text, own("a"), text], [text, own("a"), text]]
  ] as const) {
    it.effect(name, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* sentOf(content), kept)
      })
    )
  }
})

const thinkingFor = (request: Partial<ModelRequest>, budget: number, options: Partial<ClaudeOptions> = {}) =>
  Effect.map(
    bodyOf(
      askFor("hi", { ...request, vendor: { anthropic: { thinking: { type: "enabled", budget_tokens: budget } } } }),
      options
    ),
    (body) => body["thinking"]
  )

describe("a budget for thinking", () => {
  it.effect("stays below the tokens of the answer", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* thinkingFor({ maxTokens: 32_000 }, 31_999), {
        type: "enabled",
        budget_tokens: 31_999
      })
      assert.deepStrictEqual(yield* thinkingFor({ maxTokens: 32_000 }, 32_000), {
        type: "enabled",
        budget_tokens: 31_999
      })
      assert.deepStrictEqual(yield* thinkingFor({ maxTokens: 32_000 }, 9000, { maxTokens: 8000 }), {
        type: "enabled",
        budget_tokens: 7999
      })
    })
  )

  it.effect("is left out where none is small enough", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* thinkingFor({ maxTokens: 1024 }, 1024))
    })
  )
})
