import { assert, describe, it } from "@effect/vitest"
import { CorrelationId } from "@signalbox/errors"
import {
  type CallError,
  ConnectionClosed,
  ServerHttpStatus,
  ServerUnreachable,
  serverDefaults,
  SessionExpired,
  ToolCallRejected,
  ToolCallTimeout,
  ToolOutcomeUnknown
} from "@signalbox/mcp"
import { Interaction, localCall, type ToolProgress } from "@signalbox/model"
import type { ManagedServer } from "@signalbox/orchestrator"
import { DateTime, Deferred, Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, orchestrate, text, tool } from "./FakeServers.ts"

/** A running server with a reader, a writer and a tool that may be repeated. */
const running = Effect.fnUntraced(function* (changes: Partial<ManagedServer> = {}) {
  const fakes = makeFakeServers()
  fakes.behave("s").tools = [tool("read", { readOnlyHint: true }), tool("write"), tool("set", { idempotentHint: true })]
  const boxes = yield* orchestrate(fakes, [managed("s", changes)])
  yield* boxes.settled
  let active = 0
  const most = { read: 0, write: 0, all: 0 }
  const counts = { read: 0, write: 0 }
  fakes.behave("s").call = ({ name }) => {
    const kind = name === "read" ? "read" : "write"
    return Effect.sync(() => {
      active += 1
      counts[kind] += 1
      most[kind] = Math.max(most[kind], counts[kind])
      most.all = Math.max(most.all, active)
    }).pipe(
      Effect.andThen(Effect.sleep("100 millis")),
      Effect.as(text("done")),
      Effect.ensuring(
        Effect.sync(() => {
          active -= 1
          counts[kind] -= 1
        })
      )
    )
  }
  return { fakes, boxes, most, call: (name: string) => boxes.toolbox.call(name, {}, localCall()) }
})

const many = <A, E>(count: number, effect: Effect.Effect<A, E>) =>
  Effect.forkChild(
    Effect.all(
      Array.from({ length: count }, () => effect),
      { concurrency: "unbounded" }
    )
  )

const within = (seconds: number) => Effect.map(DateTime.now, (now) => DateTime.add(now, { seconds }))

describe("calls on one server", () => {
  it.effect("run side by side up to its limit, in order of arrival", () =>
    Effect.gen(function* () {
      const { call, most } = yield* running({ maxConcurrent: 3 })
      const calls = yield* many(7, call("read"))
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(most.all, 3)
      yield* TestClock.adjust("100 millis")
      assert.strictEqual((yield* Fiber.join(calls)).length, 7)
    })
  )

  it.effect("write one at a time while readers go on", () =>
    Effect.gen(function* () {
      const { call, most } = yield* running()
      const writes = yield* many(5, call("write"))
      const reads = yield* many(5, call("read"))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.join(reads)
      yield* TestClock.adjust("400 millis")
      yield* Fiber.join(writes)
      assert.deepStrictEqual(most, { read: 5, write: 1, all: 6 })
    })
  )

  it.effect("write side by side where that is configured", () =>
    Effect.gen(function* () {
      const { call, most } = yield* running({ writes: "parallel" })
      const writes = yield* many(5, call("write"))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.join(writes)
      assert.strictEqual(most.write, 5)
    })
  )

  it.effect("keep both limits when they have a deadline", () =>
    Effect.gen(function* () {
      const { boxes, most } = yield* running({ maxConcurrent: 2 })
      const deadline = yield* within(60)
      const calls = yield* many(3, boxes.toolbox.call("write", {}, localCall({ deadline })))
      const reads = yield* many(4, boxes.toolbox.call("read", {}, localCall({ deadline })))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(calls)
      yield* Fiber.join(reads)
      assert.strictEqual(most.write, 1)
      assert.strictEqual(most.all, 2)
    })
  )

  it.effect("leave their place when they are interrupted", () =>
    Effect.gen(function* () {
      const { call } = yield* running({ maxConcurrent: 1 })
      const first = yield* Effect.forkChild(call("write"))
      const second = yield* Effect.forkChild(call("write"))
      const third = yield* Effect.forkChild(call("write"))
      yield* TestClock.adjust("50 millis")
      yield* Fiber.interrupt(second)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("100 millis")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(third)))
    })
  )
})

