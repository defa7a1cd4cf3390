import { assert, describe, it } from "@effect/vitest"
import { ConnectionClosed, RequestRejected, RequestTimeout, type ServerError, StreamLost } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { DateTime, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeFakeServers, managed, orchestrate } from "../FakeServers.ts"
import { numberOf } from "../metrics/numbers.ts"

const serverName = "fx"
const timeout = new RequestTimeout({ serverName, method: "prompts/get", limit: Duration.minutes(1) })
const rejected = new RequestRejected({
  serverName,
  method: "prompts/get",
  rpcCode: -32602,
  rpcMessage: "no such argument",
  data: undefined
})
const lostAnswer = new StreamLost({ serverName, reason: "the stream ended" })

/** A running server whose answers about prompts and resources can be made to fail, over HTTP if wanted. */
const running = Effect.fnUntraced(function* (transport: "stdio" | "http" = "stdio") {
  const fakes = makeFakeServers()
  const local = managed(serverName)
  const http = { transport: "http", url: "http://fx.test/", headers: {}, auth: undefined } as const
  const server = transport === "http" ? { ...local.server, endpoint: http } : local.server
  const boxes = yield* orchestrate(fakes, [{ ...local, server }])
  yield* boxes.settled
  yield* boxes.prompts.list
  const behaviour = fakes.behave(serverName)
  const get = boxes.prompts.get("greet", {}, localCall())
  const read = boxes.resources.read({ serverName, uri: "fx://status" }, localCall())
  return {
    fakes,
    boxes,
    get,
    read,
    answer: (ask: Effect.Effect<void, ServerError>) => Effect.sync(() => void (behaviour.ask = ask)),
    asked: () => fakes.of(serverName).reduce((sum, { asked }) => sum + asked, 0),
    phase: Effect.map(boxes.breaker.stats, ([stats]) => stats?.phase),
    number: (name: string, labels?: Readonly<Record<string, string>>) => numberOf(boxes, name, labels)
  }
})

/** The same at the same time. */
const manyTimes = <A, E>(count: number, effect: Effect.Effect<A, E>) =>
  Effect.all(
    Array.from({ length: count }, () => Effect.exit(effect)),
    { concurrency: "unbounded", discard: true }
  )

