import { assert, describe, it } from "@effect/vitest"
import { localCall } from "@signalbox/model"
import { managedDefaults, type SessionOptions } from "@signalbox/orchestrator"
import { DateTime, Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { killed, makeFakeServers, managed, orchestrate, text } from "../FakeServers.ts"

/** A server with a session for each conversation, and the connections that are open beside the supervised one. */
const server = Effect.fnUntraced(function* (changes: Partial<SessionOptions> = {}) {
  const fakes = makeFakeServers()
  const sessions = { ...managedDefaults.stdio.sessions, affinity: "conversation", max: 2, ...changes } as const
  const boxes = yield* orchestrate(fakes, [managed("fx", { sessions })])
  yield* boxes.settled
  const call = (conversationId: string, more: Parameters<typeof localCall>[0] = {}) =>
    boxes.toolbox.call("echo", {}, localCall({ conversationId, ...more }))
  const open = () =>
    fakes
      .of("fx")
      .slice(1)
      .filter(({ isOpen }) => isOpen)
  return { fakes, boxes, call, open, opened: () => fakes.of("fx").length - 1 }
})

describe("the session of a conversation", () => {
  it.effect("is kept for ten minutes after the last call, and as long as a call runs", () =>
    Effect.gen(function* () {
      const { call, fakes, open, opened } = yield* server()
      yield* call("a")
      yield* TestClock.adjust("9 minutes")
      fakes.behave("fx").call = () => Effect.as(Effect.sleep("30 minutes"), text("done"))
      const long = yield* Effect.forkChild(call("a"), { startImmediately: true })
      yield* TestClock.adjust("30 minutes")
      yield* Fiber.join(long)
      yield* TestClock.adjust("599 seconds")
      assert.lengthOf(open(), 1)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(open(), 0)
      assert.strictEqual(opened(), 1)
    })
  )

  it.effect("is given back when whoever wanted it goes away before there is one", () =>
    Effect.gen(function* () {
      const { call, fakes, open, opened } = yield* server({ max: 1 })
      yield* call("a")
      const waiting = yield* Effect.forkChild(call("b"), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(waiting)
      yield* TestClock.adjust("1 second")
      fakes.of("fx")[1]?.die()
      yield* TestClock.adjust("1 second")
      assert.lengthOf(open(), 0)
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(call("c"))))
      assert.strictEqual(opened(), 2)
    })
  )

  it.effect("is not waited for beyond the deadline of the call", () =>
    Effect.gen(function* () {
      const { call } = yield* server({ max: 1 })
      yield* call("a")
      const deadline = DateTime.addDuration(yield* DateTime.now, "5 seconds")
      const hurried = yield* Effect.forkChild(Effect.flip(call("b", { deadline })), { startImmediately: true })
      const patient = yield* Effect.forkChild(Effect.flip(call("c")), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(hurried)).code, "SERVER_BUSY")
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual((yield* Fiber.join(patient)).code, "SERVER_SESSIONS_EXHAUSTED")
    })
  )

  it.effect("counts in the circuit when it cannot be opened, which then opens no more", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes, opened } = yield* server()
      fakes.behave("fx").connect = Effect.fail(killed("fx"))
      for (let count = 0; count < 5; count++) {
        assert.strictEqual((yield* Effect.flip(call(`${count}`))).code, "SERVER_EXITED")
      }
      assert.strictEqual((yield* boxes.breaker.stats)[0]?.phase, "open")
      fakes.behave("fx").connect = Effect.void
      assert.strictEqual((yield* Effect.flip(call("5"))).code, "SERVER_CIRCUIT_OPEN")
      assert.strictEqual(opened(), 0)
      yield* TestClock.adjust("60 seconds")
      yield* call("5")
      assert.strictEqual(opened(), 1)
    })
  )

  it.effect("keeps nobody waiting when the layer ends", () =>
    Effect.gen(function* () {
      const { call, open } = yield* Effect.scoped(
        Effect.gen(function* () {
          const all = yield* server({ max: 2 })
          all.fakes.behave("fx").call = () => Effect.never
          yield* Effect.forkDetach(Effect.exit(all.call("a")), { startImmediately: true })
          yield* TestClock.adjust(Duration.zero)
          assert.lengthOf(all.open(), 1)
          return all
        })
      )
      assert.lengthOf(open(), 0)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(call("b"))))
    })
  )
})
