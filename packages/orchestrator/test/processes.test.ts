import { assert, describe, it } from "@effect/vitest"
import { Interaction, localCall, resultText, type ToolProgress } from "@signalbox/model"
import { managedDefaults, type ManagedServer, type ServerOrchestrator } from "@signalbox/orchestrator"
import { markedProcesses, readFxMcpLog, startFxMcpHttp, tempDirectory, waitFor } from "@signalbox/testing"
import { Duration, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { fileURLToPath } from "node:url"
import { fx, markerName, newMarker, orchestrateReal, ownerOf, stdio, until } from "./realServers.ts"

type Boxes = ServerOrchestrator["Service"]

const call = (boxes: Boxes, name: string, input: Readonly<Record<string, unknown>> = {}) =>
  boxes.toolbox.call(name, input, localCall())

const pidOf = (boxes: Boxes, name: string) => Effect.map(boxes.server(name), ({ pid }) => pid ?? 0)

const marked = (value: string) => markedProcesses({ name: markerName, value })

/** Waits for a state of a server, by its events. */
const reaching = (boxes: Boxes, name: string, state: string) =>
  boxes.changes.pipe(
    Stream.filter((event) => event._tag === "StateChanged" && event.info.name === name && event.info.state === state),
    Stream.runHead,
    Effect.forkChild({ startImmediately: true })
  )

const node = (...args: ReadonlyArray<string>) => ({ command: process.execPath, args })
const memoryServer = node(fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-memory/dist/index.js")))
const everythingServer = node(
  fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js")),
  "stdio"
)

describe("ten servers, of which one hangs in its handshake and one is dead", () => {
  it.live("leave eight usable while those two are not", () =>
    Effect.gen(function* () {
      const good = ["a", "b", "c", "d", "e", "f", "g", "h"]
      const boxes = yield* orchestrateReal([
        fx("hanging", { hangInit: true }),
        fx("dead", { exitAtStart: 7, stderrText: "no coal" }),
        ...good.map((name) => fx(name, { tools: ["echo"] }))
      ])
      const answers = yield* Effect.all(
        good.map((name) => call(boxes, `${name}__echo`, { text: name })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(answers.map(resultText), good)
      const dead = yield* boxes.server("dead")
      assert.include(["error", "starting"], dead.state)
      assert.strictEqual(dead.exit?.code, 7)
      assert.strictEqual(dead.lastError?.message, 'Server "dead" exited with status 7: no coal.')
      assert.include(yield* boxes.logs("dead"), "no coal")
      assert.strictEqual((yield* boxes.server("hanging")).state, "starting")
    })
  )

  it.live("give an exit for each name, the time-out of the hanging one included", () =>
    Effect.gen(function* () {
      const slow = { connectTimeout: Duration.seconds(2) }
      const boxes = yield* orchestrateReal(
        [fx("a"), fx("hanging", { hangInit: true }, "", slow), fx("dead", { exitAtStart: 7 }), fx("b")],
        { startsAll: false }
      )
      const exits = yield* boxes.startAll
      assert.deepStrictEqual(
        [...exits].map(([name, exit]) => `${name} ${exit._tag}`),
        ["a Success", "hanging Failure", "dead Failure", "b Success"]
      )
      assert.strictEqual((yield* boxes.server("hanging")).lastError?.code, "SERVER_HANDSHAKE_TIMEOUT")
    })
  )
})

describe("a server that refuses its first handshakes", () => {
  it.live("is tried again until it works, and nothing of the attempts is left", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => tempDirectory()),
        (folder) => Effect.promise(() => folder[Symbol.asyncDispose]())
      )
      const [log, marker] = [folder.file("fx.log"), newMarker()]
      const boxes = yield* orchestrateReal([fx("a", { failInit: 2, log, tools: ["echo"] }, marker)])
      const starts = () => readFxMcpLog(log).filter(({ event }) => event === "start")
      yield* until("it to run", () => Effect.runPromise(boxes.server("a")).then(({ state }) => state === "running"))
      const [first, second, third, ...others] = starts().map(({ at }) => at)
      assert.deepStrictEqual(others, [])
      // The first pause is about none, the second at least half of the configured one.
      assert.isAtLeast((third ?? 0) - (second ?? 0), 250)
      assert.isAbove(second ?? 0, first ?? 0)
      assert.strictEqual(resultText(yield* call(boxes, "echo", { text: "at last" })), "at last")
      yield* until("one process to be left", () => marked(marker).then(({ length }) => length === 1))
      const { errorCount, pid } = yield* boxes.server("a")
      assert.deepStrictEqual([errorCount, yield* Effect.promise(() => marked(marker))], [2, [pid]])
    })
  )
})

