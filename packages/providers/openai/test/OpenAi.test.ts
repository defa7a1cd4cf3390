import { assert, describe, it } from "@effect/vitest"
import { withCorrelationId } from "@signalbox/errors"
import { collectReply, type ModelError, type ModelEvent, textOf } from "@signalbox/model"
import type { Fault, Reply } from "@signalbox/testing"
import { Cause, Duration, Effect, Exit, Fiber, Logger, References, Stream, Tracer } from "effect"
import { inspect } from "node:util"
import { ask, key, tool, withUpstream } from "./support.ts"

const mixed: Reply = {
  blocks: [
    { type: "thinking", thinking: "let me see", signature: "sig" },
    { type: "text", text: "first part, " },
    { type: "tool_call", id: "toolu_1", name: "read", input: { path: "a.txt" } },
    { type: "tool_call", id: "toolu_2", name: "stat", input: {} }
  ],
  usage: { inputTokens: 11, outputTokens: 7, cacheReadTokens: 5, cacheWriteTokens: 3, thinkingTokens: 2 }
}

/** What the same script gives over the Messages wire, with the pieces of a block joined. */
const expected: ReadonlyArray<readonly [string, unknown]> = [
  ["start", { type: "thinking", thinking: "", signature: "" }],
  ["thinking_delta", "let me see"],
  ["start", { type: "text", text: "" }],
  ["text_delta", "first part, "],
  ["start", { type: "tool_use", id: "toolu_1", name: "read", input: {} }],
  ["input_json_delta", '{"path":"a.txt"}'],
  ["start", { type: "tool_use", id: "toolu_2", name: "stat", input: {} }],
  ["input_json_delta", "{}"]
]

const outline = (events: ReadonlyArray<ModelEvent>): ReadonlyArray<readonly [string, unknown]> => {
  const lines: Array<[string, unknown]> = []
  for (const event of events) {
    if (event.type === "content_block_start") lines.push(["start", event.content_block])
    if (event.type !== "content_block_delta") continue
    const text = Object.values(event.delta)
      .filter((value) => value !== event.delta.type)
      .join("")
    const last = lines.at(-1)
    if (last?.[0] === event.delta.type) last[1] = `${String(last[1])}${text}`
    else lines.push([event.delta.type, text])
  }
  return lines
}

