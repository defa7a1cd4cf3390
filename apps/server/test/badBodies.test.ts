import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { apis, post } from "./requests.ts"
import { startServer } from "./support.ts"

/** A body, the field that is wrong with it as the API writes its path, and what is said of it. */
type Case = readonly [what: string, body: unknown, path: string, words?: string]

const user = { role: "user", content: "Hi" }
const said = (content: unknown, role = "user") => ({ messages: [{ role, content }] })

const messages = { model: "claude/claude-any", max_tokens: 100, messages: [user] }
const messagesCases: ReadonlyArray<Case> = [
  ["no JSON", "{", "", "not valid JSON"],
  ["nothing", "", "", "must be a JSON object"],
  ["a list", [], "", "must be a JSON object"],
  ["no model", { ...messages, model: undefined }, "model"],
  ["an empty model", { ...messages, model: "" }, "model"],
  ["no max_tokens", { ...messages, max_tokens: undefined }, "max_tokens"],
  ["a max_tokens that is text", { ...messages, max_tokens: "many" }, "max_tokens"],
  ["no messages", { ...messages, messages: undefined }, "messages"],
  ["an empty list of messages", { ...messages, messages: [] }, "messages"],
  ["an unknown role", { ...messages, ...said("x", "robot") }, "messages.0.role"],
  ["an empty content", { ...messages, ...said([]) }, "messages.0.content"],
  ["an empty text", { ...messages, ...said("") }, "messages.0.content"],
  ["a content that is a number", { ...messages, ...said(7) }, "messages.0.content"],
  ["a block without a type", { ...messages, ...said([{}]) }, "messages.0.content.0"],
  ["a text block without a text", { ...messages, ...said([{ type: "text" }]) }, "messages.0.content.0.text"],
  ["an image without a source", { ...messages, ...said([{ type: "image" }]) }, "messages.0.content.0.source"],
  ["a result of no call", { ...messages, ...said([{ type: "tool_result" }]) }, "messages.0.content.0.tool_use_id"],
  ["a tool without a name", { ...messages, tools: [{ input_schema: {} }] }, "tools.0.name"]
]

const chat = { model: "claude/claude-any", messages: [user] }
const chatCases: ReadonlyArray<Case> = [
  ["no JSON", "{", "", "not valid JSON"],
  ["nothing", "", "", "must be a JSON object"],
  ["no model", { ...chat, model: undefined }, "model"],
  ["no messages", { ...chat, messages: undefined }, "messages"],
  ["an empty list of messages", { ...chat, messages: [] }, "messages"],
  ["a message that is text", { ...chat, messages: ["Hi"] }, "messages[0]"],
  ["an unknown role", { ...chat, ...said("x", "robot") }, "messages[0].role"],
  ["a content that is a number", { ...chat, ...said(7) }, "messages[0].content"],
  ["a text without a text", { ...chat, ...said([{ type: "text" }]) }, "messages[0].content[0].text"],
  ["a part of an unknown type", { ...chat, ...said([{ type: "smell" }]) }, "messages[0].content[0].type"],
  ["an image without an address", { ...chat, ...said([{ type: "image_url" }]) }, "messages[0].content[0].image_url"],
  ["a result of no call", { ...chat, ...said("3", "tool") }, "messages[0].tool_call_id"],
  [
    "a call without a name",
    { ...chat, messages: [user, { role: "assistant", tool_calls: [{ id: "c", function: {} }] }] },
    "messages[1].tool_calls[0].function.name"
  ],
  ["a tool without a name", { ...chat, tools: [{ type: "function", function: {} }] }, "tools[0].function.name"],
  ["a choice that there is not", { ...chat, tool_choice: "maybe" }, "tool_choice"],
  ["no room for an answer", { ...chat, max_tokens: 0 }, "max_tokens"],
  ["two answers", { ...chat, n: 2 }, "n"],
  ["a temperature above all", { ...chat, temperature: 3 }, "temperature"]
]

const responses = { model: "claude/claude-any", input: "Hi" }
const item = (fields: object) => ({ ...responses, input: [fields] })
const responsesCases: ReadonlyArray<Case> = [
  ["no JSON", "{", "", "not valid JSON"],
  ["nothing", "", "", "must be a JSON object"],
  ["no model", { ...responses, model: undefined }, "model"],
  ["no input", { ...responses, input: undefined }, "input"],
  ["an empty input", { ...responses, input: [] }, "input"],
  ["an input that is a number", { ...responses, input: 7 }, "input"],
  ["an item that is text", { ...responses, input: ["Hi"] }, "input[0]"],
  ["an unknown role", item({ role: "robot", content: "x" }), "input[0].role"],
  ["a text without a text", item({ role: "user", content: [{ type: "input_text" }] }), "input[0].content[0].text"],
  [
    "an image without an address",
    item({ role: "user", content: [{ type: "input_image" }] }),
    "input[0].content[0].image_url"
  ],
  ["a call without an id", item({ type: "function_call", name: "f", arguments: "{}" }), "input[0].call_id"],
  ["a call without a name", item({ type: "function_call", call_id: "c", arguments: "{}" }), "input[0].name"],
  ["a result of no call", item({ type: "function_call_output", output: "3" }), "input[0].call_id"],
  ["an item that is elsewhere", item({ type: "item_reference", id: "x" }), "input[0]"],
  ["a tool without a name", { ...responses, tools: [{ type: "function" }] }, "tools[0].name"],
  ["a server without a label", { ...responses, tools: [{ type: "mcp", server_url: "x" }] }, "tools[0].server_label"],
  ["an earlier response", { ...responses, previous_response_id: "resp_1" }, "previous_response_id"],
  ["no room for an answer", { ...responses, max_output_tokens: 0 }, "max_output_tokens"]
]

const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
const data = `data:image/png;base64,${png}`

const tables = {
  Messages: {
    cases: messagesCases,
    picture: {
      ...messages,
      ...said([{ type: "image", source: { type: "base64", media_type: "image/png", data: png } }])
    }
  },
  "Chat Completions": {
    cases: chatCases,
    picture: { ...chat, ...said([{ type: "image_url", image_url: { url: data } }]) }
  },
  Responses: {
    cases: responsesCases,
    picture: item({ role: "user", content: [{ type: "input_image", image_url: data }] })
  }
} as const

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => {
  server = await startServer({ mcp: false, script: { text: "Yes." } })
})
afterAll(() => server[Symbol.asyncDispose]())

for (const { name, path } of apis) {
  const { cases, picture } = tables[name]

  describe(`a request of ${name}`, () => {
    for (const [what, body, field, words = ""] of cases) {
      it(`is refused with 400 and the path of what is wrong: ${what}`, async () => {
        const asked = server.fxLlm.requests.length
        const answer = await post(server, path, body)
        const { error } = answer.body
        assert.strictEqual(answer.status, 400, JSON.stringify(answer.body))
        assert.strictEqual(error.type, "invalid_request_error")
        assert.include(error.message, field === "" ? words : `${field}: `)
        assert.lengthOf(server.fxLlm.requests, asked)
        if (name === "Messages") {
          assert.strictEqual(answer.body.type, "error")
          assert.strictEqual(answer.body.request_id, answer.headers.get("request-id"))
          assert.strictEqual(answer.headers.get("x-should-retry"), "false")
        } else assert.strictEqual(error.param, field === "" ? null : field)
      })
    }

    it("may hold a picture, which reaches the upstream", async () => {
      const { body, status } = await post(server, path, picture)
      assert.strictEqual(status, 200, JSON.stringify(body))
      assert.include(JSON.stringify(server.fxLlm.requests.at(-1)?.body), png)
    })
  })
}
