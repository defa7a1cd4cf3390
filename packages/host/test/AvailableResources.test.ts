import { assert, describe, it } from "@effect/vitest"
import { makeAvailableResources, type ResourceContextOptions } from "@signalbox/host"
import { ResourceNotFound } from "@signalbox/orchestrator"
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

const definition = (uri: string) => ({ exposedUri: uri, name: `name of ${uri}` })

const options: ResourceContextOptions = {
  include: "all",
  maxCharacters: 100,
  timeout: Duration.seconds(5),
  retryInterval: Duration.minutes(1)
}

/** Resources that take 200 ms each; those in `broken` cannot be read. */
const slowSource = (uris: ReadonlyArray<string>, broken: Set<string>, texts = new Map<string, string>()) => {
  const reads: Array<string> = []
  return {
    reads,
    list: Effect.succeed(uris.map(definition)),
    read: (uri: string) => {
      reads.push(uri)
      return Effect.andThen(
        Effect.sleep("200 millis"),
        broken.has(uri)
          ? Effect.fail(new ResourceNotFound({ uri, nearest: undefined, serverNames: ["fx"] }))
          : Effect.succeed({ serverName: "fx", uri, contents: [{ uri, text: texts.get(uri) ?? `text of ${uri}` }] })
      )
    }
  }
}

const ten = Array.from({ length: 10 }, (_, index) => `fx://item/${index}`)

describe("the resources that a model is shown", () => {
  it.effect("are read once, at the same time; two of ten that fail are left out and cost no time", () =>
    Effect.gen(function* () {
      const source = slowSource(ten, new Set(["fx://item/3", "fx://item/7"]))
      const available = yield* makeAvailableResources(source, options)
      const began = yield* Clock.currentTimeMillis
      const reading = yield* Effect.forkChild(available.included)
      yield* TestClock.adjust("599 millis")
      const included = yield* Fiber.join(reading)
      assert.isBelow((yield* Clock.currentTimeMillis) - began, 600)
      assert.strictEqual(included.length, 8)
      assert.deepStrictEqual(included[0], {
        uri: "fx://item/0",
        name: "name of fx://item/0",
        text: "text of fx://item/0"
      })
      assert.deepStrictEqual([...(yield* available.excluded).keys()], ["fx://item/3", "fx://item/7"])
      yield* available.included
      assert.strictEqual(source.reads.length, 10)
    })
  )

  it.effect("gain those that can be read later, and nobody reads the others again", () =>
    Effect.gen(function* () {
      const broken = new Set(["fx://item/1"])
      const source = slowSource(ten.slice(0, 2), broken)
      const available = yield* makeAvailableResources(source, options)
      yield* TestClock.adjust("200 millis")
      assert.strictEqual((yield* available.included).length, 1)
      broken.clear()
      yield* TestClock.adjust("61 seconds")
      assert.deepStrictEqual(
        (yield* available.included).map(({ uri }) => uri),
        ["fx://item/0", "fx://item/1"]
      )
      assert.deepStrictEqual(source.reads, ["fx://item/0", "fx://item/1", "fx://item/1"])
    })
  )

  it.effect("are not those that are empty, too long or too slow", () =>
    Effect.gen(function* () {
      const texts = new Map([
        ["x://empty", " \n"],
        ["x://long", "a".repeat(101)],
        ["x://fine", "fine"]
      ])
      const { read } = slowSource([], new Set(), texts)
      const available = yield* makeAvailableResources(
        {
          list: Effect.succeed([]),
          read: (uri) => (uri === "x://hangs" ? Effect.never : read(uri))
        },
        { ...options, include: ["x://empty", "x://hangs", "x://long", "x://fine"] }
      )
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* available.included, [{ uri: "x://fine", name: "x://fine", text: "fine" }])
      assert.deepStrictEqual(Object.fromEntries(yield* available.excluded), {
        "x://empty": "it has no text",
        "x://hangs": "it took too long",
        "x://long": "it has more than 100 characters"
      })
    })
  )
})
