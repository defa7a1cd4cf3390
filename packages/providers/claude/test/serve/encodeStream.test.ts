import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import {
  type ContentBlock,
  eventsOf,
  type ModelReply,
  ProviderOverloaded,
  type ServedEvent,
  type ServedStream,
  type ToolResultBlock
} from "@signalbox/model"
import { encodeReply, encodeStream, renderEvent, startStream } from "@signalbox/provider-claude/serve"
import { EventWire } from "@signalbox/provider-claude/wire"
import { Effect, Schema } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

const turn: ServedStream = {
  id: "msg_0123456789abcdef01234567",
  model: "big",
  runBy: (name) => (name.startsWith("host") ? { _tag: "Host", source: "files" } : { _tag: "Caller" })
}
const call = (name: string, id: string): ContentBlock => ({ type: "tool_use", id: `toolu_${id}`, name, input: { id } })
const reply = (content: ReadonlyArray<ContentBlock>, stop = "tool_use"): ModelReply => ({
  id: "msg_up",
  model: "m",
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: {
    input_tokens: 10,
    output_tokens: 3,
    output_tokens_details: { thinking_tokens: 2 },
    server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 },
    service_tier: "standard"
  }
})
const result = (id: string): ToolResultBlock => ({
  type: "tool_result",
  tool_use_id: `toolu_${id}`,
  content: `answer ${id}`
})
const model = (said: ModelReply): ReadonlyArray<ServedEvent> =>
  eventsOf(said).map((event) => ({ type: "model", event }))
const answered = (id: string): ServedEvent => ({ type: "result", result: result(id) })

const steps = [
  {
    reply: reply([
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "text", text: "a" },
      call("host_a", "1")
    ]),
    results: [result("1")]
  },
  {
    reply: {
      ...reply([call("mine", "2"), call("host_b", "3")]),
      stop_details: { type: "refusal", category: "none", explanation: null },
      vendor: {
        anthropic: {
          container: { id: "container_1", expires_at: "2026-12-01T00:00:00Z" },
          context_management: { applied_edits: [] }
        }
      }
    },
    results: [result("3")]
  }
]

const run = (inputs: ReadonlyArray<ServedEvent>) => {
  let state = startStream(turn)
  const events: Array<EventWire> = []
  for (const input of inputs) {
    const [next, more] = encodeStream(state, input)
    state = next
    events.push(...more)
  }
  return { events, state }
}

const whole: ReadonlyArray<ServedEvent> = [
  ...model(steps[0]?.reply ?? reply([])),
  answered("1"),
  { type: "ping" },
  ...model(steps[1]?.reply ?? reply([])),
  answered("3"),
  { type: "end" }
]

/** Serves the events to the official SDK and gives what it made of them. */
const readBySdk = (events: ReadonlyArray<EventWire>) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const listening = createServer((_request, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.end(events.map(renderEvent).join(""))
        })
        await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve))
        return listening
      }),
      (listening) => Effect.sync(() => listening.close())
    )
    const { port } = server.address() as AddressInfo // A listening TCP server has an address with a port.
    const client = new Anthropic({ apiKey: "k", baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 })
    return yield* Effect.promise(() =>
      client.beta.messages
        .stream({ model: "big", max_tokens: 10, messages: [{ role: "user", content: "go" }] })
        .finalMessage()
    )
  }).pipe(Effect.scoped)