describe("OpenAi", () => {
  for (const [name, path, reply] of [
    ["OpenAI", "/v1", mixed],
    ["OpenRouter", "/api/v1", mixed],
    ["interleaved calls", "/v1", { ...mixed, interleaveToolCalls: true, chunks: 3 }]
  ] as const) {
    it.live(`gives the events of the Messages wire: ${name}`, () =>
      withUpstream(
        reply,
        (model) =>
          Effect.gen(function* () {
            const events = yield* Stream.runCollect(model.stream(ask()))
            assert.deepStrictEqual(outline(events), expected)
            let open = -1
            for (const event of events) {
              if (event.type === "content_block_start") assert.strictEqual(event.index, open + 1)
              if ("index" in event) open = event.index
            }
            assert.strictEqual(events.at(-1)?.type, "message_stop")
          }),
        {},
        path
      )
    )
  }

  it.live("answers the same streamed and whole", () =>
    withUpstream(mixed, (model) =>
      Effect.gen(function* () {
        const streamed = yield* collectReply("openai", model.stream(ask()))
        const whole = yield* model.generate(ask())
        assert.deepStrictEqual(streamed.content, whole.content)
        assert.deepStrictEqual(streamed.usage, whole.usage)
        assert.strictEqual(whole.stop_reason, "tool_use")
        assert.deepStrictEqual(whole.usage, {
          input_tokens: 11,
          output_tokens: 7,
          cache_read_input_tokens: 5,
          cache_creation_input_tokens: 3,
          output_tokens_details: { thinking_tokens: 2 }
        })
      })
    )
  )

  it.live("sends a tool round as it was made", () =>
    withUpstream([mixed, { text: "done" }], (model, upstream) =>
      Effect.gen(function* () {
        const request = ask("go", { tools: [tool("read"), tool("stat")] })
        const first = yield* collectReply("openai", model.stream(request))
        yield* model.generate({
          ...request,
          messages: [
            ...request.messages,
            { role: "assistant", content: first.content },
            {
              role: "user",
              content: [
                { type: "tool_result", tool_use_id: "toolu_1", content: "one" },
                { type: "tool_result", tool_use_id: "toolu_2", content: "two", is_error: true }
              ]
            }
          ]
        })
        const body = upstream.requests[1]?.body
        assert.deepStrictEqual((body as { messages: unknown }).messages, [
          { role: "user", content: "go" },
          {
            role: "assistant",
            content: "first part, ",
            tool_calls: [
              { id: "toolu_1", type: "function", function: { name: "read", arguments: '{"path":"a.txt"}' } },
              { id: "toolu_2", type: "function", function: { name: "stat", arguments: "{}" } }
            ]
          },
          { role: "tool", tool_call_id: "toolu_1", content: "one" },
          { role: "tool", tool_call_id: "toolu_2", content: "Error: two" }
        ])
      })
    )
  )

  it.live("keeps arguments that are no JSON as text, for the model to correct", () =>
    withUpstream({ toolCalls: [{ name: "read", input: '{"path": oops' }] }, (model) =>
      Effect.gen(function* () {
        const [call] = (yield* collectReply("openai", model.stream(ask()))).content
        assert.strictEqual(call?.type === "tool_use" ? call.invalidInput : undefined, '{"path": oops')
      })
    )
  )

  it.live("sends every request of a conversation to the base URL of its options, with its key and headers", () =>
    withUpstream(
      { text: "hi" },
      (model, upstream) =>
        Effect.gen(function* () {
          yield* model.generate(ask())
          yield* Stream.runDrain(model.stream(ask()).pipe(Stream.tap(() => Effect.void)))
          yield* model.generate(ask()).pipe(withCorrelationId("request-7"))
          for (const seen of upstream.requests) {
            assert.strictEqual(seen.path, "/proxy/v1/chat/completions")
            assert.strictEqual(seen.headers.authorization, `Bearer ${key}`)
            assert.strictEqual(seen.headers["x-title"], "test")
            assert.strictEqual(seen.model, "gpt-fx")
          }
          assert.isTrue(upstream.requests[1]?.wantsUsage)
          assert.strictEqual(upstream.requests[2]?.headers["x-correlation-id"], "request-7")
        }),
      { headers: { "x-title": "test" } },
      "/proxy/v1/"
    )
  )

  it.live("sends no key where there is none", () =>
    withUpstream(
      { text: "hi" },
      (model, upstream) =>
        Effect.gen(function* () {
          yield* model.generate(ask())
          assert.isUndefined(upstream.requests[0]?.headers.authorization)
        }),
      { apiKey: undefined, provider: "ollama" }
    )
  )

  it.live("gives a caller's long tool name back whole", () => {
    const long = `${"a".repeat(90)}.read`
    return withUpstream({ toolCalls: [{ name: "placeholder" }] }, (model, upstream) =>
      Effect.gen(function* () {
        yield* model.generate(ask("x", { tools: [tool(long)] }))
        const sent = upstream.requests[0]?.offeredTools[0] ?? ""
        assert.match(sent, /^[A-Za-z0-9_-]{1,64}$/)
        upstream.use({ toolCalls: [{ name: sent }] })
        const [call] = (yield* collectReply("openai", model.stream(ask("x", { tools: [tool(long)] })))).content
        assert.strictEqual(call?.type === "tool_use" ? call.name : undefined, long)
      })
    )
  })

  it.live("shows its key in no log and no span", () =>
    Effect.gen(function* () {
      const shown: Array<unknown> = []
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const logger = Logger.make((entry) => shown.push(entry.message, entry.cause))
      yield* withUpstream([{ text: "hi" }, { fault: { kind: "status", status: 401 } }], (model) =>
        Effect.gen(function* () {
          yield* model.generate(ask())
          yield* Effect.logError(yield* Effect.flip(model.generate(ask())))
        })
      ).pipe(
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(References.MinimumLogLevel, "All"),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const attributes = spans.flatMap((span) => [...span.attributes])
      assert.isTrue(attributes.some(([name]) => name === "http.request.method"))
      const rendered = inspect([shown, attributes], { depth: 20 })
      assert.notInclude(rendered, key)
    })
  )

  it.live("uses one connection for one request after another", () =>
    withUpstream({ text: "hi" }, (model, upstream) =>
      Effect.gen(function* () {
        for (let round = 0; round < 5; round++) yield* Stream.runDrain(model.stream(ask()))
        assert.strictEqual(upstream.connections, 1)
      })
    )
  )

  for (const hold of ["start", 0, 1, 3] as const) {
    it.live(`closes the connection when the stream is left, held at ${hold}`, () =>
      withUpstream({ text: "a long answer", chunks: 1, hold }, (model, upstream) =>
        Effect.gen(function* () {
          for (let round = 1; round <= 10; round++) {
            const fiber = yield* Effect.forkChild(Stream.runDrain(model.stream(ask())))
            yield* Effect.promise(() => upstream.waitForHeld(round))
            yield* Fiber.interrupt(fiber)
            const exit = yield* Fiber.await(fiber)
            assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
            assert.strictEqual((yield* Effect.promise(() => upstream.waitForClosed(round))).outcome, "closed_by_client")
          }
        })
      )
    )
  }

  it.live("answers with text when there is only text", () =>
    withUpstream({ text: "plain" }, (model) =>
      Effect.gen(function* () {
        const reply = yield* model.generate(ask())
        assert.strictEqual(textOf(reply.content), "plain")
        assert.strictEqual(reply.stop_reason, "end_turn")
      })
    )
  )
})

const faults: ReadonlyArray<readonly [string, Fault, ModelError["_tag"], ModelError["_tag"]?]> = [
  ["401", { kind: "status", status: 401 }, "ProviderAuthFailed"],
  ["403", { kind: "status", status: 403 }, "ProviderAuthFailed"],
  ["403 of a moderation", { kind: "status", status: 403, code: "moderation_blocked" }, "ContentFiltered"],
  ["402", { kind: "status", status: 402 }, "ProviderQuotaExceeded"],
  ["429 without credit", { kind: "status", status: 429, code: "insufficient_quota" }, "ProviderQuotaExceeded"],
  ["429", { kind: "status", status: 429 }, "ProviderRateLimited"],
  ["404", { kind: "status", status: 404 }, "ModelNotFound"],
  ["404 of something else", { kind: "status", status: 404, body: "<h1>nothing here</h1>" }, "ProviderInvalidResponse"],
  ["400", { kind: "status", status: 400 }, "ModelRequestRejected"],
  ["400 of a content filter", { kind: "status", status: 400, code: "content_filter" }, "ContentFiltered"],
  ["413", { kind: "status", status: 413 }, "ModelRequestRejected"],
  ["500", { kind: "status", status: 500 }, "ProviderOverloaded"],
  ["503 with a page", { kind: "status", status: 503, body: "<h1>busy</h1>" }, "ProviderOverloaded"],
  ["504", { kind: "status", status: 504 }, "ProviderTimeout"],
  ["an error with status 200", { kind: "status", status: 200, code: "rate_limit_exceeded" }, "ProviderRateLimited"],
  ["a reset before the head", { kind: "reset" }, "ProviderUnreachable"],
  ["a reset in the middle", { kind: "reset", afterPieces: 1 }, "StreamInterrupted"],
  ["an end without a reason to finish", { kind: "early_end" }, "StreamInterrupted", "ProviderInvalidResponse"],
  ["no chunks", { kind: "empty" }, "StreamInterrupted", "ProviderInvalidResponse"],
  ["a web page", { kind: "html" }, "ProviderInvalidResponse"],
  ["malformed data", { kind: "malformed" }, "ProviderInvalidResponse"],
  ["an error chunk", { kind: "error_event" }, "ProviderOverloaded"],
  ["an error chunk about the rate", { kind: "error_event", errorType: "rate_limit_error" }, "ProviderRateLimited"]
]

describe("OpenAi failures", () => {
  for (const [name, fault, tag, whole] of faults) {
    it.live(`says ${tag} for ${name}`, () =>
      withUpstream(
        { text: "some text to break", fault },
        (model) =>
          Effect.gen(function* () {
            const streamed = yield* Effect.flip(Stream.runDrain(model.stream(ask())))
            assert.strictEqual(streamed._tag, tag)
            assert.strictEqual(streamed.provider, "groq")
            assert.notInclude(JSON.stringify(streamed), key)
            assert.strictEqual((yield* Effect.flip(model.generate(ask())))._tag, whole ?? tag)
          }),
        { provider: "groq" }
      )
    )
  }

  it.live("says in the words of the Messages API that a prompt is too long", () => {
    const message =
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens."
    const fault: Fault = { kind: "status", status: 400, code: "context_length_exceeded", message }
    return withUpstream({ fault }, (model) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(model.generate(ask()))
        assert.strictEqual(error._tag, "ModelRequestRejected")
        assert.include(error.message, "prompt is too long: 130000 tokens > 128000 maximum")
      })
    )
  })

  it.live("says how long to wait", () =>
    withUpstream({ fault: { kind: "status", status: 429, retryAfter: 2 } }, (model) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(model.generate(ask()))
        assert.deepStrictEqual(error.retryAfter, Duration.seconds(2))
        assert.isTrue(error.retryable)
      })
    )
  )

  it.live("says ProviderTimeout when a stream goes silent, and hangs up", () =>
    withUpstream(
      { text: "abcdef", chunks: 1, fault: { kind: "stall", afterPieces: 2 } },
      (model, upstream) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Stream.runDrain(model.stream(ask())))
          assert.strictEqual(error._tag, "ProviderTimeout")
          assert.strictEqual((yield* Effect.promise(() => upstream.waitForClosed(1))).outcome, "closed_by_client")
        }),
      { idleTimeout: Duration.millis(200) }
    )
  )
})
