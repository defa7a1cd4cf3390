import { assert, describe, it } from "@effect/vitest"
import { watchUsage } from "@signalbox/provider-claude"

const stream = [
  { type: "message_start", message: { model: "claude-fx", usage: { input_tokens: 9, output_tokens: 1 } } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: 'ü "message_delta" {"type":"error"}' } },
  { type: "message_delta", delta: {}, usage: { output_tokens: 5, cache_read_input_tokens: null } },
  { type: "message_stop" }
]
const written = new TextEncoder().encode(
  stream.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("")
)

const watching = (bytes: Uint8Array, size: number, contentType = "text/event-stream; charset=utf-8") => {
  const usage = watchUsage(contentType, { provider: "claude", model: "claude-asked" })
  for (let at = 0; at < bytes.length; at += size) usage.note(bytes.subarray(at, at + size))
  return usage
}

const faultOf = (text: string) => watching(new TextEncoder().encode(text), 5, "application/json").fault()

const error = (type: string) => JSON.stringify({ type: "error", error: { type, message: "no" } })

describe("the usage of an answer whose bytes only pass", () => {
  it("is known however they are cut", () => {
    for (const size of [1, 2, 7, 64, written.length]) {
      const usage = watching(written, size)
      assert.deepStrictEqual(usage.reported(), { model: "claude-fx", usage: { input_tokens: 9, output_tokens: 5 } })
      assert.isUndefined(usage.fault())
    }
  })

  it("is what was said by the time that it broke off", () => {
    const usage = watching(written.subarray(0, written.length - 30), 16)
    assert.strictEqual(usage.reported()?.usage.output_tokens, 5)
    assert.strictEqual(usage.fault()?.code, "STREAM_INTERRUPTED")
    assert.isUndefined(watching(new Uint8Array(0), 1).reported())
  })

  it("is that of a whole message, and none of what is no message", () => {
    const whole = new TextEncoder().encode(
      JSON.stringify({ model: "claude-fx", content: [], usage: { input_tokens: 3, output_tokens: 4 } })
    )
    const { reported } = watching(whole, 5, "application/json")
    assert.deepStrictEqual(reported(), { model: "claude-fx", usage: { input_tokens: 3, output_tokens: 4 } })
    assert.isUndefined(watching(new TextEncoder().encode("<html>"), 5, "text/html").reported())
  })

  it("is none where the whole answer is no message: one that broke off, a page, nothing, or an error", () => {
    assert.deepStrictEqual(
      ['{"model":"claude-', "<html>", "", "[]", error("overloaded_error"), error("not_found_error")].map(
        (text) => faultOf(text)?.code
      ),
      [...["", "", "", ""].map(() => "PROVIDER_INVALID_RESPONSE"), "PROVIDER_OVERLOADED", "MODEL_NOT_FOUND"]
    )
    assert.include(faultOf(error("not_found_error"))?.message, "claude-asked")
    assert.isUndefined(faultOf('{"type":"message","of_tomorrow":1}'))
  })

  it("does not come from a line that never ends", () => {
    const usage = watching(new Uint8Array(3_000_000).fill(0x61), 65_536)
    assert.isUndefined(usage.reported())
    assert.strictEqual(usage.fault()?.code, "STREAM_INTERRUPTED")
  })
})
