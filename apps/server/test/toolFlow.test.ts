import { assert, describe, it } from "@effect/vitest"
import { post } from "./requests.ts"
import { aliased, messagesOf, question, startServer } from "./support.ts"

const call = { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "look", input: {} }] }
const user = { role: "user", content: "Hi" }

/** A call that nobody has answered, in the middle of a conversation that is none of ours, or that we have to write anew. */
const dangling = (read: boolean) => ({
  ...(read ? aliased("") : question("")),
  messages: [user, call, { role: "user", content: "And?" }]
})

const lost = { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_9", content: "seven" }] }

describe("a conversation whose calls and results do not fit together", () => {
  it("is refused with the id and its place, before anybody is asked", async () => {
    await using server = await startServer({ mcp: false })
    const unanswered = await post(server, "/v1/messages", dangling(true))
    assert.strictEqual(unanswered.status, 400)
    assert.strictEqual(unanswered.body.error.type, "invalid_request_error")
    assert.include(unanswered.body.error.message, "messages.1.content.0: ")
    assert.include(unanswered.body.error.message, "toolu_1")
    const unasked = await post(server, "/v1/messages", { ...aliased(""), messages: [user, lost] })
    assert.strictEqual(unasked.status, 400)
    assert.include(unasked.body.error.message, "toolu_9")
    assert.lengthOf(server.fxLlm.requests, 0)
  })

  it("may end with calls, which are still to be answered", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Yes." } })
    const { status } = await post(server, "/v1/messages", { ...aliased(""), messages: [user, call] })
    assert.strictEqual(status, 200)
  })

  it("is mended where the configuration says so, also where it would go to the upstream as it is", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "Yes." },
      config: { "server.whenToolFlowBroken": "repair" }
    })
    for (const read of [true, false]) {
      const { status } = await post(server, "/v1/messages", dangling(read))
      assert.strictEqual(status, 200)
      const [, , answered] = messagesOf(server.fxLlm.requests.at(-1)?.body)
      assert.include(JSON.stringify(answered?.["content"]), '"tool_use_id":"toolu_1"')
      assert.include(JSON.stringify(answered?.["content"]), "And?")
    }
    assert.strictEqual((await post(server, "/v1/messages", { ...question(""), messages: [user, lost] })).status, 200)
    assert.include(JSON.stringify(server.fxLlm.requests.at(-1)?.body), "seven")
    assert.notInclude(JSON.stringify(server.fxLlm.requests.at(-1)?.body), "tool_result")
  })

  it("is left to the upstream where the configuration says so", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "Yes." },
      config: { "server.whenToolFlowBroken": "ignore" }
    })
    for (const read of [true, false]) {
      assert.strictEqual((await post(server, "/v1/messages", dangling(read))).status, 200)
      assert.lengthOf(messagesOf(server.fxLlm.requests.at(-1)?.body), 3)
      assert.notInclude(JSON.stringify(server.fxLlm.requests.at(-1)?.body), "tool_result")
    }
  })
})
