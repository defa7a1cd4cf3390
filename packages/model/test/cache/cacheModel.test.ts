import {
  type CallNote,
  CallNotes,
  isCacheable,
  type LanguageModel,
  makeCacheModel,
  type ModelError,
  type ModelEvent,
  type ModelRequest,
  Principal,
  ProviderOverloaded,
  textMessage,
  textOf,
  type ToolDefinition
} from "@signalbox/model"
import { type ScriptedReply, scriptedModel } from "@signalbox/model/testing"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { requestWith } from "../requests.ts"

const cacheable = (changes: Partial<ModelRequest> = {}) => requestWith({ temperature: 0, ...changes })
const answers = ["one", "two", "three"].map((text) => ({ text }))
const cached = Effect.fnUntraced(function* (replies: ReadonlyArray<ScriptedReply> = answers, maxEntries = 10) {
  const script = yield* scriptedModel(replies)
  const decorate = yield* makeCacheModel({ maxEntries, maxSize: 100_000, timeToLive: "1 hour" })
  return { model: decorate(script.model), requests: script.requests }
})
const ask = (model: LanguageModel["Service"], request: ModelRequest): Effect.Effect<string, ModelError> =>
  Effect.map(model.generate(request), ({ content }) => textOf(content))
const eventsOf = (model: LanguageModel["Service"], request: ModelRequest) => Stream.runCollect(model.stream(request))
const noting = <A, E>(effect: Effect.Effect<A, E>) => {
  const notes: Array<CallNote> = []
  return Effect.map(
    Effect.provideService(effect, CallNotes, (note) => Effect.sync(() => void notes.push(note))),
    () => notes
  )
}
const tool: ToolDefinition = {
  name: "x",
  originalName: "x",
  description: "",
  inputSchema: {},
  annotations: {},
  runBy: { _tag: "Caller" },
  isTrusted: true
}

describe("a request that was answered before", () => {
  it.effect("is answered with the same events, without asking the model, and the caller can know it", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* cached()
      const first: Array<ReadonlyArray<ModelEvent>> = []
      const streamed = Effect.map(eventsOf(model, cacheable()), (events) => void first.push(events))
      assert.deepStrictEqual(yield* noting(streamed), [{ type: "cache", outcome: "miss" }])
      assert.deepStrictEqual(yield* noting(streamed), [{ type: "cache", outcome: "hit" }])
      assert.deepStrictEqual(first[0], first[1])
      assert.strictEqual(yield* ask(model, cacheable()), "one")
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("is recognised in whatever order its fields are", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* cached()
      yield* ask(model, cacheable({ vendor: { fx: { a: 1, b: { c: 2, d: 3 } } } }))
      yield* ask(model, cacheable({ vendor: { fx: { b: { d: 3, c: 2 }, a: 1 } } }))
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("is asked again after its time", () =>
    Effect.gen(function* () {
      const { model } = yield* cached()
      yield* ask(model, cacheable())
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(yield* ask(model, cacheable()), "one")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* ask(model, cacheable()), "two")
    })
  )

  it.effect("is forgotten when there are too many after it", () =>
    Effect.gen(function* () {
      const { model } = yield* cached(answers, 1)
      yield* ask(model, cacheable())
      yield* ask(model, cacheable({ maxTokens: 5 }))
      assert.strictEqual(yield* ask(model, cacheable()), "three")
    })
  )

  it.effect("is forgotten when it is too large", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* cached([{ text: "x".repeat(200_000) }, { text: "two" }])
      yield* ask(model, cacheable())
      yield* ask(model, cacheable())
      assert.lengthOf(yield* requests, 2)
    })
  )
})

describe("a request is asked anew", () => {
  it.effect.each([
    ["with another message", cacheable({ messages: [textMessage("user", "bye")] }), 2],
    ["for another model", cacheable({ model: "other" }), 2],
    ["at another temperature", requestWith({ temperature: 0.1 }), 2],
    ["without a temperature", requestWith(), 2],
    ["with tools", cacheable({ tools: [tool] }), 2]
  ] as const)("%s", ([, request, asked]) =>
    Effect.gen(function* () {
      const { model, requests } = yield* cached()
      yield* ask(model, cacheable())
      yield* ask(model, request)
      assert.lengthOf(yield* requests, asked)
    })
  )

  it.effect("of somebody else", () =>
    Effect.gen(function* () {
      const { model, requests } = yield* cached()
      yield* ask(model, cacheable())
      yield* Effect.provideService(ask(model, cacheable()), Principal, "ada")
      assert.lengthOf(yield* requests, 2)
    })
  )

  it.effect("after a failure", () =>
    Effect.gen(function* () {
      const error = new ProviderOverloaded({ provider: "fx", reason: "busy", httpStatus: 503 })
      const { model } = yield* cached([{ error }, { text: "two" }])
      assert.strictEqual(yield* Effect.flip(ask(model, cacheable())), error)
      assert.strictEqual(yield* ask(model, cacheable()), "two")
    })
  )

  it.effect("each time where chance or tools are in it", () =>
    Effect.gen(function* () {
      const { model } = yield* cached()
      assert.strictEqual(yield* ask(model, requestWith()), "one")
      assert.strictEqual(yield* ask(model, requestWith()), "two")
      assert.isFalse(isCacheable(requestWith()))
      assert.isFalse(isCacheable(cacheable({ tools: [tool] })))
    })
  )
})

describe("identical requests at the same time", () => {
  const together = Effect.fnUntraced(function* (first: ScriptedReply) {
    const go = yield* Deferred.make<void>()
    const { model, requests } = yield* cached([{ ...first, waitFor: Deferred.await(go) }, { text: "two" }])
    const fork = Effect.forkChild(Effect.exit(ask(model, cacheable())), { startImmediately: true })
    const fibers = yield* Effect.replicateEffect(fork, 5)
    yield* TestClock.adjust("1 second")
    return { fibers, go, requests }
  })

  it.effect("are asked once", () =>
    Effect.gen(function* () {
      const { fibers, go, requests } = yield* together({ text: "one" })
      yield* Deferred.succeed(go, undefined)
      const exits = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(
        exits.map((exit) => exit._tag === "Success" && exit.value),
        Array.from({ length: 5 }, () => "one")
      )
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("fail together, without asking again", () =>
    Effect.gen(function* () {
      const error = new ProviderOverloaded({ provider: "fx", reason: "busy", httpStatus: 503 })
      const { fibers, go, requests } = yield* together({ error })
      yield* Deferred.succeed(go, undefined)
      const exits = yield* Effect.forEach(fibers, Fiber.join)
      assert.isTrue(exits.every(({ _tag }) => _tag === "Failure"))
      assert.lengthOf(yield* requests, 1)
    })
  )

  it.effect("do not lose their answer when the first caller goes away", () =>
    Effect.gen(function* () {
      const { fibers, requests } = yield* together({ text: "one" })
      const [first, ...others] = fibers
      if (first !== undefined) yield* Fiber.interrupt(first)
      const exits = yield* Effect.forEach(others, Fiber.join)
      assert.deepStrictEqual(
        exits.map((exit) => exit._tag === "Success" && exit.value),
        Array.from({ length: 4 }, () => "two")
      )
      assert.lengthOf(yield* requests, 2)
    })
  )
})
