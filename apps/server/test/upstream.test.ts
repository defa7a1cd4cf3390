import { assert, describe, it } from "@effect/vitest"
import { question, startServer } from "./support.ts"

const asked = (provider: "claude" | "openai") => startServer({ mcp: false, provider, script: { text: "Yes." } })

describe("the version and the betas of a request", () => {
  it("reach an upstream of the same API, with the fields that need them", async () => {
    await using server = await asked("claude")
    const body = { ...question("Well?"), betas: ["context-management-2025-06-27", "b-2"] }
    await server.client.beta.messages.create({ ...body, context_management: { edits: [] } })
    const [seen] = server.fxLlm.requests
    // The client's own version, whatever that is.
    assert.match(String(seen?.headers["anthropic-version"]), /^2026-/)
    assert.strictEqual(seen?.headers["anthropic-beta"], "context-management-2025-06-27,b-2")
    assert.deepInclude(seen?.body, { context_management: { edits: [] } })
    assert.strictEqual(seen?.headers["x-api-key"], "sk-canary-0123456789")

    await server.post(JSON.stringify(question("And without?")))
    assert.strictEqual(server.fxLlm.requests[1]?.headers["anthropic-version"], "2023-06-01")
    assert.isUndefined(server.fxLlm.requests[1]?.headers["anthropic-beta"])
  })

  it("reach no other vendor", async () => {
    await using server = await asked("openai")
    await server.client.beta.messages.create({ ...question("Well?"), betas: ["b-2"] })
    const headers = Object.keys(server.fxLlm.requests[0]?.headers ?? {})
    assert.deepStrictEqual(
      headers.filter((name) => name.startsWith("anthropic")),
      []
    )
  })
})
