import { assert, describe, it } from "@effect/vitest"
import { type CallContext, localCall } from "@signalbox/model"
import {
  managedDefaults,
  type ManagedServer,
  type OrchestratorOptions,
  type ServerOrchestrator,
  type SessionOptions
} from "@signalbox/orchestrator"
import { type FxMcpEvent, type FxMcpFlags, readFxMcpLog, tempDirectory } from "@signalbox/testing"
import { Duration, Effect, Fiber } from "effect"
import { fx, orchestrateReal, until } from "../realServers.ts"

const sessions = (changes: Partial<SessionOptions>): SessionOptions => ({
  ...managedDefaults.stdio.sessions,
  ...changes
})

/** One fx-mcp with such sessions, and what all of its processes have seen. */
const server = Effect.fnUntraced(function* (
  options: Partial<SessionOptions>,
  flags: FxMcpFlags = {},
  changes: Partial<ManagedServer> = {},
  set: Partial<OrchestratorOptions> = {}
) {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (folder) => Effect.promise(() => folder[Symbol.asyncDispose]())
  )
  const log = folder.file("fx.log")
  const managed: ManagedServer = { ...fx("fx", { ...flags, log }), sessions: sessions(options), ...changes }
  const boxes = yield* orchestrateReal([managed], set)
  yield* boxes.settled
  const seen = (event: FxMcpEvent["event"]) => readFxMcpLog(log).filter((entry) => entry.event === event)
  return { boxes, managed, seen, starts: () => seen("start").length }
})

type Boxes = ServerOrchestrator["Service"]

const as = (principal: string, conversationId = "c") => localCall({ principal, conversationId })
const write = (boxes: Boxes, context: CallContext, key: string) =>
  Effect.map(boxes.toolbox.call("write", { key, value: "v" }, context), ({ structuredContent }) => structuredContent)
const isWrite = ({ tool }: FxMcpEvent) => tool === "write"
const sleep = (boxes: Boxes, milliseconds: number, context = localCall()) =>
  boxes.toolbox.call("sleep", { milliseconds }, context)
const together = <A, E>(count: number, effect: Effect.Effect<A, E>) =>
  Effect.all(
    Array.from({ length: count }, () => effect),
    { concurrency: "unbounded" }
  )
const open = (starts: () => number, count: number) => until(`${count} to be open`, () => starts() === count)
const pool = (boxes: Boxes) => Effect.map(boxes.metrics.snapshot, ({ pools }) => pools["fx"])

