import { resultText, textResult, isSafeToRepeat } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"

describe("a result as text", () => {
  it("joins its texts by lines", () => {
    const content = [
      { type: "text" as const, text: "a" },
      { type: "text" as const, text: "b" }
    ]
    assert.strictEqual(resultText({ content, isError: false }), "a\nb")
  })

  it("describes in brackets what cannot be text, with its size", () => {
    const data = Buffer.from("12345").toString("base64")
    assert.strictEqual(
      resultText({
        content: [
          { type: "image", source: { type: "base64", media_type: "image/png", data } },
          { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
          { type: "document", source: {}, title: "Plan" },
          { type: "opaque", vendor: "mcp", block: { type: "resource_link", uri: "file:///a", mimeType: "text/plain" } }
        ],
        isError: false
      }),
      "[image image/png, 5 bytes]\n[image https://example.com/a.png]\n[document Plan]\n[resource_link file:///a text/plain]"
    )
  })

  it("shows structured content where there is no text", () => {
    assert.strictEqual(resultText({ content: [], structuredContent: { a: 1 }, isError: false }), '{\n  "a": 1\n}')
    assert.strictEqual(resultText({ ...textResult("said"), structuredContent: { a: 1 } }), "said")
  })

  it("is never empty", () => {
    assert.strictEqual(resultText({ content: [], isError: false }), "done")
    assert.strictEqual(resultText(textResult("", true)), "error")
  })
})

describe("whether a tool may run twice", () => {
  it("is decided by its hints, and those are believed of a trusted source only", () => {
    const cases = [
      [{ readOnlyHint: true }, true],
      [{ idempotentHint: true }, true],
      [{ readOnlyHint: false, idempotentHint: false }, false],
      [{ destructiveHint: false }, false],
      [{}, false]
    ] as const
    for (const [annotations, isSafe] of cases) {
      assert.strictEqual(isSafeToRepeat({ annotations, isTrusted: true }), isSafe)
      assert.isFalse(isSafeToRepeat({ annotations, isTrusted: false }))
    }
  })
})
