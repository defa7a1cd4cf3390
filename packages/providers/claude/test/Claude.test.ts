import { assert, describe, it } from "@effect/vitest"
import { withCorrelationId } from "@signalbox/errors"
import { collectReply, type ModelError, type ModelEvent, textOf } from "@signalbox/model"
import type { Fault, Reply } from "@signalbox/testing"
import { Cause, Duration, Effect, Exit, Fiber, Logger, References, Stream, Tracer } from "effect"
import { inspect } from "node:util"
import { ask, key, withUpstream } from "./support.ts"

const mixed: Reply = {
  blocks: [
    { type: "thinking", thinking: "let me see", signature: "sig" },
    { type: "text", text: "first part, " },
    { type: "tool_call", id: "toolu_1", name: "read", input: { path: "a.txt" } },
    { type: "text", text: "second part" }
  ],
  usage: { inputTokens: 11, outputTokens: 7, cacheReadTokens: 5, cacheWriteTokens: 3 }
}

describe("Claude", () => {
  it.live("answers the same streamed and whole, with all its text in order", () =>
    withUpstream(mixed, (model) =>
      Effect.gen(function* () {
        const streamed = yield* collectReply("claude", model.stream(ask()))
        const whole = yield* model.generate(ask())
        assert.strictEqual(textOf(whole.content), "first part, second part")
        assert.deepStrictEqual(
          whole.content.map((block) => block.type),
          ["thinking", "text", "tool_use", "text"]
        )
        assert.deepStrictEqual(streamed.content, whole.content)
        assert.strictEqual(whole.stop_reason, "tool_use")
        assert.deepStrictEqual(streamed.usage, whole.usage)
        assert.strictEqual(whole.usage.input_tokens, 11)
        assert.strictEqual(whole.usage.cache_read_input_tokens, 5)
      })
    )
  )

  it.live("numbers blocks from zero and leaves pings out", () =>
    withUpstream(mixed, (model) =>
      Effect.gen(function* () {
        const events = yield* Stream.runCollect(model.stream(ask()))
        const starts = events.filter((event) => event.type === "content_block_start")
        assert.deepStrictEqual(
          starts.map(({ index }) => index),
          [0, 1, 2, 3]
        )
        assert.strictEqual(events.at(0)?.type, "message_start")
        assert.strictEqual(events.at(-1)?.type, "message_stop")
      })
    )
  )

  it.live("keeps blocks that it does not know", () => {
    const block = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } }
    return withUpstream({ blocks: [{ type: "messages_only", block }] }, (model) =>
      Effect.gen(function* () {
        const reply = yield* collectReply("claude", model.stream(ask()))
        assert.deepStrictEqual(reply.content, [{ type: "opaque", vendor: "anthropic", block }])
        assert.deepStrictEqual((yield* model.generate(ask())).content, reply.content)
      })
    )
  })

  it.live("sends the key, the version and the correlation id, and asks the default model", () =>
    withUpstream({ text: "hi" }, (model, upstream) =>
      Effect.gen(function* () {
        yield* model.generate(ask()).pipe(withCorrelationId("request-7"))
        const [seen] = upstream.requests
        assert.strictEqual(seen?.headers["x-api-key"], key)
        assert.strictEqual(seen?.headers["anthropic-version"], "2023-06-01")
        assert.strictEqual(seen?.headers["content-type"], "application/json")
        assert.strictEqual(seen?.headers["x-correlation-id"], "request-7")
        assert.strictEqual(seen?.model, "claude-fx")
      })
    )
  )

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
        assert.isTrue(upstream.requests.every(({ outcome }) => outcome === "completed"))
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

  it.live("closes the connection when it is interrupted before the first byte", () =>
    withUpstream({ text: "x", hold: "start" }, (model, upstream) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(model.generate(ask()))
        yield* Effect.promise(() => upstream.waitForHeld(1))
        yield* Fiber.interrupt(fiber)
        const seen = yield* Effect.promise(() => upstream.waitForClosed(1))
        assert.strictEqual(seen.outcome, "closed_by_client")
      })
    )
  )
})

const faults: ReadonlyArray<
  readonly [string, Fault, ModelError["_tag"], { stream?: ModelError["_tag"]; generate?: ModelError["_tag"] }?]
