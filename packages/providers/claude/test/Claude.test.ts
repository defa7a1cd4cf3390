import { assert, describe, it } from "@effect/vitest"
import { collectReply, type ModelError } from "@signalbox/model"
import { askFor, languageModelContract } from "@signalbox/model/testing"
import type { Fault, Reply } from "@signalbox/testing"
import { makeClaude } from "@signalbox/provider-claude"
import { Deferred, Duration, Effect, Fiber, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { key, optionsFor, withUpstream } from "./support.ts"

describe("Claude, like every language model,", () => {
  for (const { check, name } of languageModelContract({ provider: "claude", key, over: withUpstream })) {
    it.live(name, () => check)
  }
})

const thoughtful: Reply = {
  blocks: [
    { type: "thinking", thinking: "let me see", signature: "sig" },
    { type: "text", text: "first part, " },
    { type: "tool_call", id: "toolu_1", name: "read", input: { path: "a.txt" } },
    { type: "text", text: "second part" }
  ]
}

describe("Claude", () => {
  it.live("keeps every block in its place, thinking with its signature and text after a call", () =>
    withUpstream(thoughtful, (model) =>
      Effect.gen(function* () {
        const content = [
          { type: "thinking", thinking: "let me see", signature: "sig" },
          { type: "text", text: "first part, " },
          { type: "tool_use", id: "toolu_1", name: "read", input: { path: "a.txt" } },
          { type: "text", text: "second part" }
        ]
        assert.deepStrictEqual<object>((yield* collectReply("claude", model.stream(askFor()))).content, content)
        assert.deepStrictEqual<object>((yield* model.generate(askFor())).content, content)
      })
    )
  )

  it.live("keeps blocks that it does not know", () => {
    const block = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } }
    return withUpstream({ blocks: [{ type: "messages_only", block }] }, (model) =>
      Effect.gen(function* () {
        const reply = yield* collectReply("claude", model.stream(askFor()))
        assert.deepStrictEqual(reply.content, [{ type: "opaque", vendor: "anthropic", block }])
        assert.deepStrictEqual((yield* model.generate(askFor())).content, reply.content)
      })
    )
  })

  it.live("sends its key and the version of the API", () =>
    withUpstream({ text: "hi" }, (model, upstream) =>
      Effect.gen(function* () {
        yield* model.generate(askFor())
        const [seen] = upstream.requests
        assert.strictEqual(seen?.path, "/v1/messages")
        assert.strictEqual(seen?.headers["x-api-key"], key)
        assert.strictEqual(seen?.headers["anthropic-version"], "2023-06-01")
        assert.strictEqual(seen?.headers["content-type"], "application/json")
        assert.isUndefined(seen?.headers["anthropic-beta"])
      })
    )
  )

  it.live("sends its key as a bearer token where that is wanted", () =>
    withUpstream(
      { text: "hi" },
      (model, upstream) =>
        Effect.gen(function* () {
          yield* model.generate(askFor())
          const [seen] = upstream.requests
          assert.deepStrictEqual(
            [seen?.headers["authorization"], seen?.headers["x-api-key"]],
            [`Bearer ${key}`, undefined]
          )
        }),
      { auth: "bearer" }
    )
  )

  it.live("lets a request choose the version and add betas, and no other header of ours", () =>
    withUpstream(
      { text: "hi" },
      (model, upstream) =>
        Effect.gen(function* () {
          const anthropic = { "anthropic-version": "2026-10-21", "anthropic-beta": "b-2, c-3,", "x-api-key": "another" }
          yield* model.generate(askFor("hello", { vendorHeaders: { anthropic, openai: { "openai-beta": "x" } } }))
          yield* model.generate(askFor())
          assert.deepStrictEqual(
            upstream.requests.map(({ headers }) => [
              headers["anthropic-version"],
              headers["anthropic-beta"],
              headers["x-api-key"],
              headers["openai-beta"]
            ]),
            [
              ["2026-10-21", "a-1,b-2,c-3", key, undefined],
              ["2023-06-01", "a-1,b-2", key, undefined]
            ]
          )
        }),
      { headers: { "Anthropic-Beta": "a-1,b-2" } }
    )
  )
})

