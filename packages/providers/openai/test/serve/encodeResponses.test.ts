import { assert, describe, it } from "@effect/vitest"
import { ProviderRateLimited, type ServedEvent, type ServedStep } from "@signalbox/model"
import {
  encodeResponsesReply,
  encodeResponsesStream,
  renderResponsesEvent,
  type ResponsesEvent,
  type ResponsesStream,
  startResponsesStream
} from "@signalbox/provider-openai/serve"
import { Cause, Effect } from "effect"
import { APIError } from "openai"
import type { ResponseFailedEvent } from "openai/resources/responses/responses"
import {
  call,
  eventsOfSteps,
  marked,
  plain,
  reply,
  run,
  runBy,
  said,
  steps,
  streamed,
  thought,
  withSdk
} from "./turns.ts"

const stream: ResponsesStream = {
  id: "resp_0123456789abcdef01234567",
  model: "big",
  created: 1_790_000_000,
  echo: { instructions: "be brief", tools: [] },
  callForms: new Map(),
  runBy
}

const encode = (inputs: ReadonlyArray<ServedEvent>, more: Partial<ResponsesStream> = {}) =>
  run(startResponsesStream({ ...stream, ...more }), encodeResponsesStream, inputs)

const whole = (given: ReadonlyArray<ServedStep>, more: Partial<ResponsesStream> = {}) =>
  encodeResponsesReply({ ...stream, steps: marked(given), ...more })

const types = (events: ReadonlyArray<ResponsesEvent>) => events.map(({ type }) => type)

const readBySdk = (events: ReadonlyArray<ResponsesEvent>) =>
  withSdk(streamed(events.map(renderResponsesEvent).join("")), async (client) => {
    const reading = client.responses.stream({ model: "big", input: "go" })
    let text = ""
    reading.on("response.output_text.delta", ({ delta }) => {
      text += delta
    })
    return { response: await reading.finalResponse(), text }
  })

const digits = "0123456789abcdef01234567"

const endOf = (stop: string) => {
  const { incomplete_details, status } = whole([{ reply: reply([said("a")], stop), results: [] }])
  return [status, incomplete_details]
}

const parsedOf = (item: Record<string, unknown>) => {
  if (item["type"] === "function_call") return { ...item, parsed_arguments: null }
  const content = item["type"] === "message" && Array.isArray(item["content"]) ? item["content"] : undefined
  return content === undefined ? item : { ...item, content: content.map((part: object) => ({ ...part, parsed: null })) }
}

describe("encodeResponsesReply", () => {
  it("makes items of all that was said and done, in order, with ids that say of which model call they are", () => {
    const response = whole(steps)
    assert.deepStrictEqual(
      response.output.map((item) => [item["id"], item["type"], item["status"]]),
      [
        [`rs_${digits}_0_0`, "reasoning", undefined],
        [`msg_${digits}_0_1`, "message", "completed"],
        [`mcp_${digits}_0_2_toolu_1`, "mcp_call", "completed"],
        [`mcp_${digits}_0_3_toolu_2`, "mcp_call", "failed"],
        [`rs_${digits}_1_4`, "reasoning", undefined],
        [`msg_${digits}_1_5`, "message", "completed"],
        [`fc_${digits}_1_6`, "function_call", "completed"],
        [`mcp_${digits}_1_7_toolu_4`, "mcp_call", "completed"]
      ]
    )
    assert.deepInclude(response.output[1], {
      content: [{ type: "output_text", text: "Let me look.", annotations: [] }]
    })
    assert.deepInclude(response.output[2], {
      server_label: "files",
      name: "host_a",
      arguments: '{"id":"1"}',
      output: "answer 1",
      error: null
    })
    assert.deepInclude(response.output[3], {
      output: null,
      error: { type: "mcp_tool_execution_error", content: [{ type: "text", text: "answer 2" }] }
    })
    assert.deepInclude(response.output[6], { call_id: "toolu_3", name: "mine", arguments: '{"id":"3"}' })
    assert.deepInclude(response, {
      object: "response",
      status: "completed",
      created_at: stream.created,
      instructions: "be brief",
      usage: {
        input_tokens: 32,
        input_tokens_details: { cached_tokens: 10, cache_write_tokens: 2 },
        output_tokens: 6,
        output_tokens_details: { reasoning_tokens: 4 },
        total_tokens: 38
      }
    })
  })

  it("is incomplete where the answer was cut, and says why", () => {
    assert.deepStrictEqual(endOf("max_tokens"), ["incomplete", { reason: "max_output_tokens" }])
    assert.deepStrictEqual(endOf("refusal"), ["incomplete", { reason: "content_filter" }])
    assert.deepStrictEqual(endOf("pause_turn"), ["completed", null])
  })

  it("gives the model's own words for a refusal", () => {
    const refused = { ...reply([], "refusal"), stop_details: { type: "refusal", explanation: "I would rather not." } }
    const { output } = whole([{ reply: refused, results: [] }])
    assert.deepInclude(output[0], { content: [{ type: "refusal", refusal: "I would rather not." }] })
  })

  it("gives calls back in the form of their tools", () => {
    const { output } = whole(
      [
        {
          reply: reply([
            { type: "tool_use", id: "c1", name: "patch", input: { input: "*** Begin" } },
            { type: "tool_use", id: "c2", name: "crm__find", input: { id: 1 } },
            { type: "tool_use", id: "c3", name: "local_shell", input: { command: ["ls"], timeout_ms: 5 } }
          ]),
          results: []
        }
      ],
      {
        callForms: new Map([
          ["patch", { kind: "custom", name: "patch" }],
          ["crm__find", { kind: "function", name: "find", namespace: "crm" }],
          ["local_shell", { kind: "local_shell", name: "local_shell" }]
        ])
      }
    )
    const status = "completed"
    assert.deepStrictEqual(output, [
      { id: `ctc_${digits}_0_0`, type: "custom_tool_call", call_id: "c1", name: "patch", input: "*** Begin", status },
      {
        id: `fc_${digits}_0_1`,
        type: "function_call",
        call_id: "c2",
        name: "find",
        namespace: "crm",
        arguments: '{"id":1}',
        status
      },
      {
        id: `lsh_${digits}_0_2`,
        type: "local_shell_call",
        call_id: "c3",
        action: { type: "exec", command: ["ls"], env: {}, timeout_ms: 5 },
        status
      }
    ])
  })
})

