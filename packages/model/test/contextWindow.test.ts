import { assert, it } from "@effect/vitest"
import { contextWindowOf } from "@signalbox/model"

it("models take what their names say, whoever offers them", () => {
  for (const [model, tokens] of [
    ["claude-sonnet-5-5", 200_000],
    ["anthropic/claude-sonnet-5.5", 200_000],
    ["gpt-5.1", 400_000],
    ["openai/gpt-4o-mini", 128_000],
    ["gpt-4", 8192],
    ["o3-mini", 200_000],
    ["llama3.2:3b", 128_000],
    ["meta-llama/Llama-3.3-70B-Instruct", 128_000],
    ["Qwen3-8B", 32_000],
    ["deepseek-chat", 64_000],
    ["of-my-own", undefined]
  ] as const) {
    assert.strictEqual(contextWindowOf(model), tokens, model)
  }
})
