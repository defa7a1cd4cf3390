import { assert, describe, it } from "@effect/vitest"
import type { LanguageModel, ModelRequest } from "@signalbox/model"
import { askFor, toolNamed } from "@signalbox/model/testing"
import { listModels } from "@signalbox/provider-claude"
import { CountTokensRequestWire } from "@signalbox/provider-claude/wire"
import { decodeRequest } from "@signalbox/provider-claude/serve"
import { Effect, Schema } from "effect"
import { key, optionsFor, withCannedAnswer, withServer, withUpstream } from "./support.ts"

const json = "application/json"

const countOf = (request: ModelRequest, answer = '{"input_tokens":42}') =>
  withCannedAnswer(
    [answer],
    (model, bodies) => Effect.map(counted(model, request), (count) => ({ count, body: bodies[0] })),
    {},
    json
  )

const counted = (model: LanguageModel["Service"], request: ModelRequest) =>
  model.countTokens?.(request) ?? Effect.succeed(-1)

describe("counting tokens", () => {
  it.effect("sends all that counts, and nothing that the API refuses there", () =>
    Effect.gen(function* () {
      const { request } = yield* decodeRequest({
        model: "m",
        max_tokens: 100,
        stream: true,
        temperature: 0,
        stop_sequences: ["x"],
        metadata: { user_id: "u" },
        service_tier: "auto",
        system: "be brief",
        thinking: { type: "enabled", budget_tokens: 2000 },
        output_config: { effort: "low" },
        tools: [
          { name: "n", input_schema: { type: "object", properties: {} } },
          { type: "bash_20250124", name: "bash" }
        ],
        tool_choice: { type: "any" },
        messages: [{ role: "user", content: "hi" }]
      })
      const { body, count } = yield* countOf(request)
      assert.strictEqual(count, 42)
      assert.deepStrictEqual(body, {
        model: "m",
        system: [{ type: "text", text: "be brief" }],
        thinking: { type: "enabled", budget_tokens: 2000 },
        output_config: { effort: "low" },
        tools: [
          { name: "n", input_schema: { type: "object", properties: {} } },
          { type: "bash_20250124", name: "bash" }
        ],
        tool_choice: { type: "any" },
        messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }]
      })
      assert.isTrue(Schema.is(CountTokensRequestWire)(body))
    })
  )

  it.effect("fails where the answer is no count", () =>
    Effect.gen(function* () {
      for (const answer of ['{"tokens":42}', "[]", '"many"']) {
        assert.strictEqual((yield* Effect.flip(countOf(askFor(), answer)))._tag, "ProviderInvalidResponse")
      }
    })
  )

  it.live("asks the API itself, which counts tools", () =>
    withUpstream({ text: "hi" }, (model, upstream) =>
      Effect.gen(function* () {
        const without = yield* counted(model, askFor())
        const withTool = yield* counted(model, askFor("hello", { tools: [toolNamed("read")] }))
        assert.isAbove(without, 0)
        assert.isAbove(withTool, without)
        const [seen] = upstream.otherRequests
        assert.deepStrictEqual(
          [seen?.method, seen?.path, seen?.headers["x-api-key"]],
          ["POST", "/v1/messages/count_tokens", key]
        )
      })
    )
  )
})

describe("listing models", () => {
  it.live("reads the list of the API", () =>
    withUpstream({ text: "hi" }, (_model, upstream) =>
      Effect.gen(function* () {
        const models = yield* listModels(optionsFor(upstream.url))
        assert.deepStrictEqual(
          models.map(({ id, type }) => [type, id]),
          [["model", "fx-model"]]
        )
        assert.strictEqual(upstream.otherRequests[0]?.path, "/v1/models?limit=1000")
      })
    )
  )

  it.live("reads page by page, to the end", () => {
    const ids = ["a", "b", "c"]
    const asked: Array<string> = []
    return withServer(
      ({ url = "" }, response) => {
        asked.push(url)
        const after = new URL(url, "http://x").searchParams.get("after_id")
        const id = ids[after === null ? 0 : ids.indexOf(after) + 1]
        const model = { type: "model", id, display_name: id, created_at: "2026-01-01T00:00:00Z" }
        response.end(JSON.stringify({ data: [model], has_more: id !== "c", first_id: id, last_id: id }))
      },
      (url) =>
        Effect.gen(function* () {
          const models = yield* listModels(optionsFor(url))
          assert.deepStrictEqual(
            models.map(({ id }) => id),
            ids
          )
          assert.deepStrictEqual(
            asked,
            ["", "&after_id=a", "&after_id=b"].map((after) => `/v1/models?limit=1000${after}`)
          )
        })
    )
  })

  for (const [name, status, body, tag] of [
    [
      "a refused key",
      401,
      '{"type":"error","error":{"type":"authentication_error","message":"no"}}',
      "ProviderAuthFailed"
    ],
    [
      "a refused request",
      400,
      '{"type":"error","error":{"type":"invalid_request_error","message":"no"}}',
      "ModelRequestRejected"
    ],
    ["another list", 200, '{"object":"list","data":[{"id":"x"}]}', "ProviderInvalidResponse"]
  ] as const) {
    it.live(`fails with ${tag} at ${name}`, () =>
      withServer(
        (_request, response) => response.writeHead(status).end(body),
        (url) => Effect.map(Effect.flip(listModels(optionsFor(url))), (error) => assert.strictEqual(error._tag, tag))
      )
    )
  }
})
