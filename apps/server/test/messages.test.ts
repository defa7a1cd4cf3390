import { assert, describe, it } from "@effect/vitest"
import { aliased, callerTool, messagesOf, question, readEvents, shape, startServer, toolUse } from "./support.ts"

describe("a text answer", () => {
  it("is one message, with the caller's model name, the upstream's usage and ids of its own", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "Hello there.", usage: { inputTokens: 12, outputTokens: 5, cacheReadTokens: 7 } }
    })
    const { data, request_id, response } = await server.client.messages.create(aliased("Hi")).withResponse()
    assert.deepStrictEqual(data.content, [{ type: "text", text: "Hello there." }] as never)
    assert.match(data.id, /^msg_[0-9a-f]{24}$/)
    assert.deepInclude(data, {
      type: "message",
      role: "assistant",
      model: "claude/claude-any",
      stop_reason: "end_turn"
    })
    assert.deepInclude(data.usage, { input_tokens: 12, output_tokens: 5, cache_read_input_tokens: 7 })
    assert.match(request_id ?? "", /^req_[0-9a-f]{24}$/)
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/)
    assert.strictEqual(server.fxLlm.requests[0]?.model, "claude-any")
  })

  it("streams: the first words are there before the upstream has said its last", async () => {
    await using server = await startServer({ mcp: false, script: { text: ["One ", "two ", "three"], hold: 1 } })
    const stream = server.client.messages.stream(question("Count"))
    const first = await new Promise((resolve) => stream.once("text", resolve))
    assert.strictEqual(first, "One ")
    await server.fxLlm.waitForHeld(1)
    assert.strictEqual(server.fxLlm.release(), 1)
    const message = await stream.finalMessage()
    assert.deepInclude(message, { stop_reason: "end_turn", model: "claude-any" })
    assert.strictEqual(await stream.finalText(), "One two three")
  })

  it("is the same streamed and whole", async () => {
    const blocks = [
      { type: "thinking", thinking: "Hm.", signature: "signed" },
      { type: "text", text: "Yes." }
    ] as const
    const script = { blocks, usage: { inputTokens: 3, outputTokens: 4 } }
    await using server = await startServer({ mcp: false, script })
    const whole = await server.client.messages.create(question("Well?"))
    const streamed = await server.client.messages.stream(question("Well?")).finalMessage()
    // `parsed_output` is the client's own addition.
    assert.deepStrictEqual<object>({ ...streamed, id: "" }, { ...whole, id: "", parsed_output: null })
  })

  it("has the events of the API, each on its named line", async () => {
    await using server = await startServer({ mcp: false, script: { text: ["Yes", "."] } })
    const response = await server.post(JSON.stringify({ ...aliased("Well?"), stream: true }))
    assert.strictEqual(response.headers.get("content-type"), "text/event-stream; charset=utf-8")
    const events = readEvents(await response.text())
    assert.deepStrictEqual(
      events.map(({ event }) => event),
      [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop"
      ]
    )
    for (const { data, event } of events) assert.strictEqual(data["type"], event)
  })
})

