import { type LanguageModel, makeRoutingPlan, ModelRouter, type RouteOptions, textOf } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Stream } from "effect"
import { requestWith } from "../requests.ts"

const plan = Result.getOrThrow(
  makeRoutingPlan({
    rules: [
      { match: { _tag: "Exact", text: "fast" }, upstream: "a", model: "a-mini" },
      { match: { _tag: "Prefix", text: "b/", strip: true }, upstream: "b", model: undefined }
    ],
    unknown: "reject",
    default: { upstream: "a", model: "a-large" },
    fallbacks: [],
    upstreams: ["a", "b"]
  })
)

const routed = Effect.fnUntraced(function* (more: Partial<RouteOptions> = {}) {
  const a = yield* scriptedModel([{ text: "from a" }])
  const b = yield* scriptedModel([{ text: "from b" }])
  const counting: LanguageModel["Service"] = { ...b.model, countTokens: ({ model }) => Effect.succeed(model.length) }
  const router = ModelRouter.make({
    plan,
    upstreams: new Map([
      ["a", a.model],
      ["b", counting]
    ]),
    ...more
  })
  return { a, b, router }
})

describe("a routed model", () => {
  it.effect("asks the upstream of the name for its own name of the model", () =>
    Effect.gen(function* () {
      const { b, router } = yield* routed()
      const reply = yield* router.model.generate(requestWith({ model: "b/llama" }))
      assert.strictEqual(textOf(reply.content), "from b")
      assert.deepStrictEqual(
        (yield* b.requests).map(({ model }) => model),
        ["llama"]
      )
    })
  )

  it.effect("asks the default when no model is named, and says what that is", () =>
    Effect.gen(function* () {
      const { a, router } = yield* routed()
      assert.strictEqual(router.model.defaultModel, "a-large")
      yield* Stream.runDrain(router.model.stream(requestWith()))
      assert.deepStrictEqual(
        (yield* a.requests).map(({ model }) => model),
        ["a-large"]
      )
    })
  )

  it.effect("fails for a name that is not known, without asking anybody", () =>
    Effect.gen(function* () {
      const { a, b, router } = yield* routed()
      const error = yield* Effect.flip(Stream.runDrain(router.model.stream(requestWith({ model: "who" }))))
      assert.strictEqual(error.code, "MODEL_NOT_FOUND")
      assert.strictEqual((yield* Effect.flip(router.resolve("who"))).code, "MODEL_NOT_FOUND")
      assert.lengthOf([...(yield* a.requests), ...(yield* b.requests)], 0)
    })
  )

  it.effect("has its tokens counted by the upstream, or estimated where that does not count", () =>
    Effect.gen(function* () {
      assert.isUndefined((yield* routed()).router.model.countTokens)
      const { router } = yield* routed({ estimateTokens: () => Effect.succeed(1000) })
      const count = router.model.countTokens ?? (() => Effect.succeed(-1))
      assert.strictEqual(yield* count(requestWith({ model: "b/llama" })), 5)
      assert.strictEqual(yield* count(requestWith({ model: "fast" })), 1000)
    })
  )

  it.effect("lists its names and lends its upstreams", () =>
    Effect.gen(function* () {
      const router = yield* ModelRouter
      assert.deepStrictEqual(router.models, ["fast", "a-large"])
      assert.strictEqual(router.upstream("a")?.provider, "scripted")
      assert.isUndefined(router.upstream("c"))
      assert.deepStrictEqual([router.rules, router.unknown], [plan.rules, "reject"])
    }).pipe(
      Effect.provide(ModelRouter.layer({ plan, upstreams: new Map([["a", Effect.runSync(scriptedModel([])).model]]) }))
    )
  )
})