describe("a session for each conversation", () => {
  it.live("keeps what the server remembers of one from every other", () =>
    Effect.gen(function* () {
      const { boxes, starts } = yield* server({ affinity: "conversation", max: 3 })
      assert.propertyVal(yield* write(boxes, as("ann", "1"), "a"), "keys", 1)
      assert.propertyVal(yield* write(boxes, as("ann", "1"), "b"), "keys", 2)
      assert.propertyVal(yield* write(boxes, as("ann", "2"), "c"), "keys", 1)
      assert.propertyVal(yield* write(boxes, as("bob", "1"), "d"), "keys", 1)
      assert.propertyVal(yield* write(boxes, as("ann", "1"), "e"), "keys", 3)
      // The supervised one lists tools and answers checks.
      assert.strictEqual(starts(), 4)
      assert.deepInclude(yield* pool(boxes), { used: 3, idle: 0, max: 3, health: "healthy" })
    })
  )

  it.live("lets a further one wait at the limit, and then says which setting it is", () =>
    Effect.gen(function* () {
      const { boxes, starts } = yield* server({
        affinity: "conversation",
        max: 1,
        acquireTimeout: Duration.seconds(3)
      })
      yield* write(boxes, as("ann"), "a")
      const error = yield* Effect.flip(write(boxes, as("bob"), "b"))
      assert.deepStrictEqual([error.code, error.retryable], ["SERVER_SESSIONS_EXHAUSTED", true])
      assert.include(error.hint, `Raise sessions.max of "fx", or sessions.acquireTimeout`)
      assert.strictEqual(starts(), 2)
      const waiting = yield* Effect.forkChild(write(boxes, as("bob"), "b"), { startImmediately: true })
      yield* boxes.endConversation({ principal: "ann", conversationId: "c" })
      assert.propertyVal(yield* Fiber.join(waiting), "keys", 1)
      assert.strictEqual((yield* boxes.breaker.stats)[0]?.failed, 0)
    })
  )

  it.live(
    "gives one of its own to a call past the limit where that is configured, but not while the circuit is open",
    () =>
      Effect.gen(function* () {
        const { boxes, starts } = yield* server({
          affinity: "conversation",
          max: 1,
          acquireTimeout: Duration.seconds(3),
          fallback: "direct"
        })
        yield* write(boxes, as("ann"), "a")
        assert.propertyVal(yield* write(boxes, as("bob"), "b"), "keys", 1)
        assert.strictEqual(starts(), 3)
        assert.include(yield* boxes.metrics.prometheus, 'mcp_pool_fallbacks_total{server="fx"} 1')
        yield* boxes.breaker.open("fx")
        assert.strictEqual((yield* Effect.flip(write(boxes, as("eve"), "c"))).code, "SERVER_CIRCUIT_OPEN")
        assert.strictEqual(starts(), 3)
      })
  )

  it.live("ends when nobody has used it for long, and a later call begins anew", () =>
    Effect.gen(function* () {
      const { boxes, seen } = yield* server({ affinity: "conversation", max: 1, idleTimeToLive: Duration.millis(200) })
      yield* write(boxes, as("ann"), "a")
      yield* until("the idle process to end", () => seen("stdin_end").length === 1)
      assert.propertyVal(yield* write(boxes, as("ann"), "b"), "keys", 1)
    })
  )

  it.live("is replaced when its process is lost, and the call that finds it gone is not lost with it", () =>
    Effect.gen(function* () {
      const { boxes, seen, starts } = yield* server({ affinity: "conversation", max: 2 })
      yield* write(boxes, as("ann"), "a")
      const pid = seen("call_start")[0]?.pid ?? assert.fail("no call")
      process.kill(pid, "SIGKILL")
      yield* until("its place to be free", () => Effect.runPromise(pool(boxes)).then((stats) => stats?.used === 0))
      assert.propertyVal(yield* write(boxes, as("ann"), "b"), "keys", 1)
      assert.strictEqual(starts(), 3)
      assert.strictEqual((yield* boxes.server("fx")).restartCount, 0)
    })
  )

  it.live("is closed by a restart when its calls have ended, and by a stop", () =>
    Effect.gen(function* () {
      const { boxes, seen, starts } = yield* server({ affinity: "conversation", max: 2 })
      const long = yield* Effect.forkChild(sleep(boxes, 500, as("ann")), { startImmediately: true })
      yield* until("the call", () => seen("call_start").length === 1)
      yield* boxes.restart("fx")
      assert.isFalse((yield* Fiber.join(long)).isError)
      yield* until("both to end", () => seen("stdin_end").length === 2)
      yield* write(boxes, as("ann"), "a")
      assert.strictEqual(starts(), 4)
      yield* boxes.stop("fx")
      yield* until("all to end", () => seen("stdin_end").length === 4)
      assert.strictEqual((yield* Effect.flip(write(boxes, as("ann"), "b"))).code, "TOOL_NOT_FOUND")
    })
  )

  it.live("is closed by a new configuration, which the next call is made by", () =>
    Effect.gen(function* () {
      const { boxes, managed, seen } = yield* server({ affinity: "conversation", max: 2 })
      const long = yield* Effect.forkChild(sleep(boxes, 500, as("ann")), { startImmediately: true })
      yield* until("the call", () => seen("call_start").length === 1)
      const { changed } = yield* boxes.reconfigure([{ ...managed, sessions: managedDefaults.stdio.sessions }])
      assert.deepStrictEqual(changed, ["fx"])
      assert.propertyVal(yield* write(boxes, as("ann"), "a"), "keys", 1)
      assert.propertyVal(yield* write(boxes, as("bob"), "b"), "keys", 2)
      assert.isFalse((yield* Fiber.join(long)).isError)
      yield* until("the old ones to end", () => seen("stdin_end").length === 2)
      assert.isUndefined(yield* pool(boxes))
    })
  )

  it.live("never serves two principals, whoever comes and goes in which order", () =>
    Effect.gen(function* () {
      const { boxes, seen } = yield* server({
        affinity: "conversation",
        max: 3,
        idleTimeToLive: Duration.millis(20),
        acquireTimeout: Duration.seconds(60)
      })
      const calls = Array.from({ length: 60 }, (_, index) => ({
        principal: `p${(index * 7) % 5}`,
        conversationId: `c${(index * 3) % 2}`
      }))
      yield* Effect.forEach(
        calls,
        (conversation) =>
          boxes.toolbox.call(
            "echo",
            { text: `${conversation.principal}/${conversation.conversationId}` },
            localCall(conversation)
          ),
        { concurrency: 10 }
      )
      const owners = new Map<number, Set<unknown>>()
      for (const { arguments: given, pid } of seen("call_start")) {
        const known = owners.get(pid) ?? new Set()
        owners.set(pid, known.add(JSON.stringify(given)))
      }
      assert.strictEqual(seen("call_end").length, 60)
      assert.isTrue([...owners.values()].every(({ size }) => size === 1))
    })
  )
})

describe("a session for each call", () => {
  it.live("is a new process each time, never more than may be", () =>
    Effect.gen(function* () {
      const { boxes, seen, starts } = yield* server({ affinity: "call", max: 2 })
      assert.propertyVal(yield* write(boxes, localCall(), "a"), "keys", 1)
      assert.propertyVal(yield* write(boxes, localCall(), "b"), "keys", 1)
      assert.strictEqual(starts(), 3)
      yield* together(4, boxes.toolbox.call("echo", { text: "x" }, localCall()))
      assert.strictEqual(starts(), 7)
      yield* until("all to end", () => seen("stdin_end").length === 6)
      assert.strictEqual(new Set(seen("call_start").map(({ pid }) => pid)).size, 6)
    })
  )
})

