import { assert, describe, it } from "@effect/vitest"
import { type ContentBlock, ProviderOverloaded, type ServedEvent, type ServedStep } from "@signalbox/model"
import {
  type ChatEvent,
  type ChatStream,
  encodeChatReply,
  encodeChatStream,
  renderChatEvent,
  startChatStream
} from "@signalbox/provider-openai/serve"
import { Effect } from "effect"
import { APIError } from "openai"
import {
  call,
  eventsOfSteps,
  marked,
  plain,
  reply,
  result,
  run,
  runBy,
  said,
  steps,
  streamed,
  thought,
  withSdk
} from "./turns.ts"

const stream: ChatStream = {
  id: "chatcmpl-0123456789abcdef01234567",
  model: "big",
  created: 1_790_000_000,
  includeUsage: true,
  callForms: new Map(),
  runBy
}

const encode = (inputs: ReadonlyArray<ServedEvent>, more: Partial<ChatStream> = {}) =>
  run(startChatStream({ ...stream, ...more }), encodeChatStream, inputs)

const whole = (given: ReadonlyArray<ServedStep>, more: Partial<ChatStream> = {}) =>
  encodeChatReply({ ...stream, steps: marked(given), ...more })

const deltas = (events: ReadonlyArray<ChatEvent>) =>
  events.flatMap((event) => (event.type === "chunk" ? event.chunk.choices.map(({ delta }) => delta) : []))

const readBySdk = (events: ReadonlyArray<ChatEvent>) =>
  withSdk(streamed(events.map(renderChatEvent).join("")), (client) =>
    client.chat.completions.stream({ model: "big", messages: [{ role: "user", content: "go" }] }).finalChatCompletion()
  )

const reasonOf = (stop: string, content: ReadonlyArray<ContentBlock> = [said("a")], stopReason?: string) =>
  encodeChatReply({
    ...stream,
    steps: marked([{ reply: reply(content, stop), results: [] }]),
    ...(stopReason === undefined ? {} : { stopReason })
  }).choices[0]?.finish_reason