> = [
  ["401", { kind: "status", status: 401 }, "ProviderAuthFailed"],
  ["403", { kind: "status", status: 403 }, "ProviderAuthFailed"],
  ["402", { kind: "status", status: 402 }, "ProviderQuotaExceeded"],
  ["404", { kind: "status", status: 404 }, "ModelNotFound"],
  ["404 of something else", { kind: "status", status: 404, body: "<h1>nothing here</h1>" }, "ProviderInvalidResponse"],
  ["400", { kind: "status", status: 400 }, "ModelRequestRejected"],
  ["413", { kind: "status", status: 413 }, "ModelRequestRejected"],
  ["429", { kind: "status", status: 429 }, "ProviderRateLimited"],
  ["429 for a cap", { kind: "status", status: 429, errorType: "billing_error" }, "ProviderQuotaExceeded"],
  ["500", { kind: "status", status: 500 }, "ProviderOverloaded"],
  ["529", { kind: "status", status: 529 }, "ProviderOverloaded"],
  ["504", { kind: "status", status: 504 }, "ProviderTimeout"],
  ["a reset before the head", { kind: "reset" }, "ProviderUnreachable"],
  ["a reset in the middle", { kind: "reset", afterPieces: 1 }, "StreamInterrupted"],
  ["an end without message_stop", { kind: "early_end" }, "StreamInterrupted", { generate: "ProviderInvalidResponse" }],
  ["no events", { kind: "empty" }, "StreamInterrupted", { generate: "ProviderInvalidResponse" }],
  ["a web page", { kind: "html" }, "ProviderInvalidResponse"],
  ["malformed data", { kind: "malformed" }, "ProviderInvalidResponse"],
  ["an error event", { kind: "error_event", errorType: "overloaded_error" }, "ProviderOverloaded"],
  ["an error event about the rate", { kind: "error_event", errorType: "rate_limit_error" }, "ProviderRateLimited"],
  ["an event above 10 MiB", { kind: "oversized", bytes: 11 * 1024 * 1024 }, "ProviderInvalidResponse", {}]
]

describe("Claude failures", () => {
  for (const [name, fault, tag, own = {}] of faults) {
    it.live(`says ${tag} for ${name}`, () =>
      withUpstream({ text: "some text to break", fault }, (model) =>
        Effect.gen(function* () {
          const streamed = yield* Effect.flip(Stream.runDrain(model.stream(ask())))
          assert.strictEqual(streamed._tag, tag)
          assert.strictEqual(streamed.provider, "claude")
          assert.notInclude(JSON.stringify(streamed), key)
          if (fault.kind === "oversized") return
          assert.strictEqual((yield* Effect.flip(model.generate(ask())))._tag, own.generate ?? tag)
        })
      )
    )
  }

  it.live("says ProviderUnreachable where nobody listens", () =>
    withUpstream(
      undefined,
      (model) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(model.generate(ask()))
          assert.strictEqual(error._tag, "ProviderUnreachable")
          assert.include(error.message, "http://127.0.0.1:1/v1/messages")
        }),
      { baseUrl: "http://127.0.0.1:1" }
    )
  )

  it.live("gives the events before the failure", () =>
    withUpstream({ text: "abc", chunks: 1, fault: { kind: "error_event", afterPieces: 2 } }, (model) =>
      Effect.gen(function* () {
        const seen: Array<ModelEvent> = []
        yield* Effect.flip(Stream.runForEach(model.stream(ask()), (event) => Effect.sync(() => seen.push(event))))
        assert.strictEqual(seen.filter(({ type }) => type === "content_block_delta").length, 2)
      })
    )
  )

  for (const [header, millis] of [
    ["2", 2000],
    ["0.5", 500],
    [new Date(Date.now() + 100_000).toUTCString(), 100_000]
  ] as const) {
    it.live(`reads retry-after: ${header}`, () =>
      withUpstream({ fault: { kind: "status", status: 429, retryAfter: header } }, (model) =>
        Effect.gen(function* () {
          const { retryAfter } = yield* Effect.flip(model.generate(ask()))
          assert.isDefined(retryAfter)
          assert.approximately(
            retryAfter === undefined ? 0 : Duration.toMillis(retryAfter),
            millis,
            millis < 10_000 ? 0 : 60_000
          )
        })
      )
    )
  }

  it.live("prefers retry-after-ms", () =>
    withUpstream(
      { fault: { kind: "status", status: 529, retryAfter: 9, headers: { "retry-after-ms": "150" } } },
      (model) =>
        Effect.gen(function* () {
          const { retryAfter } = yield* Effect.flip(model.generate(ask()))
          assert.deepStrictEqual(retryAfter, Duration.millis(150))
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

  it.live("says ProviderTimeout when there is no answer", () =>
    withUpstream(
      { fault: { kind: "stall" } },
      (model) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(model.generate(ask())))._tag, "ProviderTimeout")
          assert.strictEqual((yield* Effect.flip(Stream.runDrain(model.stream(ask()))))._tag, "ProviderTimeout")
        }),
      { requestTimeout: Duration.millis(200) }
    )
  )
})