describe("encodeResponsesStream", () => {
  it.effect("gives the official SDK the same response as the whole answer", () =>
    Effect.gen(function* () {
      const { events } = encode([{ type: "start", inputTokens: 9 }, { type: "ping" }, ...eventsOfSteps(steps)])
      const { response, text } = yield* readBySdk(events)
      const { output_parsed: _parsed, output_text, ...read } = response
      assert.strictEqual(text, "Let me look.Found it.")
      assert.strictEqual(output_text, text)
      const expected = whole(steps)
      assert.deepStrictEqual(plain(read), plain({ ...expected, output: expected.output.map(parsedOf) }))
    })
  )

  it("numbers every event, and each carries what the API's clients need", () => {
    const { events } = encode(
      eventsOfSteps([{ reply: reply([thought("hm"), said("a"), call("mine", "1")]), results: [] }])
    )
    assert.deepStrictEqual(types(events), [
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed"
    ])
    assert.deepStrictEqual(
      events.map((event) => ("sequence_number" in event ? event.sequence_number : undefined)),
      events.map((_, index) => index)
    )
  })

  it("keeps the items of the host's calls open while their tools run", () => {
    const [first] = steps
    const events = encode(first === undefined ? [] : eventsOfSteps([first])).events
    const about = (id: string) =>
      events
        .filter(
          (event) => JSON.stringify(event).includes(`"mcp_${digits}_0_${id}`) && event.type !== "response.completed"
        )
        .map(({ type }) => type.replace("response.", ""))
    assert.deepStrictEqual(about("2_toolu_1"), [
      "output_item.added",
      "mcp_call.in_progress",
      "mcp_call_arguments.delta",
      "mcp_call_arguments.done",
      "mcp_call.completed",
      "output_item.done"
    ])
    assert.deepStrictEqual(about("3_toolu_2").slice(-2), ["mcp_call.failed", "output_item.done"])
  })

  it("ends the items of calls that nobody answered, also where two have one id", () => {
    const twice = whole([{ reply: reply([call("host_a", "1"), call("host_a", "1")]), results: [] }])
    assert.deepStrictEqual(
      twice.output.map(({ status }) => status),
      ["incomplete", "incomplete"]
    )
    const { output } = whole([{ reply: reply([call("host_a", "1")]), results: [] }])
    assert.strictEqual(output[0]?.["status"], "incomplete")
  })

  it.effect("ends a failed turn with an error that clients raise and a failed response, and nothing after it", () =>
    Effect.gen(function* () {
      const error = new ProviderRateLimited({ provider: "claude", reason: "slow down" })
      const { events } = encode([
        ...eventsOfSteps([{ reply: reply([said("a")]), results: [] }]).slice(0, 3),
        { type: "failed", error, requestId: "req_1" },
        { type: "ping" },
        { type: "end" }
      ])
      const [raised, last] = events.slice(-2)
      assert.deepStrictEqual([raised?.type, last?.type], ["error", "response.failed"])
      const { response } = last as unknown as ResponseFailedEvent // Its type says so.
      assert.strictEqual(response.status, "failed")
      assert.strictEqual(response.error?.code, "rate_limit_exceeded")
      assert.include(response.error?.message, "slow down")
      assert.deepInclude(response.output[0], { type: "message", status: "incomplete" })
      const failure = yield* Effect.flip(Effect.sandbox(readBySdk(events))).pipe(Effect.map(Cause.squash))
      assert.instanceOf(failure, APIError)
      assert.deepInclude(failure, { code: "rate_limit_exceeded", type: "rate_limit_error" })
      assert.include(failure.message, "slow down")
    })
  )

  it("is kept alive by comments, and after a minute of silence by the API's own event", () => {
    const ping: ServedEvent = { type: "ping" }
    const silence = Array.from({ length: 7 }, () => ping)
    const before = encode(silence)
    assert.deepStrictEqual(new Set(before.events.map(renderResponsesEvent)), new Set([": ping\n\n"]))
    assert.strictEqual(before.state.turn.phase, "new")
    const { events } = encode([{ type: "start", inputTokens: 1 }, ...silence])
    assert.deepStrictEqual(types(events.slice(2)), ["ping", "ping", "ping", "ping", "ping", "keepalive", "ping"])
    assert.deepInclude(events[7], { sequence_number: 2 })
  })

  it("hands on reasoning that OpenAI has encrypted itself", () => {
    const item = { type: "reasoning", id: "rs_up", summary: [], encrypted_content: "gAAA" }
    const { output } = whole([{ reply: reply([{ type: "opaque", vendor: "openai", block: item }]), results: [] }])
    assert.deepStrictEqual(output, [item])
  })

  it("renders every event with its name", () => {
    assert.strictEqual(
      renderResponsesEvent({ type: "keepalive", sequence_number: 3 }),
      'event: keepalive\ndata: {"type":"keepalive","sequence_number":3}\n\n'
    )
  })
})