describe("encodeChatReply", () => {
  it("makes one message of all model calls, with the caller's calls alone in tool_calls", () => {
    const { choices, usage, ...rest } = whole(steps)
    assert.deepStrictEqual(rest, {
      id: stream.id,
      object: "chat.completion",
      created: stream.created,
      model: "big"
    })
    assert.deepStrictEqual(choices, [
      {
        index: 0,
        message: {
          role: "assistant",
          content: "Let me look.\n\nFound it.",
          refusal: null,
          reasoning_content: "hm\n\naha",
          reasoning_details: [
            {
              type: "reasoning.text",
              id: "rs_0_0",
              format: "anthropic-claude-v1",
              index: 0,
              text: "hm",
              signature: "sig"
            },
            {
              type: "reasoning.text",
              id: "rs_1_1",
              format: "anthropic-claude-v1",
              index: 1,
              text: "aha",
              signature: "sig2"
            }
          ],
          tool_calls: [{ id: "toolu_3", type: "function", function: { name: "mine", arguments: '{"id":"3"}' } }],
          mcp_calls: [
            {
              type: "mcp_call",
              index: 0,
              id: "toolu_1",
              server_label: "files",
              name: "host_a",
              arguments: '{"id":"1"}',
              output: "answer 1",
              is_error: false,
              step: 0,
              content_offset: 12
            },
            {
              type: "mcp_call",
              index: 1,
              id: "toolu_2",
              server_label: "files",
              name: "host_b",
              arguments: '{"id":"2"}',
              output: "answer 2",
              is_error: true,
              step: 0,
              content_offset: 12
            },
            {
              type: "mcp_call",
              index: 2,
              id: "toolu_4",
              server_label: "files",
              name: "host_a",
              arguments: '{"id":"4"}',
              output: "answer 4",
              is_error: false,
              step: 1,
              content_offset: 23,
              tool_calls_before: 1
            }
          ]
        },
        logprobs: null,
        finish_reason: "tool_calls"
      }
    ])
    assert.deepStrictEqual(usage, {
      prompt_tokens: 32,
      completion_tokens: 6,
      total_tokens: 38,
      prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 4 }
    })
  })

  it("says why it ended in the API's words", () => {
    assert.deepStrictEqual(
      ["end_turn", "stop_sequence", "pause_turn", "max_tokens", "model_context_window_exceeded", "refusal"].map(
        (stop) => reasonOf(stop)
      ),
      ["stop", "stop", "stop", "length", "length", "content_filter"]
    )
    assert.strictEqual(reasonOf("end_turn", [call("mine", "1")]), "tool_calls")
    assert.strictEqual(reasonOf("tool_use", [call("host_a", "1")], "end_turn"), "stop")
    assert.strictEqual(reasonOf("tool_use", [call("host_a", "1")]), "stop")
  })

  it("gives the model's own words for a refusal", () => {
    const refused = {
      ...reply([], "refusal"),
      stop_details: { type: "refusal", category: "none", explanation: "I would rather not." }
    }
    const { choices } = whole([{ reply: refused, results: [] }])
    assert.strictEqual(choices[0]?.message.refusal, "I would rather not.")
    assert.strictEqual(choices[0]?.finish_reason, "content_filter")
  })

  it("shows a call of the caller's that the host has answered as the host's", () => {
    const { choices } = whole([
      { reply: reply([call("mine", "1")]), results: [{ type: "tool_result", tool_use_id: "toolu_1", content: "no" }] }
    ])
    assert.isUndefined(choices[0]?.message.tool_calls)
    assert.strictEqual(choices[0]?.message.mcp_calls?.[0]?.server_label, "signalbox")
  })

  it("gives the free text of custom tools, and arguments that are no JSON as they are", () => {
    const custom = { type: "tool_use", id: "c1", name: "patch", input: { input: "*** Begin" } } as const
    const broken = { type: "tool_use", id: "c2", name: "mine", input: {}, invalidInput: "{oops" } as const
    const { choices } = whole([{ reply: reply([custom, broken]), results: [] }], {
      callForms: new Map([["patch", { kind: "custom", name: "patch" }]])
    })
    assert.deepStrictEqual(choices[0]?.message.tool_calls, [
      { id: "c1", type: "custom", custom: { name: "patch", input: "*** Begin" } },
      { id: "c2", type: "function", function: { name: "mine", arguments: "{oops" } }
    ])
    assert.isNull(choices[0]?.message.content)
  })
})