describe("encodeStream", () => {
  it("makes one message whose blocks are numbered in order and never overlap", () => {
    const { events } = run(whole)
    let open: number | undefined
    let next = 0
    for (const event of events) {
      assert.isTrue(Schema.is(EventWire)(event))
      if (event.type === "content_block_start") {
        assert.isUndefined(open)
        assert.strictEqual(event.index, next++)
        open = event.index
      } else if (event.type === "content_block_delta") assert.strictEqual(event.index, open)
      else if (event.type === "content_block_stop") {
        assert.strictEqual(event.index, open)
        open = undefined
      }
    }
    const count = (type: string) => events.filter((event) => event.type === type).length
    assert.deepStrictEqual(
      [count("message_start"), count("message_delta"), count("message_stop"), count("ping")],
      [1, 1, 1, 1]
    )
    assert.strictEqual(events.at(-1)?.type, "message_stop")
  })

  it.effect("gives the official SDK the same message as the whole answer", () =>
    Effect.gen(function* () {
      const { parsed_output: _parsed, ...message } = yield* readBySdk(run(whole).events)
      const expected = encodeReply({
        id: turn.id,
        model: turn.model,
        steps: steps.map((step) => ({
          ...step,
          reply: {
            ...step.reply,
            content: step.reply.content.map((block) =>
              block.type === "tool_use" ? { ...block, runBy: turn.runBy(block.name) } : block
            )
          }
        }))
      })
      assert.deepStrictEqual(JSON.parse(JSON.stringify(message)), JSON.parse(JSON.stringify(expected)))
      assert.strictEqual(message.stop_reason, "tool_use")
      assert.strictEqual(message.usage.input_tokens, 20)
      assert.deepStrictEqual(message.usage.output_tokens_details, { thinking_tokens: 4 })
      assert.deepInclude(message.usage, {
        server_tool_use: { web_search_requests: 2, web_fetch_requests: 0 },
        service_tier: "standard"
      })
      assert.deepInclude(message, { context_management: { applied_edits: [] } })
      assert.strictEqual(message.container?.id, "container_1")
      assert.strictEqual(message.stop_details?.type, "refusal")
    })
  )

  it("holds a result back until the step that is speaking has ended", () => {
    const said = model(reply([call("host_a", "1"), { type: "text", text: "wait" }]))
    const { events } = run([...said.slice(0, 4), answered("1"), ...said.slice(4), { type: "end" }])
    assert.deepStrictEqual(
      events.flatMap((event) => (event.type === "content_block_start" ? [event.content_block["type"]] : [])),
      ["mcp_tool_use", "text", "mcp_tool_result"]
    )
  })

  it("opens early with an estimate, and only once", () => {
    const { events } = run([
      { type: "start", inputTokens: 42 },
      { type: "ping" },
      ...model(reply([], "end_turn")),
      { type: "end" }
    ])
    assert.deepStrictEqual(
      events.map(({ type }) => type),
      ["message_start", "ping", "message_delta", "message_stop"]
    )
    assert.strictEqual(events[0]?.type === "message_start" ? events[0].message.usage.input_tokens : undefined, 42)
  })

  it("says an error once and nothing after it", () => {
    const error = new ProviderOverloaded({ provider: "claude", reason: "busy", httpStatus: 529 })
    const { events, state } = run([
      ...model(reply([{ type: "text", text: "a" }])).slice(0, 2),
      { type: "failed", error, requestId: "req_1" },
      { type: "ping" },
      { type: "end" }
    ])
    assert.deepStrictEqual(events.at(-1), {
      type: "error",
      error: { type: "overloaded_error", message: error.message },
      request_id: "req_1"
    })
    assert.strictEqual(state.phase, "ended")
    assert.strictEqual(run([{ type: "ping" }]).state.phase, "new")
  })

  const broken = (name: string, invalidInput: string): ContentBlock => ({
    type: "tool_use",
    id: "toolu_1",
    name,
    input: {},
    invalidInput
  })
  const inputOf = (events: ReadonlyArray<EventWire>): string =>
    events.map((event) => (event.type === "content_block_delta" ? String(event.delta["partial_json"]) : "")).join("")

  it("hands over what the model gave a tool of the caller's instead of an object, streamed as whole", () => {
    for (const text of ["read the file", "[1]", '"a"']) {
      const said = reply([broken("own", text)])
      const { events } = run([...model(said), { type: "end" }])
      assert.deepStrictEqual(JSON.parse(inputOf(events)), { INVALID_JSON: text })
      assert.strictEqual(events.find((event) => event.type === "message_delta")?.delta.stop_reason, "tool_use")
      const whole = encodeReply({ id: "msg_1", model: "m", steps: [{ reply: said, results: [] }] })
      assert.deepInclude(whole.content[0], { input: { INVALID_JSON: text } })
    }
  })

  it("ends with an error where a caller's tool would run with the beginning of its arguments", () => {
    const text = '{"path": "/tmp/a'
    const said = reply([broken("own", text)])
    const { events, state } = run([...model(said), { type: "end" }])
    assert.deepStrictEqual(events.at(-1), {
      type: "error",
      error: {
        type: "api_error",
        message:
          'The model answered something that its API does not allow: its arguments for the tool "own" are no JSON object.'
      }
    })
    assert.isFalse(events.some((event) => event.type === "message_delta" || event.type === "message_stop"))
    assert.strictEqual(state.phase, "ended")
    const whole = encodeReply({ id: "msg_1", model: "m", steps: [{ reply: said, results: [] }] })
    assert.deepInclude(whole.content[0], { input: { INVALID_JSON: text } })
    // An answer that was cut off says so, and no client runs what it cut.
    const cut = run([...model({ ...said, stop_reason: "max_tokens" }), { type: "end" }])
    assert.strictEqual(cut.events.find((event) => event.type === "message_delta")?.delta.stop_reason, "max_tokens")
    assert.strictEqual(cut.events.at(-1)?.type, "message_stop")
  })

  it("leaves out arguments that are no object, and blocks of another vendor", () => {
    const foreign: ContentBlock = { type: "opaque", vendor: "openai", block: { type: "x" } }
    const { events } = run([
      ...model(reply([foreign, broken("host_a", "read the file")])),
      answered("1"),
      { type: "end" }
    ])
    assert.isFalse(events.some((event) => event.type === "content_block_delta"))
    assert.deepStrictEqual(
      events.flatMap((event) => (event.type === "content_block_start" ? [event.index] : [])),
      [0, 1]
    )
  })

  it("ends with pause_turn when a turn is cut after its tools", () => {
    const { events } = run([...model(reply([call("host_a", "1")])), answered("1"), { type: "end" }])
    const delta = events.find((event) => event.type === "message_delta")
    assert.strictEqual(delta?.delta.stop_reason, "pause_turn")
  })

  it("renders every event with its name", () => {
    assert.strictEqual(renderEvent({ type: "ping" }), 'event: ping\ndata: {"type":"ping"}\n\n')
  })
})
