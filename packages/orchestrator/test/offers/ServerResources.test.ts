import { assert, describe, it } from "@effect/vitest"
import { localCall } from "@signalbox/model"
import { ResourceAmbiguous, ResourceNotFound } from "@signalbox/orchestrator"
import { Effect, Fiber, Queue, Stream } from "effect"
import { until } from "../realServers.ts"
import { kill, offering } from "./support.ts"

describe("resources of several servers", () => {
  it.live("have their own addresses, and the server's name before them where two list the same", () =>
    Effect.gen(function* () {
      const { boxes } = yield* offering({ left: { items: 2 }, right: {} })
      assert.deepStrictEqual(
        (yield* boxes.resources.list).map(({ exposedUri, serverName, uri }) => [exposedUri, serverName, uri]),
        [
          ["left::fx://status", "left", "fx://status"],
          ["fx://item/2", "left", "fx://item/2"],
          ["right::fx://status", "right", "fx://status"]
        ]
      )
      assert.deepStrictEqual(
        (yield* boxes.resources.templates).map(({ serverName, uriTemplate }) => [serverName, uriTemplate]),
        [
          ["left", "fx://item/{id}"],
          ["left", "fx://item/{id}/2"],
          ["right", "fx://item/{id}"]
        ]
      )
    })
  )

  it.live("are read from their own server by the address that it knows", () =>
    Effect.gen(function* () {
      const { asked, boxes } = yield* offering({ left: { items: 2 }, right: {} })
      const read = yield* boxes.resources.read("right::fx://status", localCall())
      assert.deepStrictEqual(read, {
        serverName: "right",
        uri: "fx://status",
        contents: [{ uri: "fx://status", mimeType: "text/plain", text: "online" }]
      })
      assert.deepStrictEqual([asked("left", "resources/read"), asked("right", "resources/read")], [0, 1])
      const byPair = yield* boxes.resources.read({ serverName: "left", uri: "fx://item/9" }, localCall())
      assert.deepInclude(byPair.contents[0], { text: "item 9" })
      const ambiguous = yield* Effect.flip(boxes.resources.read("fx://status", localCall()))
      assert.instanceOf(ambiguous, ResourceAmbiguous)
      assert.deepStrictEqual(ambiguous.serverNames, ["left", "right"])
    })
  )

  it.live("are read by a template that the address fits, and not otherwise", () =>
    Effect.gen(function* () {
      const { boxes } = yield* offering({ fx: {}, plain: { onlyTools: true } })
      const { contents, serverName } = yield* boxes.resources.read("fx://item/77", localCall())
      assert.deepStrictEqual([serverName, contents.length], ["fx", 1])
      const unknown = yield* Effect.flip(boxes.resources.read("fx://statu", localCall()))
      assert.instanceOf(unknown, ResourceNotFound)
      assert.deepStrictEqual([unknown.nearest, unknown.serverNames], ["fx://status", ["fx"]])
      const refused = yield* Effect.flip(boxes.resources.read({ serverName: "fx", uri: "fx://none" }, localCall()))
      assert.strictEqual(refused.code, "SERVER_REQUEST_REJECTED")
    })
  )

  it.live("are read when their server is back", () =>
    Effect.gen(function* () {
      const { boxes } = yield* offering({ fx: {} })
      yield* boxes.resources.list
      yield* kill(boxes)
      assert.strictEqual((yield* boxes.resources.list).length, 1)
      assert.strictEqual((yield* boxes.resources.read("fx://status", localCall())).contents.length, 1)
    })
  )

  it.live("tell of their changes for as long as somebody listens, over a restart too", () =>
    Effect.gen(function* () {
      const { asked, boxes } = yield* offering({ fx: {} })
      const heard = yield* Queue.unbounded<string>()
      const listening = yield* boxes.resources.subscribe("fx://status", localCall()).pipe(
        Stream.runForEach((uri) => Queue.offer(heard, uri)),
        Effect.forkChild
      )
      const touch = boxes.toolbox.call("touch", { uri: "fx://status" }, localCall())
      yield* until("the server is asked to tell", () => asked("fx", "resources/subscribe") === 1)
      yield* touch
      assert.strictEqual(yield* Queue.take(heard), "fx://status")
      yield* kill(boxes)
      // What may have been missed.
      assert.strictEqual(yield* Queue.take(heard), "fx://status")
      yield* until("the new process is asked to tell", () => asked("fx", "resources/subscribe") === 2)
      yield* touch
      assert.strictEqual(yield* Queue.take(heard), "fx://status")
      yield* Fiber.interrupt(listening)
      yield* until("nobody wants to know any more", () => asked("fx", "resources/unsubscribe") > 0)
    })
  )

  it.live("complete what has been typed of a part of a template", () =>
    Effect.gen(function* () {
      const { boxes } = yield* offering({ fx: {} })
      const template = { serverName: "fx", uriTemplate: "fx://item/{id}" }
      const { values } = yield* boxes.resources.complete(template, { argument: "id", value: "o" }, localCall())
      assert.deepStrictEqual(values, ["one", "two"])
    })
  )
})