describe("a server that is killed", () => {
  it.live("fails its calls with its name and last words, harms no other, and comes back within a second", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal([
        fx("victim", { tools: ["echo", "sleep", "write"], stderrText: "signal lamp lit" }),
        fx("other", { tools: ["add"] })
      ])
      yield* boxes.settled
      const pid = yield* pidOf(boxes, "victim")
      const lost = yield* Effect.forkChild(
        Effect.flip(call(boxes, "write", { key: "k", value: "v", milliseconds: 60_000 }))
      )
      yield* Effect.sleep("50 millis")
      const noticed = yield* reaching(boxes, "victim", "error")
      process.kill(pid, "SIGKILL")
      yield* Fiber.join(noticed)
      const info = yield* boxes.server("victim")
      assert.strictEqual(info.exit?.signal, "SIGKILL")
      assert.strictEqual(resultText(yield* call(boxes, "add", { a: 1, b: 2 })), "3")
      assert.strictEqual(resultText(yield* call(boxes, "echo", { text: "back" })), "back")
      const error = yield* Fiber.join(lost)
      assert.strictEqual(error.code, "TOOL_OUTCOME_UNKNOWN")
      assert.include(error.message, '"victim"')
      assert.include(error.message, "signal lamp lit")
      assert.notStrictEqual(yield* pidOf(boxes, "victim"), pid)
    })
  )

  it.live("is replaced when it is frozen and answers nothing any more", () =>
    Effect.gen(function* () {
      const { health } = managedDefaults.stdio
      const watched = { ...health, interval: Duration.millis(50), timeout: Duration.millis(250), failures: 2 }
      const boxes = yield* orchestrateReal([{ ...fx("victim", { tools: ["echo"] }), health: watched }])
      yield* boxes.settled
      const pid = yield* pidOf(boxes, "victim")
      const noticed = yield* reaching(boxes, "victim", "error")
      process.kill(pid, "SIGSTOP")
      yield* Fiber.join(noticed)
      assert.strictEqual((yield* boxes.server("victim")).lastError?.code, "SERVER_UNHEALTHY")
      assert.strictEqual(resultText(yield* call(boxes, "echo", { text: "back" })), "back")
      assert.notStrictEqual(yield* pidOf(boxes, "victim"), pid)
    })
  )

  it.live("comes back again and again", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal([fx("victim", { tools: ["echo", "kill_self"] })], {
        restart: { base: Duration.millis(20), cap: Duration.millis(100), factor: 2, healthyAfter: Duration.minutes(1) }
      })
      for (let round = 1; round <= 4; round++) {
        assert.strictEqual((yield* Effect.flip(call(boxes, "kill_self"))).code, "TOOL_OUTCOME_UNKNOWN")
        assert.strictEqual(resultText(yield* call(boxes, "echo", { text: `${round}` })), `${round}`)
        assert.strictEqual((yield* boxes.server("victim")).restartCount, round)
      }
    })
  )
})

describe("writes to a server", () => {
  it.live("are all kept by the official memory server, however many come at once", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => tempDirectory()),
        (folder) => Effect.promise(() => folder[Symbol.asyncDispose]())
      )
      const boxes = yield* orchestrateReal([
        stdio("memory", memoryServer, { MEMORY_FILE_PATH: folder.file("memory.jsonl") })
      ])
      const create = (index: number) =>
        call(boxes, "create_entities", {
          entities: [{ name: `entity ${index}`, entityType: "test", observations: [] }]
        })
      yield* Effect.all(
        Array.from({ length: 20 }, (_, index) => create(index)),
        { concurrency: "unbounded" }
      )
      const graph = (yield* call(boxes, "read_graph")).structuredContent
      const entities: unknown = typeof graph === "object" && graph !== null && "entities" in graph ? graph.entities : []
      assert.strictEqual(Array.isArray(entities) ? entities.length : 0, 20)
    })
  )

  it.live("run one at a time while reads overlap them", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal([fx("s", { tools: ["write", "sleep"] })])
      const write = (key: string) => call(boxes, "write", { key, value: "v", milliseconds: 50 })
      const [reads, ...writes] = yield* Effect.all(
        [call(boxes, "sleep", { milliseconds: 10 }), write("a"), write("b"), write("c")],
        { concurrency: "unbounded" }
      )
      assert.strictEqual(resultText(reads), "slept 10 ms")
      for (const { structuredContent } of writes) assert.propertyVal(structuredContent, "most_at_once", 1)
    })
  )
})

describe("two official servers", () => {
  it.live("are one toolbox, with progress and every kind of content", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal([stdio("everything", everythingServer), stdio("memory", memoryServer)])
      yield* boxes.settled
      assert.isAtLeast((yield* boxes.toolbox.list).length, 22)
      assert.strictEqual(resultText(yield* call(boxes, "echo", { message: "hello" })), "Echo: hello")
      const image = yield* call(boxes, "get-tiny-image")
      assert.include(
        image.content.map(({ type }) => type),
        "image"
      )
      const seen: Array<number> = []
      const interaction = {
        ...Interaction.decline,
        progress: ({ progress }: ToolProgress) => Effect.sync(() => void seen.push(progress))
      }
      yield* boxes.toolbox.call(
        "trigger-long-running-operation",
        { duration: 0.2, steps: 4 },
        localCall({ interaction })
      )
      assert.deepStrictEqual(seen, [1, 2, 3, 4])
    })
  )
})

