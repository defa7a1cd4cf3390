import { costOf, pricesFor } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"

const prices = { input: 3, output: 15 }
const usage = { input_tokens: 1000, output_tokens: 500 }

describe("the cost of a call", () => {
  it("is its tokens by the prices of a million", () => {
    assert.strictEqual(costOf(usage, prices), 0.0105)
  })

  it("has prices of its own for what caches hold, by how long they hold it", () => {
    const cached = { ...prices, cacheWrite5m: 3.75, cacheWrite1h: 6, cacheRead: 0.3 }
    const written = { ...usage, cache_creation_input_tokens: 1_000_000, cache_read_input_tokens: 1_000_000 }
    assert.closeTo(costOf(written, cached), 0.0105 + 3.75 + 0.3, 1e-9)
    const forAnHour = { ...written, cache_creation: { ephemeral_1h_input_tokens: 400_000 } }
    assert.closeTo(costOf(forAnHour, cached), 0.0105 + 0.6 * 3.75 + 0.4 * 6 + 0.3, 1e-9)
  })

  it("is that of input where caches have no price", () => {
    const read = { ...usage, cache_creation_input_tokens: 1000, cache_read_input_tokens: 1000 }
    assert.closeTo(costOf(read, prices), 0.0105 + 0.006, 1e-9)
  })
})

const entry = (model: string, input: number, upstream?: string) => ({
  model,
  input,
  output: 0,
  ...(upstream === undefined ? {} : { upstream })
})

describe("the prices of a model", () => {
  const table = [
    entry("*", 1),
    entry("claude-*", 2),
    entry("claude-sonnet-4", 3),
    entry("claude-*", 4, "bedrock"),
    entry("claude-sonnet-*", 5)
  ]
  it.each([
    ["claude", "gpt-5", 1],
    ["claude", "claude-opus", 2],
    ["claude", "claude-sonnet-4", 3],
    ["bedrock", "claude-opus", 4],
    ["claude", "claude-sonnet-5", 5],
    ["bedrock", "claude-sonnet-4", 3]
  ])("at %s for %s are those of the most exact entry", (upstream, model, input) => {
    assert.strictEqual(pricesFor(table, upstream, model)?.input, input)
  })

  it("are unknown where no entry fits", () => {
    assert.isUndefined(pricesFor([entry("gpt-5", 1), entry("x", 1, "other")], "claude", "x"))
  })
})