describe("a turn of several model calls", () => {
  const steps = [
    {
      text: "First.",
      toolCalls: [{ name: "echo", input: { text: "x" } }],
      usage: { inputTokens: 10, outputTokens: 3 }
    },
    {
      text: "Then.",
      toolCalls: [{ name: "fx__add", input: { a: 1, b: 2 } }],
      usage: { inputTokens: 20, outputTokens: 4 }
    },
    { text: "Done.", usage: { inputTokens: 30, outputTokens: 5 } }
  ]

  it("is one message with one start, one stop and the sum of the usages", async () => {
    await using server = await startServer({ script: [...steps, ...steps] })
    const response = await server.post(JSON.stringify({ ...question("Go"), stream: true }))
    const events = readEvents(await response.text())
    const names = events.map(({ event }) => event)
    assert.strictEqual(names[0], "message_start")
    assert.strictEqual(names.at(-1), "message_stop")
    for (const once of ["message_start", "message_delta", "message_stop"]) {
      assert.strictEqual(names.filter((name) => name === once).length, 1, once)
    }
    const starts = events.flatMap(({ data, event }) => (event === "content_block_start" ? [data["index"]] : []))
    assert.deepStrictEqual(starts, [0, 1, 2, 3, 4, 5, 6])

    const whole = await server.client.messages.create(question("Go"))
    assert.deepStrictEqual(shape(whole.content), [
      "text",
      "mcp_tool_use",
      "mcp_tool_result",
      "text",
      "mcp_tool_use",
      "mcp_tool_result",
      "text"
    ])
    assert.deepInclude(whole.usage, { input_tokens: 60, output_tokens: 12 })
    assert.strictEqual(whole.stop_reason, "end_turn")
    const servers = (whole.content as unknown as ReadonlyArray<Record<string, unknown>>).map(
      (block) => block["server_name"]
    )
    assert.deepStrictEqual(servers[4], "fx")
  })

  it("can be sent back and is a history that the upstream takes", async () => {
    await using server = await startServer({ script: [...steps, { text: "Welcome." }] })
    const first = await server.client.messages.stream(question("Go")).finalMessage()
    await server.client.messages.create({
      ...question(""),
      messages: [
        { role: "user", content: "Go" },
        { role: "assistant", content: first.content },
        { role: "user", content: "Thanks" }
      ]
    })
    assert.deepStrictEqual(
      messagesOf(server.fxLlm.requests[3]?.body).map(({ content, role }) => [role, shape(content as never)]),
      [
        ["user", ["text"]],
        ["assistant", ["text", "tool_use"]],
        ["user", ["tool_result"]],
        ["assistant", ["text", "tool_use"]],
        ["user", ["tool_result"]],
        ["assistant", ["text"]],
        ["user", ["text"]]
      ] as never
    )
  })

  it("has whole calls for the beta client too", async () => {
    await using server = await startServer({ script: steps })
    const message = await server.client.beta.messages.stream(question("Go")).finalMessage()
    assert.deepInclude(message.content[1], { type: "mcp_tool_use", input: { text: "x" } })
    assert.deepInclude(message.content[4], { type: "mcp_tool_use", name: "fx__add", server_name: "fx" })
  })

  it("tells the model of a tool that failed, and shows it", async () => {
    await using server = await startServer({
      mcp: { tools: "fail" },
      script: [{ toolCalls: [{ name: "fail" }] }, { toolCalls: [{ name: "nope" }] }, { text: "Pity." }]
    })
    const message = await server.client.messages.create(question("Go"))
    const results = (message.content as unknown as ReadonlyArray<Record<string, unknown>>).filter(
      ({ type }) => type === "mcp_tool_result"
    )
    assert.deepStrictEqual(
      results.map((result) => result["is_error"]),
      [true, true]
    )
    assert.include(JSON.stringify(results[1]), "TOOL_NOT_FOUND")
    assert.strictEqual(message.stop_reason, "end_turn")
  })
})

describe("the limit of tool rounds", () => {
  const config = { "conversation.maxHops": 1 }
  const again = { name: "echo", input: { text: "again" } }

  it("ends the message with a sentence, and every call has its result", async () => {
    await using server = await startServer({ config, script: { toolCalls: [again] } })
    for (const message of [
      await server.client.messages.create(question("Go")),
      await server.client.messages.stream(question("Go")).finalMessage()
    ]) {
      assert.deepStrictEqual(shape(message.content), [
        "mcp_tool_use",
        "mcp_tool_result",
        "mcp_tool_use",
        "mcp_tool_result",
        "text"
      ])
      assert.strictEqual(message.stop_reason, "end_turn")
      assert.deepInclude<object>(message.content[3] ?? {}, { is_error: true })
      assert.include(JSON.stringify(message.content[4]), "limit (1)")
    }
  })

  it("hands back the caller's call of the last reply, which can be answered", async () => {
    const both = { toolCalls: [again, { name: "read_file", input: { path: "a.txt" } }] }
    await using server = await startServer({
      config,
      script: [{ toolCalls: [again] }, both, { text: "{{toolResults}}" }]
    })
    const request = { ...question("Go"), tools: [callerTool("read_file")] }
    const first = await server.client.messages.create(request)
    assert.deepStrictEqual(shape(first.content), [
      "mcp_tool_use",
      "mcp_tool_result",
      "mcp_tool_use",
      "tool_use",
      "mcp_tool_result"
    ])
    assert.strictEqual(first.stop_reason, "tool_use")
    const answer = { type: "tool_result" as const, tool_use_id: toolUse(first).id, content: "the text of a" }
    const second = await server.client.messages.create({
      ...request,
      messages: [
        ...request.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: [answer] }
      ]
    })
    assert.match(JSON.stringify(second.content[0]), /TOOL_LIMIT_REACHED.*the text of a/)
  })
})

