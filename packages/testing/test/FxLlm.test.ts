import { assert, describe, it } from "@effect/vitest"
import {
  type FxLlm,
  readFxLlmLog,
  type Reply,
  type Script,
  startFxLlm,
  tempDirectory,
  waitFor
} from "@signalbox/testing"
import {
  eventsOf,
  json,
  type Meaning,
  meaningOfChat,
  meaningOfChatStream,
  meaningOfMessages,
  meaningOfMessagesStream,
  meaningOfResponses,
  meaningOfResponsesStream
} from "./meanings.ts"

const paths = { messages: "/v1/messages", chat: "/v1/chat/completions", responses: "/v1/responses" }

const ask = (fxLlm: FxLlm, dialect: keyof typeof paths, body: object = {}, signal?: AbortSignal): Promise<Response> =>
  fetch(`${fxLlm.url}${paths[dialect]}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", max_tokens: 10, messages: [{ role: "user", content: "hi" }], ...body }),
    ...(signal === undefined ? {} : { signal })
  })

const read = async (...args: Parameters<typeof ask>): Promise<string> => (await ask(...args)).text()

const richReply: Reply = {
  thinking: "Let me add.",
  text: "I will add them. ❤️🧵",
  toolCalls: [
    { name: "add", input: { a: 1, b: 2 } },
    { name: "echo", input: { text: "x" } }
  ],
  usage: { inputTokens: 10, outputTokens: 20, cacheReadTokens: 5, cacheWriteTokens: 3, thinkingTokens: 4 },
  chunks: 5
}

describe("FxLlm", () => {
  it("renders one reply to six wires with equal meaning", async () => {
    await using fxLlm = await startFxLlm({ script: richReply })
    const expected: Meaning = {
      text: "I will add them. ❤️🧵",
      thinking: "Let me add.",
      calls: [
        { name: "add", input: { a: 1, b: 2 } },
        { name: "echo", input: { text: "x" } }
      ],
      stop: "tool_use",
      inputTokens: 18,
      outputTokens: 20
    }
    const chatStream = { stream: true, stream_options: { include_usage: true } }
    assert.deepStrictEqual(meaningOfMessages(await read(fxLlm, "messages")), expected)
    assert.deepStrictEqual(meaningOfMessagesStream(await read(fxLlm, "messages", { stream: true })), expected)
    assert.deepStrictEqual(meaningOfChat(await read(fxLlm, "chat")), expected)
    assert.deepStrictEqual(meaningOfChatStream(await read(fxLlm, "chat", chatStream)), expected)
    assert.deepStrictEqual(meaningOfResponses(await read(fxLlm, "responses")), expected)
    assert.deepStrictEqual(meaningOfResponsesStream(await read(fxLlm, "responses", { stream: true })), expected)
  })

  it("reads a Responses request as it reads the others", async () => {
    await using fxLlm = await startFxLlm({ script: { text: "x" } })
    const body = {
      messages: undefined,
      instructions: "be brief",
      tools: [{ type: "function", name: "read", parameters: {} }],
      input: [
        { role: "developer", content: "and kind" },
        { role: "user", content: [{ type: "input_text", text: "go" }] },
        { type: "function_call", call_id: "c", name: "read", arguments: "{}" },
        { type: "function_call_output", call_id: "c", output: "42" }
      ]
    }
    await read(fxLlm, "responses", body)
    await read(fxLlm, "responses", { ...body, input: "hello" })
    const [first, second] = fxLlm.requests
    assert.deepInclude(first, {
      kind: "responses",
      system: "be brief\nand kind",
      lastUserText: "go",
      toolResults: ["42"],
      offeredTools: ["read"]
    })
    assert.strictEqual(second?.lastUserText, "hello")
  })

  it("counts the input tokens of a Responses request", async () => {
    await using fxLlm = await startFxLlm()
    const response = await fetch(`${fxLlm.url}/v1/responses/input_tokens`, { method: "POST", body: '{"input":"hi"}' })
    assert.deepStrictEqual(await response.json(), { object: "response.input_tokens", input_tokens: 4 })
  })

  it("orders the Messages events as the API does, with a ping after the first block start", async () => {
    await using fxLlm = await startFxLlm({ script: { text: ["a", "b"] } })
    const response = await ask(fxLlm, "messages", { stream: true })
    assert.match(response.headers.get("request-id") ?? "", /^req_/)
    assert.deepStrictEqual(
      eventsOf(await response.text()).map(({ event }) => event),
      [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop"
      ]
    )
  })

  it("sends Chat usage only when asked, except below /api as OpenRouter does", async () => {
    await using fxLlm = await startFxLlm({ script: { text: "x" } })
    assert.notInclude(await (await ask(fxLlm, "chat", { stream: true })).text(), `"usage"`)
    const response = await fetch(`${fxLlm.url}/api/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ stream: true, messages: [] })
    })
    assert.include(await response.text(), `"usage"`)
  })

  it("streams the arguments of several calls alternately when asked", async () => {
    await using fxLlm = await startFxLlm({ script: { ...richReply, interleaveToolCalls: true } })
    const text = await (await ask(fxLlm, "chat", { stream: true, stream_options: { include_usage: true } })).text()
    const order = [...text.matchAll(/"tool_calls":\[\{"index":(\d)/g)].map((match) => match[1])
    assert.deepStrictEqual(order.slice(0, 4), ["0", "1", "0", "1"])
    assert.strictEqual(meaningOfChatStream(text).calls.length, 2)
  })

  it("uses replies in order, rules first, and fails loudly when they are used up", async () => {
    const script: Script = [
      { when: { hasToolResults: true }, reply: { text: "Tool said {{lastToolResult}}" } },
      { when: { lastUserTextMatches: "^weather" }, reply: [{ text: "sun" }, { text: "rain" }], times: 2 },
      { text: "first" },
      { text: "second to {{lastUserText}} ({{n}})" }
    ]
    await using fxLlm = await startFxLlm({ script })
    const say = async (content: unknown) => {
      const response = await ask(fxLlm, "messages", { messages: [{ role: "user", content }] })
      return response.ok ? meaningOfMessages(await response.text()).text : response.status
    }
    assert.deepStrictEqual(
      [
        await say("one"),
        await say("weather?"),
        await say("weather?"),
        await say([{ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "42" }] }]),
        await say("two"),
        await say("weather?")
      ],
      ["first", "sun", "rain", "Tool said 42", "second to two (5)", 400]
    )
  })

  it("echoes without a script", async () => {
    await using fxLlm = await startFxLlm()
    assert.strictEqual(meaningOfChat(await (await ask(fxLlm, "chat")).text()).text, "hi")
  })

  it("records what was asked, in both dialects alike", async () => {
    await using folder = await tempDirectory()
    const logFile = folder.file("requests.jsonl")
    await using fxLlm = await startFxLlm({ logFile })
    await (await ask(fxLlm, "messages", { system: "be kind", tools: [{ name: "add", input_schema: {} }] })).text()
    const chat = {
      messages: [
        { role: "system", content: "be kind" },
        { role: "user", content: "hi" },
        { role: "assistant", content: null, tool_calls: [] },
        { role: "tool", tool_call_id: "t", content: "42" }
      ],
      tools: [{ type: "function", function: { name: "add" } }]
    }
    await (await ask(fxLlm, "chat", chat)).text()
    await fxLlm.waitForClosed(2)
    const [first, second] = fxLlm.requests
    assert.deepInclude(first, {
      kind: "messages",
      system: "be kind",
      lastUserText: "hi",
      offeredTools: ["add"],
      status: 200
    })
    assert.deepInclude(second, { kind: "chat", system: "be kind", toolResults: ["42"], offeredTools: ["add"] })
    assert.deepStrictEqual([first?.outcome, second?.outcome], ["completed", "completed"])
    // The built-in fetch may open a second connection before it reuses the first.
    assert.isAtMost(fxLlm.connections, 2)
    assert.strictEqual(first?.connection, 1)
    assert.deepStrictEqual(
      readFxLlmLog(logFile).map(({ event, n }) => [event, n]),
      [
        ["request", 1],
        ["end", 1],
        ["request", 2],
        ["end", 2]
      ]
    )
  })

  it("holds a stream until it is released, and sees a client leave meanwhile", async () => {
    await using fxLlm = await startFxLlm({ script: { text: ["a", "b", "c"], hold: 1 } })
    const response = await ask(fxLlm, "messages", { stream: true })
    const held = await fxLlm.waitForHeld(1)
    assert.strictEqual(held.piecesSent, 1)
    assert.strictEqual(fxLlm.release(), 1)
    assert.strictEqual(meaningOfMessagesStream(await response.text()).text, "abc")

    const leaving = new AbortController()
    await ask(fxLlm, "chat", { stream: true }, leaving.signal)
    await fxLlm.waitForHeld(2)
    leaving.abort()
    const left = await fxLlm.waitForClosed(2)
    assert.deepInclude(left, { outcome: "closed_by_client", isHeld: false })
  })

  it("answers errors in the envelope of the dialect", async () => {
    await using fxLlm = await startFxLlm({ script: { fault: { kind: "status", status: 529, retryAfter: 7 } } })
    const messages = await ask(fxLlm, "messages")
    assert.deepStrictEqual([messages.status, messages.headers.get("retry-after")], [529, "7"])
    assert.deepInclude(json(await messages.text()), { type: "error", request_id: messages.headers.get("request-id") })
    fxLlm.use({ fault: { kind: "status", status: 429, message: "slow down" } })
    const chat = await ask(fxLlm, "chat")
    assert.deepInclude(json(await chat.text()).error, {
      message: "slow down",
      code: "rate_limit_exceeded",
      param: null
    })
  })

  const broken: ReadonlyArray<readonly [name: string, reply: Reply, test: (text: string) => void]> = [
    [
      "early_end",
      { fault: { kind: "early_end" } },
      (text) => {
        assert.include(text, `"text":"c"`)
        assert.notInclude(text, "message_stop")
      }
    ],
    [
      "early_end in the middle",
      { fault: { kind: "early_end", afterPieces: 1 } },
      (text) => assert.notInclude(text, `"text":"b"`)
    ],
    [
      "malformed",
      { fault: { kind: "malformed", afterPieces: 1 } },
      (text) => assert.throws(() => eventsOf(text).forEach(({ data }) => json(data)))
    ],
    [
      "error_event",
      { fault: { kind: "error_event", afterPieces: 2 } },
      (text) => assert.strictEqual(json(eventsOf(text).at(-1)?.data ?? "").error.type, "overloaded_error")
    ],
    ["oversized", { fault: { kind: "oversized", bytes: 100_000 } }, (text) => assert.isAbove(text.length, 100_000)],
    ["empty", { fault: { kind: "empty" } }, (text) => assert.strictEqual(text, "")],
    ["html", { fault: { kind: "html" } }, (text) => assert.include(text, "<!doctype html>")]
  ]
  for (const [name, reply, test] of broken) {
    it(`breaks a stream: ${name}`, async () => {
      await using fxLlm = await startFxLlm({ script: { text: ["a", "b", "c"], ...reply } })
      const response = await ask(fxLlm, "messages", { stream: true })
      assert.strictEqual(response.status, 200)
      test(await response.text())
    })
  }

  it("resets the connection before the headers or in the middle", async () => {
    await using fxLlm = await startFxLlm({
      script: [
        { text: "abc", fault: { kind: "reset" } },
        { text: ["a", "b"], fault: { kind: "reset", afterPieces: 1 } }
      ]
    })
    assert.strictEqual(await fails(ask(fxLlm, "messages", { stream: true })), "failed")
    const response = await ask(fxLlm, "messages", { stream: true })
    assert.strictEqual(await fails(response.text()), "failed")
    assert.strictEqual((await fxLlm.waitForClosed(2)).outcome, "cut_by_fault")
  })

  it("breaks off right after the head", async () => {
    await using fxLlm = await startFxLlm({
      script: [
        { text: "abc", fault: { kind: "stall", afterPieces: "head" } },
        { text: "abc", fault: { kind: "reset", afterPieces: "head" } }
      ]
    })
    const leaving = new AbortController()
    const stalled = await ask(fxLlm, "messages", { stream: true }, leaving.signal)
    assert.strictEqual(stalled.status, 200)
    leaving.abort()
    assert.deepInclude(await fxLlm.waitForClosed(1), { outcome: "closed_by_client", piecesSent: 0 })
    assert.strictEqual(await fails(read(fxLlm, "messages", { stream: true })), "failed")
    assert.deepInclude(await fxLlm.waitForClosed(2), { outcome: "cut_by_fault", status: 200 })
  })

  it("breaks the chunks of HTTP, streamed and whole, and closes the connection", async () => {
    await using fxLlm = await startFxLlm({
      script: { text: ["a", "b"], fault: { kind: "broken_chunk", afterPieces: 1 } }
    })
    for (const stream of [true, false]) {
      const response = await ask(fxLlm, "messages", { stream })
      assert.strictEqual(response.status, 200)
      assert.strictEqual(await fails(response.text()), "failed")
    }
    assert.strictEqual((await fxLlm.waitForClosed(2)).outcome, "cut_by_fault")
    await waitFor(() => fxLlm.openConnections === 0, { description: "no connection to be open" })
    assert.strictEqual(fxLlm.connections, 2)
  })

  it("stalls until the client gives up", async () => {
    await using fxLlm = await startFxLlm({ script: { text: ["a", "b"], fault: { kind: "stall", afterPieces: 1 } } })
    const leaving = new AbortController()
    const response = await ask(fxLlm, "chat", { stream: true }, leaving.signal)
    const reader = response.body?.getReader()
    await reader?.read()
    leaving.abort()
    assert.strictEqual((await fxLlm.waitForClosed(1)).outcome, "closed_by_client")
  })

  it("counts tokens, lists models, and answers other paths with a JSON 404", async () => {
    await using fxLlm = await startFxLlm({ models: ["claude-x", "y"] })
    const count = await fetch(`${fxLlm.url}/v1/messages/count_tokens`, { method: "POST", body: `{"messages":[]}` })
    assert.deepStrictEqual(await count.json(), { input_tokens: 4 })
    const models = json(await (await fetch(`${fxLlm.url}/v1/models?limit=1000`)).text())
    assert.deepStrictEqual([models.first_id, models.data.length, models.has_more], ["claude-x", 2, false])
    const unknown = await fetch(`${fxLlm.url}/v1/agents`)
    assert.deepStrictEqual([unknown.status, json(await unknown.text()).error.type], [404, "not_found_error"])
    assert.strictEqual(fxLlm.requests.length, 0)
    assert.strictEqual(fxLlm.otherRequests.length, 3)
  })
})

const fails = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "succeeded",
    () => "failed"
  )
