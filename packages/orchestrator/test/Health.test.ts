import { assert, describe, it, layer } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { ToolCallTimeout } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { type HealthOptions, managedDefaults, type ServerEvent } from "@signalbox/orchestrator"
import { Deferred, Duration, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { createServer } from "node:http"
import { killed, makeFakeServers, managed, orchestrate, text } from "./FakeServers.ts"

const pings: HealthOptions = managedDefaults.stdio.health

const watched = Effect.fnUntraced(function* (health: Partial<HealthOptions> = {}) {
  const fakes = makeFakeServers()
  const boxes = yield* orchestrate(fakes, [managed("a", { health: { ...pings, ...health } })])
  yield* boxes.settled
  const events: Array<ServerEvent> = []
  yield* Effect.forkScoped(
    Stream.runForEach(boxes.changes, (event) => Effect.sync(() => events.push(event))),
    { startImmediately: true }
  )
  return {
    fakes,
    boxes,
    info: boxes.server("a"),
    health: Effect.map(boxes.server("a"), (info) => info.health.status),
    newest: () => fakes.of("a").at(-1),
    told: () => events.flatMap((event) => (event._tag === "HealthChanged" ? [event.health.status] : []))
  }
})

describe("a server that runs", () => {
  it.effect("is asked once an interval when nothing comes from it, and is healthy while it answers", () =>
    Effect.gen(function* () {
      const { health, newest, told } = yield* watched()
      assert.strictEqual(yield* health, "healthy")
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(newest()?.pings, 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(newest()?.pings, 1)
      yield* TestClock.adjust("5 minutes")
      assert.strictEqual(newest()?.pings, 11)
      assert.strictEqual(yield* health, "healthy")
      assert.deepStrictEqual(told(), [])
    })
  )

  it.effect("is not asked while it talks, nor while it works", () =>
    Effect.gen(function* () {
      const { boxes, fakes, newest } = yield* watched()
      yield* boxes.toolbox.call("echo", {}, localCall())
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(newest()?.pings, 0)
      const isDone = yield* Deferred.make<void>()
      fakes.behave("a").call = () => Effect.as(Deferred.await(isDone), text("done"))
      const call = yield* Effect.forkChild(boxes.toolbox.call("echo", {}, localCall()), { startImmediately: true })
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(newest()?.pings, 0)
      yield* Deferred.succeed(isDone, undefined)
      yield* Fiber.join(call)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(newest()?.pings, 1)
    })
  )

  it.effect("that does not answer is degraded, then given up and started anew, then watched until it is sound", () =>
    Effect.gen(function* () {
      const { boxes, fakes, health, info, told } = yield* watched()
      fakes.behave("a").ping = Effect.never
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual(yield* health, "degraded")
      assert.strictEqual((yield* info).health.reason, "1 of 3 checks failed: no answer within 10s")
      yield* TestClock.adjust("19 seconds")
      assert.lengthOf(fakes.of("a"), 1)
      fakes.behave("a").ping = Effect.void
      yield* TestClock.adjust("1 second")
      const lost = yield* info
      assert.strictEqual(lost.lastError?.code, "SERVER_UNHEALTHY")
      assert.include(lost.lastError?.message, "3 health checks in a row: no answer within 10s")
      yield* TestClock.adjust("1 second")
      assert.lengthOf(fakes.of("a"), 2)
      assert.strictEqual((yield* info).state, "running")
      assert.strictEqual(yield* health, "degraded")
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* health, "degraded")
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* health, "healthy")
      assert.deepStrictEqual(told(), ["degraded", "unhealthy", "healthy"])
      assert.strictEqual((yield* boxes.server("a")).restartCount, 1)
    })
  )

  it.effect("that answers again in time has only been slow", () =>
    Effect.gen(function* () {
      const { fakes, health, told } = yield* watched()
      fakes.behave("a").ping = Effect.never
      yield* TestClock.adjust("45 seconds")
      assert.strictEqual(yield* health, "degraded")
      fakes.behave("a").ping = Effect.void
      // The question that is under way stays without an answer; the next one gets its own.
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* health, "healthy")
      assert.lengthOf(fakes.of("a"), 1)
      assert.deepStrictEqual(told(), ["degraded", "healthy"])
    })
  )

  it.effect("is asked at once when a call has run out of time", () =>
    Effect.gen(function* () {
      const { boxes, fakes, newest } = yield* watched()
      fakes.behave("a").call = () =>
        Effect.fail(
          new ToolCallTimeout({
            serverName: "a",
            toolName: "echo",
            limit: Duration.seconds(60),
            limitName: "callTimeout"
          })
        )
      yield* Effect.flip(boxes.toolbox.call("echo", {}, localCall()))
      yield* TestClock.adjust(0)
      assert.strictEqual(newest()?.pings, 1)
    })
  )

  it.effect("is left alone where its process is all that counts", () =>
    Effect.gen(function* () {
      const { fakes, health, newest } = yield* watched({ check: "process" })
      fakes.behave("a").ping = Effect.never
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(newest()?.pings, 0)
      assert.strictEqual(yield* health, "healthy")
    })
  )
})

