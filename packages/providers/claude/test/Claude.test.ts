import { assert, describe, it } from "@effect/vitest"
import { collectReply, type ModelError } from "@signalbox/model"
import { askFor, languageModelContract } from "@signalbox/model/testing"
import type { Fault, Reply } from "@signalbox/testing"
import { Effect, Stream } from "effect"
import { key, withUpstream } from "./support.ts"

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

describe("Claude failures", () => {
  for (const [name, fault, tag] of faults) {
    it.live(`says ${tag} for ${name}`, () =>
      withUpstream({ text: "some text to break", fault }, (model) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* Effect.flip(Stream.runDrain(model.stream(askFor()))))._tag, tag)
          // A single answer may be as large as it likes.
          if (fault.kind === "oversized") yield* model.generate(askFor())
          else assert.strictEqual((yield* Effect.flip(model.generate(askFor())))._tag, tag)
        })
      )
    )
  }
})
