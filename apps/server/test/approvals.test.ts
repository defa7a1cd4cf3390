import { assert, describe, it } from "@effect/vitest"
import OpenAI from "openai"
import { post } from "./requests.ts"
import { messagesOf, question, shape, startServer } from "./support.ts"

const asking = { "conversation.approval.rules": [{ tool: "echo", decision: "ask" }] }

const call = { text: "I call it.", toolCalls: [{ name: "echo", input: { text: "hi" } }] } as const

const both = {
  text: "I call two.",
  toolCalls: [
    { name: "echo", input: { text: "hi" } },
    { name: "add", input: { a: 1, b: 2 } }
  ]
} as const

type Server = Awaited<ReturnType<typeof startServer>>

/** How often a tool of the MCP server was called. */
const runs = (server: Server, tool = "echo"): number =>
  server.mcpLog().filter((event) => event.event === "call_start" && event.tool === tool).length

const responsesOf = (server: Server) =>
  new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "any", maxRetries: 0 }).responses

type Input = OpenAI.Responses.ResponseInputItem

const asked: Input = { role: "user", content: "Say hi." }

const requestIn = (response: OpenAI.Responses.Response) => {
  const request = response.output.find((item) => item.type === "mcp_approval_request")
  assert.isDefined(request)
  return request
}

const answerTo = (response: OpenAI.Responses.Response, approve: boolean, reason?: string): Input => ({
  type: "mcp_approval_response",
  approval_request_id: requestIn(response).id,
  approve,
  ...(reason === undefined ? {} : { reason })
})

/** Asks once, streamed or not, and gives back the whole response. */
const respond = async (server: Server, input: Array<Input>, streams: boolean) => {
  const responses = responsesOf(server)
  if (!streams) return responses.create({ model: "claude-any", input })
  return responses.stream({ model: "claude-any", input }).finalResponse()
}

// What the client sends back is what it got: the SDK's types of the two differ in fields that are not there.
const sentBack = (response: OpenAI.Responses.Response) => response.output as Array<Input>

for (const streams of [true, false]) {
  describe(`Responses, ${streams ? "streamed" : "whole"}`, () => {
    it("ends with a request for approval, and the next request has the call run", async () => {
      await using server = await startServer({
        script: [both, { text: "Done: {{toolResults}}" }, { text: "Nothing else." }],
        config: asking
      })
      const first = await respond(server, [asked], streams)
      assert.deepStrictEqual(
        first.output.map(({ type }) => type),
        ["message", "mcp_call", "mcp_approval_request"]
      )
      const waiting = requestIn(first)
      assert.deepInclude(waiting, { name: "echo", server_label: "fx", arguments: '{"text":"hi"}' })
      assert.strictEqual(first.status, "completed")
      assert.strictEqual(runs(server), 0)
      assert.strictEqual(server.fxLlm.requests.length, 1)
      const input = [asked, ...sentBack(first), answerTo(first, true)]
      const second = await respond(server, input, streams)
      const [ran, told] = second.output
      assert.deepInclude(ran, { type: "mcp_call", name: "echo", output: "hi", approval_request_id: waiting.id })
      assert.strictEqual(told?.type, "message")
      assert.strictEqual(runs(server), 1)
      // The whole conversation again, as clients send it: what was approved is done.
      const third = await respond(server, [...input, ...sentBack(second), { role: "user", content: "And?" }], streams)
      assert.notInclude(
        third.output.map(({ type }) => type),
        "mcp_call"
      )
      assert.strictEqual(runs(server), 1)
    })
  })
}

describe("Responses", () => {
  it("shows a call that a header has approved like any other, once it has run", async () => {
    await using server = await startServer({ script: [both, { text: "Done." }], config: asking })
    const { output } = await responsesOf(server)
      .stream({ model: "claude-any", input: [asked] }, { headers: { "x-tool-approval": "echo" } })
      .finalResponse()
    const calls = output.flatMap((item) => (item.type === "mcp_call" ? [[item.name, item.arguments, item.status]] : []))
    assert.sameDeepMembers(calls, [
      ["add", '{"a":1,"b":2}', "completed"],
      ["echo", '{"text":"hi"}', "completed"]
    ])
    assert.strictEqual(runs(server), 1)
  })
})

