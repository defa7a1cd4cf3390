import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { makeMask } from "@signalbox/conversation/replay"

const secret = 'canary-"of\\the-mine'
const hidden = "<redacted>"

describe("what is hidden", () => {
  it("is a secret that is known, however it is written down", () => {
    const mask = makeMask([secret])
    const spelled = [
      secret,
      JSON.stringify(secret),
      JSON.stringify(JSON.stringify({ a: secret })),
      `https://host/?q=${encodeURIComponent(secret)}`,
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret).toString("base64url")
    ]
    for (const text of spelled) {
      const shown = mask.text(`before ${text} after`)
      assert.include(shown, hidden, text)
      assert.notInclude(shown, "canary")
      assert.match(shown, /^before .* after$/)
    }
  })

  it("is no reference to a variable, whatever the field is called", () => {
    const mask = makeMask([secret])
    const references = { apiKey: "env:API_KEY", Authorization: "Bearer ${env:TOKEN}" }
    assert.deepStrictEqual(mask.json(references), references)
    const others = { apiKey: `env:A ${secret}`, Authorization: "env:A and more", password: "Bearer env" }
    assert.deepStrictEqual(mask.json(others), { apiKey: hidden, Authorization: hidden, password: hidden })
  })

  it("is a text under the name of a secret, and not a schema of that name", () => {
    const mask = makeMask()
    assert.deepStrictEqual(
      mask.json({
        apiKey: "abc",
        password: { type: "string", description: "Yours" },
        progressToken: 7,
        body: '{"token":"abc"}',
        list: ["sk-0123456789abcdef"]
      }),
      {
        apiKey: hidden,
        password: { type: "string", description: "Yours" },
        progressToken: 7,
        body: `{"token":"${hidden}"}`,
        list: [hidden]
      }
    )
  })

  it("leaves JSON in a text as it is written where there is nothing to hide", () => {
    const text = '{ "a":1,   "b" : [ 2 ] }'
    assert.deepStrictEqual(makeMask([secret]).json({ text }), { text })
  })

  it("is not what is too short to be one", () => {
    assert.strictEqual(makeMask(["true", "8080", "  "]).text("true at 8080"), "true at 8080")
  })

  it("is what is learnt later, from then on", () => {
    const mask = makeMask()
    assert.strictEqual(mask.text("token-of-today"), "token-of-today")
    mask.add("token-of-today")
    assert.strictEqual(mask.text("token-of-today"), hidden)
  })

  it.prop("is gone from every text that is made around it", [Schema.String, Schema.String], ([before, after]) => {
    assert.notInclude(
      makeMask(["canary-in-the-mine"]).text(`${before}canary-in-the-mine${after}`),
      "canary-in-the-mine"
    )
  })
})