describe("requests other than tool calls", () => {
  it.effect("open the circuit when they get no answer, and are refused while it is open, as tools are", () =>
    Effect.gen(function* () {
      const { answer, asked, boxes, get, phase, read } = yield* running()
      yield* answer(Effect.fail(timeout))
      yield* Effect.repeat(Effect.exit(get), { times: 3 })
      assert.strictEqual(yield* phase, "closed")
      assert.strictEqual((yield* Effect.flip(read)).code, "SERVER_REQUEST_TIMEOUT")
      assert.strictEqual(yield* phase, "open")
      yield* TestClock.adjust("20 seconds")
      const before = asked()
      const errors = [
        yield* Effect.flip(get),
        yield* Effect.flip(read),
        yield* Effect.flip(
          boxes.resources.complete({ serverName, uriTemplate: "fx://{id}" }, { argument: "id", value: "" }, localCall())
        )
      ]
      for (const error of errors) {
        assert.strictEqual(error.code, "SERVER_CIRCUIT_OPEN")
        assert.deepStrictEqual([error.retryable, error.retryAfter], [true, Duration.seconds(40)])
      }
      assert.strictEqual(
        errors[0]?.message,
        `"prompts/get" was not called: the circuit of server "fx" is open until 1970-01-01T00:01:00.000Z: ` +
          timeout.message
      )
      assert.strictEqual((yield* Effect.flip(boxes.toolbox.call("echo", {}, localCall()))).code, "SERVER_CIRCUIT_OPEN")
      assert.strictEqual((yield* boxes.prompts.list).length, 1)
      assert.strictEqual(asked(), before)
    })
  )

  it.effect("close the circuit again when they are answered", () =>
    Effect.gen(function* () {
      const { answer, get, phase, read } = yield* running()
      yield* answer(Effect.fail(timeout))
      yield* Effect.repeat(Effect.exit(get), { times: 4 })
      yield* answer(Effect.void)
      yield* TestClock.adjust("60 seconds")
      yield* get
      assert.strictEqual(yield* phase, "half-open")
      yield* read
      assert.strictEqual(yield* phase, "closed")
    })
  )

  it.effect("do not open it by what a server refuses, nor by a caller who has no patience", () =>
    Effect.gen(function* () {
      const { answer, boxes, get, phase } = yield* running()
      yield* answer(Effect.fail(rejected))
      yield* Effect.repeat(Effect.exit(get), { times: 9 })
      yield* answer(Effect.never)
      const deadline = DateTime.addDuration(yield* DateTime.now, "1 second")
      const impatient = yield* Effect.forkChild(manyTimes(6, boxes.prompts.get("greet", {}, localCall({ deadline }))))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(impatient)
      assert.strictEqual(yield* phase, "closed")
    })
  )

  it.effect("count as one loss where one connection took all of their answers", () =>
    Effect.gen(function* () {
      const { answer, boxes, phase, read } = yield* running("http")
      const losing = Effect.gen(function* () {
        const all = yield* Effect.forkChild(manyTimes(9, read))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(all)
      })
      yield* answer(Effect.andThen(Effect.sleep("1 second"), Effect.fail(lostAnswer)))
      yield* Effect.repeat(losing, { times: 3 })
      assert.strictEqual(yield* phase, "closed")
      assert.strictEqual((yield* boxes.breaker.stats)[0]?.consecutiveFailures, 4)
      yield* losing
      assert.strictEqual(yield* phase, "open")
    })
  )

  it.effect("are counted under their method, in the same numbers as tools", () =>
    Effect.gen(function* () {
      const { answer, boxes, get, number, read } = yield* running()
      yield* get
      yield* answer(Effect.fail(rejected))
      yield* Effect.flip(get)
      yield* answer(Effect.fail(timeout))
      yield* Effect.flip(read)
      assert.strictEqual(number("mcp_calls_total", { server: "fx", tool: "prompts/get", outcome: "success" }), 1)
      const refused = { server: "fx", tool: "prompts/get", outcome: "SERVER_REQUEST_REJECTED" }
      assert.strictEqual(number("mcp_calls_total", refused), 1)
      const late = { server: "fx", tool: "resources/read", outcome: "SERVER_REQUEST_TIMEOUT" }
      assert.strictEqual(number("mcp_calls_total", late), 1)
      assert.strictEqual(number("mcp_call_duration_seconds", { server: "fx" }), 3)
      const { servers } = yield* boxes.metrics.snapshot
      const numbers = servers["fx"]
      assert.deepStrictEqual([numbers?.calls, numbers?.in_flight, numbers?.waiting], [3, 0, 0])
      assert.strictEqual(numbers?.window.error_rate, 1 / 3)
    })
  )

  it.effect("are on their way until they are answered, and once more on the next connection", () =>
    Effect.gen(function* () {
      const { answer, boxes, number, read } = yield* running()
      const inFlight = Effect.map(boxes.metrics.snapshot, ({ servers }) => servers["fx"]?.in_flight)
      yield* answer(Effect.sleep("1 second"))
      const reading = yield* Effect.forkChild(read)
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* inFlight, 1)
      yield* TestClock.adjust("500 millis")
      yield* Fiber.join(reading)
      assert.strictEqual(yield* inFlight, 0)
      yield* answer(Effect.fail(new ConnectionClosed({ serverName, reason: "it was lost." })))
      const again = yield* Effect.forkChild(Effect.flip(read))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(again)).code, "SERVER_CONNECTION_CLOSED")
      assert.strictEqual(number("mcp_calls_repeated_total", { server: "fx" }), 1)
      assert.strictEqual(yield* inFlight, 0)
    })
  )
})