describe("an answer to a request for approval", () => {
  it("that says no is told to the model, with its reason", async () => {
    await using server = await startServer({ script: [call, { text: "Very well." }], config: asking })
    const first = await respond(server, [asked], false)
    const second = await respond(server, [asked, ...sentBack(first), answerTo(first, false, "not today")], false)
    assert.strictEqual(second.output_text, "Very well.")
    assert.strictEqual(runs(server), 0)
    const last = messagesOf(server.fxLlm.requests[1]?.body).at(-1)
    assert.include(JSON.stringify(last), "APPROVAL_REFUSED")
    assert.include(JSON.stringify(last), "not today")
  })

  it("counts once: the same request again runs nothing", async () => {
    await using server = await startServer({
      script: [call, { text: "Done." }, { text: "Too late." }],
      config: asking
    })
    const first = await respond(server, [asked], false)
    const input = [asked, ...sentBack(first), answerTo(first, true)]
    await respond(server, input, false)
    const again = await respond(server, input, false)
    assert.strictEqual(again.output_text, "Too late.")
    assert.strictEqual(runs(server), 1)
    assert.include(JSON.stringify(messagesOf(server.fxLlm.requests.at(-1)?.body).at(-1)), "came too late")
  })

  it("is for what was shown: other arguments that come back with it are not run", async () => {
    await using server = await startServer({ script: [call, { text: "Done." }], config: asking })
    const first = await respond(server, [asked], false)
    const forged = sentBack(first).map((item) =>
      item.type === "mcp_approval_request" ? { ...item, arguments: '{"text":"something else"}' } : item
    )
    const second = await respond(server, [asked, ...forged, answerTo(first, true)], false)
    assert.deepInclude(second.output[0], { type: "mcp_call", output: "hi" })
  })

  it("is the client's own: another one cannot give it", async () => {
    const keys = ["one", "two"].map((name) => ({ name, key: `sk-canary-${name}` }))
    await using server = await startServer({
      script: [call, { text: "No." }],
      config: { ...asking, "server.auth": { mode: "keys", keys } }
    })
    const clientOf = (apiKey: string) => new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 }).responses
    const first = await clientOf("sk-canary-one").create({ model: "claude-any", input: [asked] })
    const input = [asked, ...sentBack(first), answerTo(first, true)]
    await clientOf("sk-canary-two").create({ model: "claude-any", input })
    assert.strictEqual(runs(server), 0)
  })

  it("that cannot be read is refused with its place", async () => {
    await using server = await startServer({ script: { text: "no" }, config: asking })
    const body = { model: "claude-any", input: [asked, { type: "mcp_approval_response", approval_request_id: "x" }] }
    const refused = await post(server, "/v1/responses", body)
    assert.strictEqual(refused.status, 400)
    assert.include(JSON.stringify(refused.body), "input[1].approve")
  })
})

describe("Messages", () => {
  it("ends with the call, its error and a sentence, and a header of the next request has it run", async () => {
    await using server = await startServer({ script: [call, call, { text: "Done." }], config: asking })
    const first = await server.client.messages.create(question("Say hi."))
    assert.deepStrictEqual(shape(first.content), ["text", "mcp_tool_use", "mcp_tool_result", "text"])
    assert.include(JSON.stringify(first.content[2]), '"is_error":true')
    assert.include(JSON.stringify(first.content[2]), "x-tool-approval: echo")
    assert.include(JSON.stringify(first.content[3]), "it needs approval: echo")
    assert.strictEqual(first.stop_reason, "end_turn")
    assert.strictEqual(runs(server), 0)
    const messages = [
      { role: "user" as const, content: "Say hi." },
      { role: "assistant" as const, content: first.content as never },
      { role: "user" as const, content: "Yes, do." }
    ]
    const headers = { "x-tool-approval": "echo(text=h*); sleep" }
    const second = await server.client.messages.create({ ...question(""), messages }, { headers })
    assert.deepStrictEqual(shape(second.content), ["text", "mcp_tool_use", "mcp_tool_result", "text"])
    assert.include(JSON.stringify(second.content[2]), '"is_error":false')
    assert.strictEqual(runs(server), 1)
  })

  it("streams the same end", async () => {
    await using server = await startServer({ script: [call], config: asking })
    const final = await server.client.messages.stream(question("Say hi.")).finalMessage()
    assert.deepStrictEqual(shape(final.content), ["text", "mcp_tool_use", "mcp_tool_result", "text"])
    assert.strictEqual(final.stop_reason, "end_turn")
  })

  it("refuses a header that cannot be read, and approves nothing that is denied", async () => {
    await using server = await startServer({
      script: [call, { text: "Well." }],
      config: { "conversation.approval.rules": [{ tool: "echo", decision: "deny" }] }
    })
    const refused = await post(server, "/v1/messages", question("Hi"), { "x-tool-approval": "echo(text" })
    assert.strictEqual(refused.status, 400)
    assert.include(JSON.stringify(refused.body), "x-tool-approval")
    assert.strictEqual(server.fxLlm.requests.length, 0)
    const headers = { "x-tool-approval": "*" }
    const answered = await server.client.messages.create(question("Say hi."), { headers })
    assert.include(JSON.stringify(answered.content), "TOOL_DENIED")
    assert.strictEqual(runs(server), 0)
  })
})