describe("the deadline of a call", () => {
  it.effect("limits the call, and so does the server's own limit", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* running()
      yield* many(1, boxes.toolbox.call("read", {}, localCall({ deadline: yield* within(5) })))
      yield* many(1, boxes.toolbox.call("read", {}, localCall({ deadline: yield* within(600) })))
      yield* many(1, boxes.toolbox.call("read", {}, localCall()))
      yield* TestClock.adjust("1 second")
      const limits = fakes
        .of("s")[0]
        ?.calls.map(({ timeout }) => (timeout === undefined ? undefined : Duration.toMillis(timeout)))
      assert.deepStrictEqual(limits, [5000, Duration.toMillis(serverDefaults.callTimeout), undefined])
    })
  )

  it.effect("ends the wait for a turn, and nothing is sent", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running({ maxConcurrent: 1 })
      fakes.behave("s").call = () => Effect.as(Effect.sleep("10 seconds"), text("done"))
      const first = yield* Effect.forkChild(call("read"))
      yield* TestClock.adjust(0)
      const second = yield* Effect.forkChild(
        Effect.flip(boxes.toolbox.call("read", {}, localCall({ deadline: yield* within(2) })))
      )
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(second)
      assert.strictEqual(error.code, "SERVER_BUSY")
      assert.include(error.message, "waited 2s")
      yield* TestClock.adjust("8 seconds")
      yield* Fiber.join(first)
      assert.strictEqual(fakes.of("s")[0]?.calls.length, 1)
      yield* Effect.forkChild(call("read"))
      yield* TestClock.adjust(0)
      assert.strictEqual(fakes.of("s")[0]?.calls.length, 2)
    })
  )
})

describe("a call", () => {
  it.effect("is stopped at the server when its caller is interrupted", () =>
    Effect.gen(function* () {
      const { call, fakes } = yield* running({ isTrusted: true })
      let stopped = 0
      fakes.behave("s").call = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (stopped += 1)))
      const fiber = yield* Effect.forkChild(call("read"))
      yield* TestClock.adjust(0)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(stopped, 1)
      assert.strictEqual(fakes.of("s")[0]?.calls.length, 1)
    })
  )

  it.effect("fails with an unknown outcome when somebody else stops the server", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running()
      const closed = yield* Deferred.make<void>()
      fakes.behave("s").close = Deferred.succeed(closed, undefined)
      fakes.behave("s").call = () => Effect.andThen(Deferred.await(closed), Effect.interrupt)
      const fiber = yield* Effect.forkChild(Effect.flip(call("write")))
      yield* TestClock.adjust(0)
      yield* boxes.stop("s")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.code, "TOOL_OUTCOME_UNKNOWN")
      assert.include(error.message, "was stopped")
    })
  )

  it.effect("carries its correlation id to the server", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* running()
      fakes.behave("s").call = () => Effect.map(CorrelationId, (id) => text(id ?? "none"))
      const { content } = yield* boxes.toolbox.call("read", {}, localCall({ correlationId: "c-1" }))
      assert.deepStrictEqual(content, [{ type: "text", text: "c-1" }])
    })
  )
})

describe("progress", () => {
  it.effect("reaches whoever asked, and is not asked for where nobody listens", () =>
    Effect.gen(function* () {
      const { boxes, fakes } = yield* running()
      const seen: Array<ToolProgress> = []
      fakes.behave("s").call = ({ onProgress }) =>
        Effect.as(onProgress?.({ progress: 1, total: 2, message: "half" }) ?? Effect.void, text("done"))
      const interaction = {
        ...Interaction.decline,
        progress: (update: ToolProgress) => Effect.sync(() => void seen.push(update))
      }
      yield* boxes.toolbox.call("read", {}, localCall({ interaction }))
      yield* boxes.toolbox.call("read", {}, localCall())
      assert.deepStrictEqual(seen, [{ progress: 1, total: 2, message: "half" }])
      assert.strictEqual(fakes.of("s")[0]?.calls[1]?.onProgress, undefined)
    })
  )
})

