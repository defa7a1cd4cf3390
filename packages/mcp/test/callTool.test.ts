import { assert, describe, it } from "@effect/vitest"
import { CorrelationId } from "@signalbox/errors"
import {
  type CallProgress,
  type McpClient,
  type ServerOptions,
  ToolCallTimeout,
  ToolOutcomeUnknown
} from "@signalbox/mcp"
import { type FxMcpFlags, readFxMcpLog } from "@signalbox/testing"
import { Deferred, Duration, Effect, Fiber, Tracer } from "effect"
import { echo, eventually, fx, onNode, reached, temporaryFolder, using, verdict, type Way, ways } from "./fixture.ts"

type Use = (client: McpClient, log: string) => Effect.Effect<void, unknown>

const through = (way: Way, use: Use, flags: FxMcpFlags = {}, overrides: Partial<ServerOptions> = {}) =>
  onNode(
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const log = folder.file("fx.log")
      const server = yield* reached(way, { ...flags, log }, overrides)
      yield* using(server, (client) => use(client, log))
    })
  )

const started = (log: string, tool: string) =>
  eventually(`${tool} to start`, () =>
    readFxMcpLog(log).some((event) => event.event === "call_start" && event.tool === tool)
  )
const ended = (log: string, outcome: string) =>
  eventually(`a call that ended ${outcome}`, () =>
    readFxMcpLog(log).some((event) => event.event === "call_end" && event.outcome === outcome)
  )
const sleep = { name: "sleep", input: { milliseconds: 60_000 } } as const

for (const way of ways) {
  describe(`a call over ${way}`, () => {
    it.live("tells the server to stop when it is interrupted", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          const call = yield* Effect.forkChild(client.callTool(sleep))
          yield* started(log, "sleep")
          yield* Fiber.interrupt(call)
          yield* ended(log, "cancelled")
          assert.strictEqual(yield* verdict(client.callTool(echo)), "ok")
        })
      )
    )
    it.live("tells the server to stop when the scope ends, and is interrupted", () =>
      onNode(
        Effect.gen(function* () {
          const interrupted = yield* Deferred.make<void>()
          const observer = yield* Deferred.make<Fiber.Fiber<unknown, unknown>>()
          yield* Effect.promise(() =>
            Effect.runPromise(
              through(way, (client, log) =>
                Effect.gen(function* () {
                  const call = yield* client.callTool(sleep).pipe(
                    Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined)),
                    Effect.forkDetach
                  )
                  yield* Deferred.succeed(observer, call)
                  yield* started(log, "sleep")
                })
              )
            )
          )
          yield* Deferred.await(interrupted)
          yield* Fiber.await(yield* Deferred.await(observer))
        })
      )
    )
    it.live("tells the server to stop when its time is over", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(client.callTool({ ...sleep, timeout: Duration.millis(300) }))
          assert.instanceOf(error, ToolCallTimeout)
          assert.strictEqual(error.status.exit, 4)
          yield* ended(log, "cancelled")
          assert.strictEqual(yield* verdict(client.callTool(echo)), "ok")
        })
      )
    )
    it.live("tells the server to stop when it shows no sign of life", () =>
      through(
        way,
        (client, log) =>
          Effect.gen(function* () {
            const error = yield* Effect.flip(client.callTool(sleep))
            assert.instanceOf(error, ToolCallTimeout)
            assert.strictEqual(error.limitName, "idleTimeout")
            yield* ended(log, "cancelled")
            assert.strictEqual(yield* verdict(client.callTool(echo)), "ok")
          }),
        {},
        { idleTimeout: Duration.millis(500) }
      )
    )
    it.live("may take longer while it makes progress, and no longer than its limit in all", () =>
      through(
        way,
        (client) =>
          Effect.gen(function* () {
            const progress = { name: "progress", input: { steps: 300 } }
            assert.strictEqual(yield* verdict(client.callTool(progress)), "ok")
            const error = yield* Effect.flip(client.callTool({ ...progress, timeout: Duration.millis(1100) }))
            assert.propertyVal(error, "limitName", "callTimeout")
          }),
        {},
        { idleTimeout: Duration.seconds(1) }
      )
    )
    it.live("runs the progress callback in order, and to its end", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const seen: Array<CallProgress> = []
          const onProgress = (progress: CallProgress) =>
            Effect.sleep("2 millis").pipe(Effect.andThen(Effect.sync(() => void seen.push(progress))))
          yield* client.callTool({ name: "progress", input: { steps: 20, count: 20, times: 20 }, onProgress })
          assert.isAbove(seen.length, 0)
          const steps = seen.map(({ progress }) => progress)
          assert.deepStrictEqual(
            steps,
            steps.toSorted((a, b) => a - b)
          )
          assert.strictEqual(seen.at(-1)?.progress, seen.at(-1)?.total)
        })
      )
    )
    it.live("carries the correlation id", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          yield* client.callTool(echo).pipe(Effect.provideService(CorrelationId, "req-1"))
          const request = readFxMcpLog(log).find((event) => event.event === "request" && event.method === "tools/call")
          assert.isDefined(request)
          assert.propertyVal(request?.meta, "signalbox/correlationId", "req-1")
          if (!way.startsWith("stdio")) assert.strictEqual(request?.headers?.["x-correlation-id"], "req-1")
        })
      )
    )
    it.live("refuses arguments above the limit before they are sent", () =>
      through(way, (client, log) =>
        Effect.gen(function* () {
          const text = "x".repeat(11 * 1024 * 1024)
          assert.strictEqual(yield* verdict(client.callTool({ name: "echo", input: { text } })), "REQUEST_TOO_LARGE")
          assert.strictEqual(yield* verdict(client.callTool(echo)), "ok")
          const calls = readFxMcpLog(log).filter((event) => event.event === "call_start")
          assert.strictEqual(calls.length, 1)
        })
      )
    )
    it.live("keeps every content block, whatever its kind", () =>
      through(
        way,
        (client) =>
          Effect.gen(function* () {
            const { content } = yield* client.callTool({ name: "mixed", input: {} })
            const kinds = content.map(({ type }) => type)
            assert.includeMembers(kinds, ["text", "image", "resource", "resource_link"])
            assert.strictEqual(kinds.length, 5)
          }),
        { fault: ["unknown-block@call:1"] }
      )
    )
    it.live("gives a tool's own error as a result", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const result = yield* client.callTool({ name: "fail", input: {} })
          assert.isTrue(result.isError)
          assert.strictEqual(result.content.length, 1)
        })
      )
    )
    it.live("warns of structured content that breaks the output schema, and keeps it", () =>
      through(
        way,
        (client) =>
          Effect.gen(function* () {
            yield* client.listTools
            const add = client.callTool({ name: "add", input: { a: 1, b: 2 } })
            const broken = yield* add
            assert.strictEqual(broken.warnings.length, 1)
            assert.include(broken.warnings[0], "output schema")
            assert.isDefined(broken.structuredContent)
            const sound = yield* add
            assert.deepStrictEqual(sound.warnings, [])
            assert.deepStrictEqual(sound.structuredContent, { sum: 3 })
          }),
        { fault: ["bad-structured@call:1"] }
      )
    )
    it.live("answers in the order of completion", () =>
      through(way, (client) =>
        Effect.gen(function* () {
          const order: Array<number> = []
          yield* Effect.forEach(
            [300, 10],
            (milliseconds) =>
              client
                .callTool({ name: "sleep", input: { milliseconds } })
                .pipe(Effect.andThen(Effect.sync(() => order.push(milliseconds)))),
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(order, [10, 300])
        })
      )
    )
  })
}