describe("the health of many servers", () => {
  const report = Effect.fnUntraced(function* (...down: ReadonlyArray<string>) {
    const fakes = makeFakeServers()
    const boxes = yield* orchestrate(fakes, ["a", managed("b", { isRequired: true }), "c"])
    yield* boxes.settled
    for (const name of ["a", "b", "c"]) {
      if (!down.includes(name)) continue
      fakes.behave(name).connect = Effect.never
      fakes.of(name).at(-1)?.die(killed(name))
    }
    yield* TestClock.adjust(0)
    return yield* boxes.health
  })

  it.effect("is that of all, and names what is lost", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* report(), { status: "healthy", problems: [] })
      const { problems, status } = yield* report("a")
      assert.strictEqual(status, "degraded")
      assert.deepStrictEqual(
        problems.map(({ lostTools, serverName }) => [serverName, lostTools]),
        [["a", ["echo"]]]
      )
      assert.include(problems[0]?.reason, "SIGKILL")
      assert.strictEqual((yield* report("b")).status, "unhealthy")
      assert.strictEqual((yield* report("a", "c")).status, "degraded")
      assert.strictEqual((yield* report("a", "b", "c")).status, "unhealthy")
    })
  )

  it.effect("is unknown where none is wanted", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrate(makeFakeServers(), ["a"], { startsAll: false })
      assert.deepStrictEqual(yield* boxes.health, { status: "unknown", problems: [] })
    })
  )
})

/** A page whose status can be changed, and how often it was asked for. */
const page = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; status: number; asked: number; readonly close: () => void }>((resume) => {
    const server = createServer((_, response) => {
      made.asked++
      response.writeHead(made.status).end("x")
    })
    const made = { url: "", status: 200, asked: 0, close: () => void server.close() }
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(
        Effect.succeed(
          Object.assign(made, { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` })
        )
      )
    })
  }),
  ({ close }) => Effect.sync(close)
)

// On the real clock: the page is asked over HTTP.
layer(NodeServices.layer, { excludeTestServices: true })("a server with a page of its own", (it) => {
  it.effect("is unhealthy when that does not answer 2xx three times, although it runs", () =>
    Effect.gen(function* () {
      const health = yield* page
      const { boxes } = yield* watched({
        check: "http",
        url: health.url,
        interval: Duration.millis(20),
        timeout: Duration.seconds(10)
      })
      const next = (wanted: (event: ServerEvent) => boolean) =>
        boxes.changes.pipe(Stream.filter(wanted), Stream.runHead, Effect.forkChild({ startImmediately: true }))
      const unhealthy = yield* next((event) => event._tag === "HealthChanged" && event.health.status === "unhealthy")
      const back = yield* next((event) => event._tag === "StateChanged" && event.info.state === "running")
      health.status = 500
      const event = yield* Effect.fromOption(yield* Fiber.join(unhealthy))
      assert.include(event._tag === "HealthChanged" ? event.health.reason : "", "answers HTTP 500")
      health.status = 204
      yield* Fiber.join(back)
      assert.strictEqual((yield* boxes.server("a")).lastError?.code, "SERVER_UNHEALTHY")
    })
  )
})
