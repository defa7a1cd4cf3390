import { assert, describe, it } from "@effect/vitest"
import { isSecretKey, redact, redactText } from "@signalbox/errors"
import { Redacted } from "effect"

describe("redaction", () => {
  it("masks values under names of secrets, at any depth, and leaves the rest", () => {
    const value = {
      headers: { Authorization: "Bearer abcdefghijkl", "x-api-key": "k", accept: "json" },
      env: [{ ANTHROPIC_API_KEY: "k", PATH: "/bin" }],
      usage: { output_tokens: 3, max_tokens: 5 },
      apiKey: "k",
      none: null
    }
    assert.deepStrictEqual(redact(value), {
      headers: { Authorization: "<redacted>", "x-api-key": "<redacted>", accept: "json" },
      env: [{ ANTHROPIC_API_KEY: "<redacted>", PATH: "/bin" }],
      usage: { output_tokens: 3, max_tokens: 5 },
      apiKey: "<redacted>",
      none: null
    })
  })
  it("masks credentials inside texts", () => {
    for (const text of [
      "key sk-canary-1234567890 here",
      "Authorization: Bearer abc.def-ghi_123",
      "https://user:hunter22@example.test/x",
      "GET /v1?api_key=hunter22&x=1",
      "https://example.test/mcp?exampleApiKey=hunter22",
      `push with glpat-hunter22${"x".repeat(12)}`,
      `token gsk_hunter22${"x".repeat(24)} of a model`,
      `charge sk_live_hunter22${"x".repeat(16)}`
    ]) {
      const masked = redactText(text)
      assert.include(masked, "<redacted>")
      assert.notMatch(masked, /canary|abc\.def|hunter22/)
    }
    assert.strictEqual(redactText("an ordinary task-sk text"), "an ordinary task-sk text")
  })
  it("prints typed secrets as masked and cuts cycles", () => {
    const loop: Record<string, unknown> = { secret: Redacted.make("x") }
    loop["self"] = loop
    assert.deepStrictEqual(redact(loop), { secret: "<redacted>", self: "<circular>" })
  })
  it("knows names of secrets from counts of tokens", () => {
    for (const name of [
      "password",
      "OPENAI_API_KEY",
      "accessToken",
      "client_secret",
      "GITHUB_TOKEN",
      "token",
      "PGPASSWORD",
      "AWS_SECRET_ACCESS_KEY",
      "privateKey",
      "DB_PASS",
      "Proxy-Authorization",
      "credentials"
    ])
      assert.isTrue(isSecretKey(name), name)
    for (const name of [
      "max_tokens",
      "maxTokens",
      "tokens",
      "keyboard",
      "secretary",
      "bypass",
      "primary_key",
      "AWS_ACCESS_KEY_ID"
    ])
      assert.isFalse(isSecretKey(name), name)
  })
})
