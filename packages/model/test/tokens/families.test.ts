import { encodingOf, estimateResponseTokens, familyOf, responseBands } from "@signalbox/model/tokens"
import { assert, describe, it } from "@effect/vitest"

describe("the family of a model", () => {
  it.each([
    ["gpt-4o", "openai"],
    ["openai/gpt-5.1", "openai"],
    ["o3-mini", "openai"],
    ["claude-3-haiku-20240307", "claude-old"],
    ["claude-2.1", "claude-old"],
    ["claude-instant-1.2", "claude-old"],
    ["claude-opus-4-20250514", "claude-old"],
    ["claude-sonnet-4-5-20250929", "claude-old"],
    ["anthropic/claude-3.7-sonnet", "claude-old"],
    ["claude-opus-4-6", "claude-old"],
    ["claude-opus-4-7", "claude"],
    ["claude-opus-4-10", "claude"],
    ["claude-opus-4.8", "claude"],
    ["claude-sonnet-5", "claude"],
    ["claude-fable-5-20260901", "claude"],
    ["claude-mythos-5", "claude"],
    ["opus", "claude"],
    ["meta-llama/llama-3.3-70b", "llama"],
    ["qwen3:8b", "qwen"],
    ["deepseek-chat", "deepseek"],
    ["mistral-large", "other"],
    ["", "other"]
  ])("of %s is %s", (model, family) => {
    assert.strictEqual(familyOf(model), family)
  })
})

describe("the vocabulary of a model", () => {
  it.each([
    ["gpt-4", "cl100k_base"],
    ["gpt-4-turbo-2024-04-09", "cl100k_base"],
    ["gpt-3.5-turbo", "cl100k_base"],
    ["gpt-4o", "o200k_base"],
    ["gpt-4.1-mini", "o200k_base"],
    ["gpt-5", "o200k_base"],
    ["o3", "o200k_base"]
  ])("%s is %s", (model, encoding) => {
    assert.strictEqual(encodingOf(model), encoding)
  })
})

describe("the probable length of an answer", () => {
  it.each([
    [0, 150],
    [99, 150],
    [100, 300],
    [499, 300],
    [500, 500],
    [1499, 500],
    [1500, 800],
    [1_000_000, 800]
  ])("to a conversation of %i tokens is %i", (conversation, tokens) => {
    assert.strictEqual(estimateResponseTokens(responseBands)(conversation), tokens)
  })

  it("is that of the last band beyond it, and nothing without bands", () => {
    assert.strictEqual(estimateResponseTokens([{ below: 10, tokens: 7 }])(50), 7)
    assert.strictEqual(estimateResponseTokens([])(50), 0)
  })
})
