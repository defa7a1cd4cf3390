import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { decodeModelsQuery, encodeModel, encodeModelsPage, type OfferedModel } from "@signalbox/provider-claude/serve"
import { ModelsPageWire } from "@signalbox/provider-claude/wire"
import { DateTime, Effect, Schema } from "effect"

const models: ReadonlyArray<OfferedModel> = ["a", "b", "c", "d", "e"].map((id) => ({ id }))

const pageFor = (query: string) =>
  Effect.map(decodeModelsQuery(new URLSearchParams(query)), (read) => encodeModelsPage(models, read))

/** The official client, whose requests are answered here. */
const clientOf = (offered: ReadonlyArray<OfferedModel>) =>
  new Anthropic({
    apiKey: "k",
    fetch: (input) =>
      Effect.runPromise(
        Effect.map(
          decodeModelsQuery(new URL(input instanceof Request ? input.url : String(input)).searchParams),
          (query) => Response.json(encodeModelsPage(offered, query))
        )
      )
  })

describe("models", () => {
  it("have every field, known or not", () => {
    const createdAt = DateTime.makeUnsafe("2026-01-02T00:00:00Z")
    assert.deepStrictEqual(encodeModel({ id: "a", displayName: "A", createdAt, maxInputTokens: 5, maxTokens: 2 }), {
      type: "model",
      id: "a",
      display_name: "A",
      created_at: "2026-01-02T00:00:00.000Z",
      lifecycle: "active",
      line: null,
      deprecated_at: null,
      retires_at: null,
      max_input_tokens: 5,
      max_tokens: 2,
      capabilities: null
    })
    assert.deepInclude(encodeModel({ id: "a" }), { display_name: "a", created_at: "1970-01-01T00:00:00Z" })
  })

  for (const [query, ids, has_more] of [
    ["", ["a", "b", "c", "d", "e"], false],
    ["limit=2", ["a", "b"], true],
    ["limit=2&after_id=b", ["c", "d"], true],
    ["limit=2&after_id=d", ["e"], false],
    ["limit=2&before_id=d", ["b", "c"], true],
    ["limit=9&before_id=c", ["a", "b"], false],
    ["after_id=a&before_id=d", ["b", "c"], false],
    ["after_id=unknown&limit=1", ["a"], true],
    ["lifecycle[]=retired", [], false]
  ] as const) {
    it.effect(`are given in pages: ${query}`, () =>
      Effect.gen(function* () {
        const page = yield* pageFor(query)
        assert.deepStrictEqual<ReadonlyArray<string>>(
          page.data.map(({ id }) => id),
          ids
        )
        assert.deepInclude(page, { has_more, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null })
        assert.isTrue(Schema.is(ModelsPageWire)(page))
      })
    )
  }

  for (const query of ["limit=0", "limit=1001", "limit=x", "lifecycle[]=old"]) {
    it.effect(`are refused for ${query}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(pageFor(query))
        assert.strictEqual(error.path, query.startsWith("limit") ? "limit" : "lifecycle")
      })
    )
  }

  it("are read to the end by the official client", async () => {
    const seen: Array<string> = []
    for await (const { id, lifecycle } of clientOf(models).models.list({ limit: 2, lifecycle: ["active"] })) {
      seen.push(`${id} ${lifecycle}`)
    }
    assert.deepStrictEqual(seen, ["a active", "b active", "c active", "d active", "e active"])
  })
})