describe("encodeChatStream", () => {
  it.effect("gives the official SDK the same completion as the whole answer", () =>
    Effect.gen(function* () {
      const plainSteps = steps.map((step) => ({
        ...step,
        reply: { ...step.reply, content: step.reply.content.filter((block) => block.type !== "thinking") }
      }))
      const { events } = encode([{ type: "start", inputTokens: 9 }, { type: "ping" }, ...eventsOfSteps(plainSteps)])
      const completion = yield* readBySdk(events)
      const expected = whole(plainSteps)
      assert.deepStrictEqual(plain({ ...completion, object: expected.object }), {
        ...(plain(expected) as object), // The completion is an object.
        choices: expected.choices
          .map((choice) => ({ ...choice, message: { ...choice.message, parsed: null, refusal: null } }))
          .map(plain)
      })
    })
  )

  it("tells thinking in the form of other vendors, with the signature last", () => {
    const { events } = encode(
      eventsOfSteps([{ reply: reply([thought("hm"), thought("", "only")], "end_turn"), results: [] }])
    )
    assert.deepStrictEqual(
      deltas(events).flatMap((delta) => delta.reasoning_details ?? []),
      [
        { type: "reasoning.text", id: "rs_0_0", format: "anthropic-claude-v1", index: 0, text: "hm" },
        { type: "reasoning.text", index: 0, signature: "sig" },
        { type: "reasoning.text", id: "rs_0_1", format: "anthropic-claude-v1", index: 1, text: "", signature: "only" }
      ]
    )
    assert.deepStrictEqual(
      deltas(events).flatMap((delta) => delta.reasoning_content ?? []),
      ["hm"]
    )
  })

  it("says the role first, the reason to finish last, and usage only when it was asked for", () => {
    const told = eventsOfSteps([{ reply: reply([said("a")], "end_turn"), results: [] }])
    const asked = encode(told).events
    assert.deepStrictEqual(deltas(asked)[0], { role: "assistant", content: "", refusal: null })
    const [finish, usage, done] = asked.slice(-3)
    assert.strictEqual(finish?.type === "chunk" ? finish.chunk.choices[0]?.finish_reason : undefined, "stop")
    assert.deepStrictEqual(usage?.type === "chunk" ? usage.chunk.choices : undefined, [])
    assert.strictEqual(done?.type, "done")
    const unasked = encode(told, { includeUsage: false }).events
    assert.isTrue(unasked.every((event) => event.type !== "chunk" || !("usage" in event.chunk)))
    assert.strictEqual(unasked.length, asked.length - 1)
  })

  it("numbers the caller's calls by themselves, and never leaves their arguments empty", () => {
    const empty = { type: "tool_use", id: "c9", name: "mine", input: {} } as const
    const content = [said("a"), call("host_a", "1"), call("mine", "2"), call("host_b", "3"), empty]
    const { events } = encode(
      eventsOfSteps([{ reply: reply(content), results: [] }]).filter(({ type }) => type !== "ping")
    )
    const pieces = deltas(events).flatMap((delta) => delta.tool_calls ?? [])
    assert.deepStrictEqual(
      pieces.flatMap((piece) => (piece["id"] === undefined ? [] : [[piece["index"], piece["id"]]])),
      [
        [0, "toolu_2"],
        [1, "c9"]
      ]
    )
    assert.deepStrictEqual(pieces.at(-1), { index: 1, function: { arguments: "{}" } })
  })

  it.effect("makes a failure the SDK's error, and says nothing after it but that the stream is done", () =>
    Effect.gen(function* () {
      const error = new ProviderOverloaded({ provider: "claude", reason: "busy", httpStatus: 529 })
      const { events, state } = encode([
        ...eventsOfSteps([{ reply: reply([said("a")]), results: [] }]).slice(0, 3),
        { type: "failed", error, requestId: "req_1" },
        { type: "ping" },
        { type: "end" }
      ])
      assert.deepStrictEqual(
        events.slice(-2).map(({ type }) => type),
        ["error", "done"]
      )
      assert.strictEqual(state.turn.phase, "ended")
      const failure = yield* withSdk(streamed(events.map(renderChatEvent).join("")), async (client) => {
        const chunks = await client.chat.completions.create({ model: "m", messages: [], stream: true })
        try {
          for await (const { id } of chunks) assert.strictEqual(id, stream.id)
          return undefined
        } catch (thrown) {
          return thrown
        }
      })
      assert.instanceOf(failure, APIError)
      assert.strictEqual(failure.code, "server_is_overloaded")
      assert.include(failure.message, "busy")
    })
  )

  it("keeps the first result of a call", () => {
    const told = eventsOfSteps([{ reply: reply([call("host_a", "1")]), results: [result("1"), result("1", true)] }])
    const [shown] = deltas(encode(told).events).flatMap((delta) => delta.mcp_calls ?? [])
    assert.strictEqual(shown?.is_error, false)
  })

  it("keeps a stream alive with comments, also before it is open", () => {
    const { events, state } = encode([{ type: "ping" }])
    assert.deepStrictEqual(events.map(renderChatEvent), [": ping\n\n"])
    assert.strictEqual(state.turn.phase, "new")
  })
})