describe("tools of the same name", () => {
  it.live("on two servers are both callable", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal([fx("left", { tools: ["add", "echo"] }), fx("right", { tools: ["add"] })])
      yield* boxes.settled
      assert.deepStrictEqual(
        (yield* boxes.toolbox.list).map(({ name }) => name),
        ["left__add", "echo", "right__add"]
      )
      assert.strictEqual(resultText(yield* call(boxes, "left__add", { a: 1, b: 2 })), "3")
      assert.strictEqual(resultText(yield* call(boxes, "right__add", { a: 3, b: 4 })), "7")
    })
  )

  it.live("appear and are announced when a server says so", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal([fx("s", { tools: ["echo"], listChangedAfter: 1 })])
      yield* boxes.settled
      const change = yield* boxes.changes.pipe(
        Stream.filter((event) => event._tag === "ToolsChanged"),
        Stream.runHead,
        Effect.forkChild({ startImmediately: true })
      )
      yield* call(boxes, "echo", { text: "x" })
      yield* Fiber.join(change)
      assert.deepStrictEqual(
        (yield* boxes.toolbox.list).map(({ name }) => name),
        ["echo", "added"]
      )
    })
  )
})

const http = (url: string): ManagedServer => {
  const { server } = fx("web")
  return { ...managedDefaults.http, server: { ...server, endpoint: { transport: "http", url, headers: {} } } }
}

describe("a server over HTTP", () => {
  it.live("is shown as lost when nobody listens any more", () =>
    Effect.gen(function* () {
      const web = yield* Effect.promise(() => startFxMcpHttp({ tools: ["echo"] }))
      const boxes = yield* orchestrateReal([http(web.url)])
      yield* boxes.settled
      yield* Effect.promise(() => web.close())
      const error = yield* Effect.flip(call(boxes, "echo", { text: "x" }))
      assert.include(error.message, '"web"')
      const { name, state } = yield* boxes.server("web")
      assert.deepStrictEqual([name, state], ["web", "error"])
    })
  )
})

describe("server processes", () => {
  it.live("carry the mark of their owner", () =>
    Effect.gen(function* () {
      const owner = yield* ownerOf(process.pid)
      assert.match(owner ?? "", new RegExp(`^${process.pid}-`))
      const boxes = yield* orchestrateReal([fx("s", { tools: ["env"] })], { owner })
      const { structuredContent } = yield* call(boxes, "env")
      assert.propertyVal(structuredContent, "SIGNALBOX_OWNER", owner)
    })
  )

  it.live("leave nothing behind when the scope closes, even if they ignore everything, and end side by side", () =>
    Effect.gen(function* () {
      const marker = newMarker()
      const scope = yield* Scope.make()
      const limits = { shutdownTimeout: Duration.seconds(4) }
      const stubborn = { ignoreEof: true, ignoreTerm: true, grandchild: true }
      const boxes = yield* Scope.provide(
        orchestrateReal([
          fx("a", stubborn, marker, limits),
          fx("b", stubborn, marker, limits),
          fx("c", stubborn, marker, limits),
          fx("hanging", { hangInit: true }, marker, limits),
          fx("d", {}, marker, limits)
        ]),
        scope
      )
      yield* until("four servers", () =>
        Effect.runPromise(boxes.servers).then((all) => all.filter(({ state }) => state === "running").length === 4)
      )
      assert.isAtLeast((yield* Effect.promise(() => marked(marker))).length, 8)
      const from = performance.now()
      yield* Scope.close(scope, Exit.void)
      const took = performance.now() - from
      assert.deepStrictEqual(yield* Effect.promise(() => marked(marker)), [])
      // One after the other would take twelve seconds for the stubborn ones alone.
      assert.isBelow(took, 11_900)
    })
  )

  it.live("end and start on demand", () =>
    Effect.gen(function* () {
      const marker = newMarker()
      const boxes = yield* orchestrateReal([fx("s", {}, marker)], { startsAll: false })
      const both = yield* Effect.all([Effect.exit(boxes.start("s")), Effect.exit(boxes.start("s"))], {
        concurrency: "unbounded"
      })
      assert.strictEqual(both.filter(Exit.isSuccess).length, 1)
      assert.strictEqual((yield* Effect.promise(() => marked(marker))).length, 1)
      yield* boxes.stop("s")
      assert.deepStrictEqual(yield* Effect.promise(() => marked(marker)), [])
      assert.strictEqual((yield* boxes.restart("s")).state, "running")
    })
  )

  it.live("may write to standard error without end", () =>
    Effect.gen(function* () {
      const boxes = yield* orchestrateReal([fx("chatty", { stderrBytes: 5_000_000, tools: ["echo"] })])
      assert.strictEqual(resultText(yield* call(boxes, "echo", { text: "still here" })), "still here")
      yield* Effect.promise(() =>
        waitFor(() => Effect.runPromise(boxes.logs("chatty")).then(({ length }) => length === 50), {
          description: "50 lines"
        })
      )
    })
  )
})