describe("a call", () => {
  it.live("whose server dies says why its outcome is unknown", () =>
    onNode(
      using(fx({ fault: ["exit:9@call:2"] }), (client) =>
        Effect.gen(function* () {
          const calls = yield* Effect.forEach([sleep, echo], (call) => Effect.flip(client.callTool(call)), {
            concurrency: "unbounded"
          })
          for (const error of calls) {
            assert.instanceOf(error, ToolOutcomeUnknown)
            assert.include(error.message, "exited with status 9")
            assert.isFalse(error.retryable)
          }
          assert.strictEqual((yield* client.closed)._tag, "ServerExited")
        })
      )
    )
  )
  it.live("has a span that names server and tool", () =>
    onNode(
      using(fx(), (client) =>
        Effect.gen(function* () {
          const spans: Array<Tracer.Span> = []
          const tracer = Tracer.make({
            span: (options) => {
              const span = new Tracer.NativeSpan(options)
              spans.push(span)
              return span
            }
          })
          yield* client.callTool(echo).pipe(Effect.withTracer(tracer))
          const span = spans.find(({ name }) => name === "McpClient.callTool")
          assert.strictEqual(span?.attributes.get("mcp.server"), "fx")
          assert.strictEqual(span?.attributes.get("mcp.tool"), "echo")
        })
      )
    )
  )
  it.live("with an answer of 40 MB gets it whole over stdio", () =>
    onNode(
      using(fx({ fault: ["huge:40000000@call:1"] }), (client) =>
        Effect.gen(function* () {
          const { content } = yield* client.callTool(echo)
          assert.isAbove(JSON.stringify(content).length, 40_000_000)
        })
      )
    )
  )
})