const faults: ReadonlyArray<readonly [string, Fault, ModelError["_tag"]]> = [
  ["429 for a cap", { kind: "status", status: 429, errorType: "billing_error" }, "ProviderQuotaExceeded"],
  ["529", { kind: "status", status: 529 }, "ProviderOverloaded"],
  ["an event above 10 MiB", { kind: "oversized", bytes: 11 * 1024 * 1024 }, "ProviderInvalidResponse"]
]

const badStreams: ReadonlyArray<readonly [string, Fault, ModelError["_tag"]]> = [
  ["a status that is none of success", { kind: "status", status: 503 }, "ProviderOverloaded"],
  ["a page instead of events", { kind: "html" }, "ProviderInvalidResponse"],
  ["an end before message_stop", { kind: "early_end" }, "StreamInterrupted"],
  ["an error among the events", { kind: "error_event", errorType: "rate_limit_error" }, "ProviderRateLimited"],
  ["silence", { kind: "stall", afterPieces: 1 }, "ProviderTimeout"]
]

describe("five bad streams", () => {
  it("have five errors", () => assert.strictEqual(new Set(badStreams.map(([, , tag]) => tag)).size, 5))

  for (const [name, fault, tag] of badStreams) {
    it.live(`are told apart: ${name} is ${tag}`, () =>
      withUpstream(
        { text: "some text to break", chunks: 4, fault },
        (model) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(Stream.runDrain(model.stream(askFor())))
            // By the name that the program has for it: it may have several.
            assert.deepStrictEqual([error._tag, error.provider, model.provider], [tag, "second", "second"])
          }),
        { provider: "second", ...(fault.kind === "stall" ? { idleTimeout: Duration.seconds(2) } : {}) }
      )
    )
  }
})

/** A server that begins a message and then says nothing, for ever. */
const silent = HttpClient.make((request) => {
  const message = { id: "m", type: "message", role: "assistant", model: "m", content: [], usage: {} }
  const head = new TextEncoder().encode(`data: ${JSON.stringify({ type: "message_start", message })}\n\n`)
  const bytes = new ReadableStream({ start: (controller) => controller.enqueue(head) })
  const headers = { "content-type": "text/event-stream" }
  return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(bytes, { headers })))
})

describe("a stream that falls silent", () => {
  it.effect("is given up after thirty seconds, not before", () =>
    Effect.gen(function* () {
      const model = yield* makeClaude(optionsFor("http://127.0.0.1", { idleTimeout: Duration.seconds(30) }))
      const begun = yield* Deferred.make<string>()
      const fiber = yield* Effect.forkChild(
        Effect.flip(Stream.runForEach(model.stream(askFor()), ({ type }) => Deferred.succeed(begun, type)))
      )
      assert.strictEqual(yield* Deferred.await(begun), "message_start")
      yield* TestClock.adjust("29 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "ProviderTimeout")
      assert.include(error.message, "30s")
    }).pipe(Effect.provideService(HttpClient.HttpClient, silent))
  )
})

describe("Claude failures", () => {
  for (const [name, fault, tag] of faults) {
    it.live(
      `says ${tag} for ${name}`,
      () =>
        withUpstream({ text: "some text to break", fault }, (model) =>
          Effect.gen(function* () {
            assert.strictEqual((yield* Effect.flip(Stream.runDrain(model.stream(askFor()))))._tag, tag)
            // A single answer may be as large as it likes.
            if (fault.kind === "oversized") yield* model.generate(askFor())
            else {
              const error = yield* Effect.flip(model.generate(askFor()))
              assert.deepStrictEqual([error._tag, error.provider], [tag, "claude"])
            }
          })
        ),
      // Eleven megabytes take their time on a machine that is busy.
      60_000
    )
  }
})