describe("a call whose server is lost", () => {
  const place = { serverName: "s", toolName: "x" }
  const notRun: ReadonlyArray<CallError> = [
    new ConnectionClosed({ serverName: "s", reason: "it exited" }),
    new SessionExpired({ serverName: "s" }),
    new ServerUnreachable({ serverName: "s", url: "http://127.0.0.1:9", reason: "refused" })
  ]
  const final: ReadonlyArray<CallError> = [
    new ToolOutcomeUnknown({ ...place, reason: "it exited" }),
    new ToolCallTimeout({ ...place, limit: Duration.seconds(1), limitName: "callTimeout" }),
    new ToolCallRejected({ ...place, rpcCode: -32602, rpcMessage: "no", data: undefined }),
    new ServerHttpStatus({ serverName: "s", method: "tools/call", httpStatus: 503, challenge: undefined, excerpt: "" })
  ]

  /** The first connection answers with this failure, later ones work. */
  const failing = Effect.fnUntraced(function* (error: CallError, changes: Partial<ManagedServer> = {}) {
    const made = yield* running(changes)
    const { behave } = made.fakes
    behave("s").call = () =>
      made.fakes.connections.flatMap(({ calls }) => calls).length === 1
        ? Effect.fail(error)
        : Effect.succeed(text("done"))
    const attempt = (name: string) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.exit(made.call(name)))
        yield* TestClock.adjust("2 seconds")
        return yield* Fiber.join(fiber)
      })
    const sent = () => made.fakes.connections.flatMap(({ calls }) => calls).length
    return { ...made, attempt, sent }
  })

  for (const error of notRun) {
    it.effect(`is made once more on the new connection after ${error._tag}, whatever the tool`, () =>
      Effect.gen(function* () {
        const { attempt, fakes, sent } = yield* failing(error)
        assert.isTrue(Exit.isSuccess(yield* attempt("write")))
        assert.strictEqual(sent(), 2)
        assert.strictEqual(fakes.of("s").length, 2)
      })
    )
  }

  for (const error of final) {
    it.effect(`is not repeated after ${error._tag}`, () =>
      Effect.gen(function* () {
        const { attempt, sent } = yield* failing(error, { isTrusted: true })
        const exit = yield* attempt("write")
        assert.deepStrictEqual(exit, Exit.fail(error))
        assert.strictEqual(sent(), 1)
      })
    )
  }

  it.effect("is repeated when its outcome is unknown only for tools that a trusted server calls safe", () =>
    Effect.gen(function* () {
      const unknown = new ToolOutcomeUnknown({ ...place, reason: "it exited" })
      for (const isTrusted of [true, false]) {
        for (const name of ["read", "set", "write"]) {
          const { attempt, sent } = yield* failing(unknown, { isTrusted })
          const isSafe = isTrusted && name !== "write"
          assert.strictEqual(Exit.isSuccess(yield* attempt(name)), isSafe)
          assert.strictEqual(sent(), isSafe ? 2 : 1)
        }
      }
    })
  )

  it.effect("is repeated at most once", () =>
    Effect.gen(function* () {
      const { attempt, fakes, sent } = yield* failing(new SessionExpired({ serverName: "s" }))
      fakes.behave("s").call = () => Effect.fail(new SessionExpired({ serverName: "s" }))
      const exit = yield* attempt("read")
      assert.deepStrictEqual(exit, Exit.fail(new SessionExpired({ serverName: "s" })))
      assert.strictEqual(sent(), 2)
    })
  )

  it.effect("keeps the first failure when the server does not come back", () =>
    Effect.gen(function* () {
      const closed = new ConnectionClosed({ serverName: "s", reason: "it exited" })
      const { attempt, fakes } = yield* failing(closed)
      fakes.behave("s").connect = Effect.fail(new SessionExpired({ serverName: "s" }))
      assert.deepStrictEqual(yield* attempt("read"), Exit.fail(closed))
    })
  )

  it.effect("and is under way fails with what is known of it, and the next one works", () =>
    Effect.gen(function* () {
      const { boxes, call, fakes } = yield* running()
      fakes.behave("s").call = () => Effect.never
      const lost = yield* Effect.forkChild(Effect.flip(call("write")))
      yield* TestClock.adjust(0)
      fakes.behave("s").call = () => Effect.succeed(text("again"))
      fakes.of("s")[0]?.die()
      const next = yield* Effect.forkChild(call("write"))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(lost)
      assert.strictEqual(error.code, "TOOL_OUTCOME_UNKNOWN")
      assert.include(error.message, '"s" was killed by SIGKILL; before that it wrote to standard error: out of coal')
      assert.deepStrictEqual((yield* Fiber.join(next)).content, [{ type: "text", text: "again" }])
      assert.strictEqual((yield* boxes.server("s")).restartCount, 1)
    })
  )
})