describe("Chat Completions", () => {
  it("ends with a sentence, and stops", async () => {
    await using server = await startServer({ script: [call], config: asking })
    const { chat } = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "any", maxRetries: 0 })
    const { choices } = await chat.completions.create({
      model: "claude-any",
      messages: [{ role: "user", content: "Hi" }]
    })
    assert.strictEqual(choices[0]?.finish_reason, "stop")
    assert.include(choices[0]?.message.content, "it needs approval: echo")
    assert.strictEqual(runs(server), 0)
  })
})

describe("what needs approval over HTTP", () => {
  it("is nothing, unless the configuration says so", async () => {
    await using server = await startServer({ script: [call, { text: "Done." }] })
    await server.client.messages.create(question("Say hi."))
    assert.strictEqual(runs(server), 1)
  })

  it("is said by server.approval, and by a server of its own", async () => {
    for (const config of [{ "server.approval": "auto-safe" }, { "servers.fx.approval": "ask" }]) {
      await using server = await startServer({ script: [call], config })
      const { body } = await post(server, "/v1/messages", { ...question("Say hi."), stream: true })
      assert.include(body, "it needs approval: echo")
      assert.strictEqual(runs(server), 0)
    }
  })
})

const wishing = (require_approval: unknown) => ({
  model: "claude-any",
  tools: [{ type: "mcp", server_label: "fx", require_approval }]
})

const wish = (server: Server, require_approval: unknown, input: Array<unknown> = [asked]) =>
  post(server, "/v1/responses", { ...wishing(require_approval), input })

const types = ({ body }: Awaited<ReturnType<typeof wish>>): ReadonlyArray<string> =>
  body.output.map(({ type }: { readonly type: string }) => type)

describe("require_approval of a request", () => {
  it("has calls asked about that the host would run, and run once they are approved", async () => {
    await using server = await startServer({ script: [call, { text: "Done: {{toolResults}}" }] })
    const first = await wish(server, "always")
    assert.deepStrictEqual(types(first), ["message", "mcp_approval_request"])
    assert.strictEqual(runs(server), 0)
    const request = first.body.output.find(({ type }: { readonly type: string }) => type === "mcp_approval_request")
    const answer = { type: "mcp_approval_response", approval_request_id: request.id, approve: true }
    const second = await wish(server, "always", [asked, ...first.body.output, answer])
    assert.deepInclude(second.body.output[0], { type: "mcp_call", name: "echo", output: "hi" })
    assert.strictEqual(runs(server), 1)
  })

  it("is about the tools that it names", async () => {
    await using server = await startServer({ script: [both, { text: "Done." }] })
    const answer = await wish(server, { always: { tool_names: ["add"] } })
    const requests = answer.body.output.filter(({ type }: { readonly type: string }) => type === "mcp_approval_request")
    assert.deepStrictEqual(
      requests.map(({ name }: { readonly name: string }) => name),
      ["add"]
    )
    assert.deepStrictEqual([runs(server), runs(server, "add")], [1, 0])
  })

  for (const [decision, left] of [
    ["ask", ["message", "mcp_approval_request"]],
    ["deny", ["message", "mcp_call", "message"]]
  ] as const) {
    it(`wins nothing by "never" where the host says ${decision}`, async () => {
      const rules = [{ tool: "echo", decision }]
      await using server = await startServer({
        script: [call, { text: "Then not." }],
        config: { "conversation.approval.rules": rules }
      })
      const answer = await wish(server, "never")
      assert.deepStrictEqual(types(answer), [...left])
      assert.strictEqual(runs(server), 0)
    })
  }

  it("cannot ask about what the host denies", async () => {
    const rules = [{ tool: "echo", decision: "deny" }]
    await using server = await startServer({
      script: [call, { text: "Then not." }],
      config: { "conversation.approval.rules": rules }
    })
    assert.notInclude(types(await wish(server, "always")), "mcp_approval_request")
    assert.strictEqual(runs(server), 0)
  })
})