describe("the least number of sessions", () => {
  it.live("is open before the first call, the supervised one among them, and ends with the server", () =>
    Effect.gen(function* () {
      const { boxes, seen, starts } = yield* server({ min: 2, max: 3 }, {}, { maxConcurrent: 1 })
      yield* open(starts, 2)
      yield* until("both to be idle", () => Effect.runPromise(pool(boxes)).then((stats) => stats?.idle === 2))
      yield* together(2, sleep(boxes, 300))
      assert.strictEqual(starts(), 2)
      assert.strictEqual(new Set(seen("call_start").map(({ pid }) => pid)).size, 2)
      yield* boxes.stop("fx")
      yield* until("both to end", () => seen("stdin_end").length === 2)
      assert.strictEqual(starts(), 2)
      yield* boxes.start("fx")
      yield* open(starts, 4)
    })
  )

  it.live("is there again after the supervised one was killed, and never more than may be", () =>
    Effect.gen(function* () {
      const { boxes, seen, starts } = yield* server({ min: 2, max: 2 })
      yield* open(starts, 2)
      process.kill((yield* boxes.server("fx")).pid ?? 0, "SIGKILL")
      const idle = () => Effect.runPromise(pool(boxes)).then((stats) => stats?.idle)
      yield* until("it to be back", () =>
        Effect.runPromise(boxes.server("fx")).then(({ restartCount }) => restartCount === 1)
      )
      yield* until("both to be idle", async () => (await idle()) === 2)
      yield* until("others to end", () => starts() - seen("stdin_end").length - 1 === 2)
    })
  )

  it.live("waits for conversations that have none yet, and is not opened for a server that nobody starts", () =>
    Effect.gen(function* () {
      const { boxes, starts } = yield* server({ affinity: "conversation", min: 1, max: 3 })
      yield* open(starts, 2)
      assert.propertyVal(yield* write(boxes, as("ann"), "a"), "keys", 1)
      // The one that she got is not the next one's.
      assert.propertyVal(yield* write(boxes, as("bob"), "b"), "keys", 1)
      const stopped = yield* server({ min: 2, max: 2 }, {}, {}, { startsAll: false })
      assert.strictEqual(stopped.starts(), 0)
      assert.deepInclude(yield* pool(stopped.boxes), { idle: 0, opening: 0 })
    })
  )
})

describe("sessions that are shared", () => {
  it.live("are opened when all others are full, the supervised one first", () =>
    Effect.gen(function* () {
      const { boxes, seen, starts } = yield* server({ max: 3 }, {}, { maxConcurrent: 2 })
      yield* together(2, sleep(boxes, 50))
      assert.strictEqual(starts(), 1)
      // Long enough for two more servers to start, on a busy machine too.
      yield* together(20, sleep(boxes, 600))
      assert.strictEqual(starts(), 3)
      const pids = new Set(seen("call_start").map(({ pid }) => pid))
      assert.isTrue(pids.has((yield* boxes.server("fx")).pid ?? 0))
      assert.strictEqual(pids.size, 3)
    })
  )

  it.live("keep writes apart over all of them", () =>
    Effect.gen(function* () {
      const { boxes, seen } = yield* server({ max: 3 }, {}, { maxConcurrent: 1 })
      yield* write(boxes, localCall(), "k")
      const reader = yield* Effect.forkChild(sleep(boxes, 4000), { startImmediately: true })
      yield* until("the reader to take the first session", () => seen("call_start").length === 2)
      yield* together(5, write(boxes, localCall(), "k"))
      yield* Fiber.join(reader)
      const steps = [...seen("call_start"), ...seen("call_end")].filter(isWrite).toSorted((a, b) => a.at - b.at)
      assert.deepStrictEqual(
        steps.map(({ event }) => event),
        Array.from({ length: 6 }, () => ["call_start", "call_end"]).flat()
      )
      assert.isAbove(new Set(steps.map(({ pid }) => pid)).size, 1)
    })
  )

  it.live("go on when one of them is killed, and open another one in its place", () =>
    Effect.gen(function* () {
      const { boxes, seen, starts } = yield* server({ max: 2 }, {}, { maxConcurrent: 1 })
      const full = (count: number) =>
        Effect.gen(function* () {
          const calls = yield* Effect.forkChild(together(2, sleep(boxes, 3000)), { startImmediately: true })
          yield* until("another one to be opened", () => starts() === count)
          yield* Fiber.join(calls)
        })
      yield* full(2)
      const supervised = (yield* boxes.server("fx")).pid
      const other = seen("start").find(({ pid }) => pid !== supervised)?.pid ?? assert.fail("there is one alone")
      process.kill(other, "SIGKILL")
      yield* until("it to be missed", () => Effect.runPromise(pool(boxes)).then((stats) => (stats?.idle ?? 0) < 2))
      yield* full(3)
      process.kill(supervised ?? 0, "SIGKILL")
      yield* until("it to be back", () =>
        Effect.runPromise(boxes.server("fx")).then(({ pid, state }) => state === "running" && pid !== supervised)
      )
      yield* together(2, sleep(boxes, 100))
    })
  )
})