describe("an answer that is cut off in its calls", () => {
  it("runs none of them, keeps its stop reason and can be sent back", async () => {
    const toolCalls = [
      { name: "write", input: { key: "k", value: "v" } },
      { name: "read_file", input: { path: "a" } }
    ]
    await using server = await startServer({
      script: [{ toolCalls, stopReason: "max_tokens" }, { toolCalls, stopReason: "max_tokens" }, { text: "Shorter." }]
    })
    const request = { ...question("Go"), tools: [callerTool("read_file")] }
    const whole = await server.client.messages.create(request)
    const streamed = await server.client.messages.stream(request).finalMessage()
    for (const message of [whole, streamed]) {
      assert.deepStrictEqual(shape(message.content), ["mcp_tool_use", "tool_use", "mcp_tool_result"])
      assert.strictEqual(message.stop_reason, "max_tokens")
    }
    assert.isFalse(server.mcpLog().some(({ event }) => event === "call_start"))
    const content = [
      { type: "tool_result" as const, tool_use_id: toolUse(whole).id, is_error: true, content: "cut off" },
      { type: "text" as const, text: "Go on" }
    ]
    await server.client.messages.create({
      ...request,
      messages: [...request.messages, { role: "assistant", content: whole.content }, { role: "user", content }]
    })
    assert.deepStrictEqual(
      messagesOf(server.fxLlm.requests[2]?.body).map((message) => shape(message["content"] as never)),
      [["text"], ["tool_use", "tool_use"], ["tool_result", "tool_result", "text"]]
    )
  })
})

describe("a tool of the caller with the name of one of the host's", () => {
  it("keeps its name; the host's gives way", async () => {
    const call = {
      toolCalls: [
        { name: "echo", input: { path: "p" } },
        { name: "fx__echo", input: { text: "t" } }
      ]
    }
    await using server = await startServer({ script: call })
    const message = await server.client.messages.create({ ...question("Go"), tools: [callerTool("echo")] })
    assert.deepStrictEqual(shape(message.content), ["tool_use", "mcp_tool_use", "mcp_tool_result"])
    assert.deepStrictEqual(server.fxLlm.requests[0]?.offeredTools, ["echo", "fx__echo", "add", "sleep", "write"])
    assert.deepInclude(toolUse(message), { name: "echo", input: { path: "p" } })
  })
})

describe("a request", () => {
  it("may hold images, system messages, unknown fields and blocks", async () => {
    await using server = await startServer({ mcp: false, script: { text: "Seen." } })
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } }
    const response = await server.post(
      JSON.stringify({
        ...question(""),
        system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
        metadata: { user_id: "u" },
        surprise: { deep: true },
        messages: [
          { role: "user", content: [image, { type: "text", text: "What is it?" }] },
          { role: "system", content: "Answer in English." }
        ]
      })
    )
    assert.strictEqual(response.status, 200)
    const sent = server.fxLlm.requests[0]?.body
    assert.deepInclude(sent, { metadata: { user_id: "u" }, surprise: { deep: true } })
    assert.deepStrictEqual(messagesOf(sent)[0]?.["content"], [image, { type: "text", text: "What is it?" }])
  })
})

describe("the offline model", () => {
  it("answers through the server as any other", async () => {
    await using server = await startServer({ config: { "model.provider": "offline" } })
    const message = await server.client.messages.create(question('echo "hello there"'))
    assert.strictEqual(message.stop_reason, "end_turn")
    assert.include(JSON.stringify(message.content), "hello there")
    const content: ReadonlyArray<{ readonly type: string }> = message.content
    const call = content.find(({ type }) => type === "mcp_tool_use")
    assert.deepInclude<object>(call ?? {}, { name: "echo", server_name: "fx" })
  })
})
