import { assert, describe, it } from "@effect/vitest"
import { localCall } from "@signalbox/model"
import type { ManagedServer, ServerSets } from "@signalbox/orchestrator"
import {
  fxMcpCommand,
  type FxMcpFlags,
  makeRandom,
  markedProcesses,
  readFxMcpLog,
  tempDirectory
} from "@signalbox/testing"
import { Clock, Duration, Effect, Exit, Fiber, Layer, Logger, Redacted, Scope, Stream } from "effect"
import { fx, markerName, newMarker, realSets, stdio } from "./realServers.ts"

type Sets = ServerSets["Service"]

const marked = (value: string) => Effect.promise(() => markedProcesses({ name: markerName, value }))

/** An fx-mcp that is given a secret. */
const holding = (name: string, secrets: Readonly<Record<string, string>>, flags: FxMcpFlags = {}): ManagedServer => {
  const { server, ...managed } = stdio(name, fxMcpCommand({ tools: ["env", "kill_self"], ...flags }))
  const env = Object.fromEntries(Object.entries(secrets).map(([key, value]) => [key, Redacted.make(value)]))
  // It is one over stdio.
  return { ...managed, server: { ...server, endpoint: { ...server.endpoint, env } as typeof server.endpoint } }
}

const call = (sets: Sets, set: string, tool: string, input: Readonly<Record<string, unknown>> = {}) =>
  Effect.flatMap(sets.get(set), ({ orchestrator }) => orchestrator.toolbox.call(tool, input, localCall()))

describe("the secrets of two sets", () => {
  it.live("reach the servers that they are for, and no other process, error or log line", () => {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.formatJson, (line) => void lines.push(line))
    return Effect.gen(function* () {
      const sets = yield* realSets()
      const left = yield* sets.add("left", [
        holding("a", { TOKEN: "sk-canary-left-a" }),
        holding("b", { TOKEN: "sk-canary-left-b" })
      ])
      const right = yield* sets.add("right", [holding("a", { TOKEN: "sk-canary-right-a", OTHER: "7" })])
      yield* Effect.all([left.orchestrator.settled, right.orchestrator.settled])
      const seen = {
        leftA: yield* call(sets, "left", "a__env"),
        leftB: yield* call(sets, "left", "b__env"),
        rightA: yield* call(sets, "right", "env")
      }
      const canaries = Object.fromEntries(
        Object.entries(seen).map(([name, result]) => [
          name,
          [...new Set(JSON.stringify(result).match(/sk-canary-[a-z]+-[a-z]+/g))]
        ])
      )
      assert.deepStrictEqual(canaries, {
        leftA: ["sk-canary-left-a"],
        leftB: ["sk-canary-left-b"],
        rightA: ["sk-canary-right-a"]
      })
      const lost = yield* Effect.flip(call(sets, "left", "a__kill_self"))
      const dead = yield* Effect.flip(
        sets.add("dead", [holding("a", { TOKEN: "sk-canary-dead-a" }, { exitAtStart: 3 })])
      )
      const unused = yield* Effect.flip(sets.add("left", [holding("a", { TOKEN: "sk-canary-new-a" })]))
      const told = JSON.stringify([
        lost,
        lost.message,
        dead,
        dead.message,
        unused,
        unused.message,
        yield* Effect.forEach(yield* sets.list, ({ status }) => status)
      ])
      assert.notInclude(told, "canary")
      assert.isAbove(lines.length, 0)
      assert.notInclude(lines.join("\n"), "canary")
    }).pipe(Effect.provide(Layer.mergeAll(Logger.layer([logger]))))
  })
})

describe("a set of a server that works, one that hangs and one that crashes", () => {
  it.live("has the tools of the first while the second still hangs, and two reasons", () =>
    Effect.gen(function* () {
      const sets = yield* realSets()
      const began = yield* Clock.currentTimeMillis
      const short = { connectTimeout: Duration.seconds(6) }
      const set = yield* sets.add("kairos", [
        fx("hanging", { hangInit: true }, "", short),
        fx("crashing", { exitAtStart: 7 }),
        fx("good", { tools: ["echo"] })
      ])
      yield* call(sets, "kairos", "echo", { text: "on time" })
      assert.isBelow((yield* Clock.currentTimeMillis) - began, 5900)
      yield* set.orchestrator.settled
      const { connectedServers, servers } = yield* set.status
      assert.strictEqual(connectedServers, 1)
      assert.deepStrictEqual(
        [...servers].map(([name, { lastError }]) => [name, lastError?.code]),
        [
          ["hanging", "SERVER_HANDSHAKE_TIMEOUT"],
          ["crashing", "SERVER_EXITED"],
          ["good", undefined]
        ]
      )
    })
  )
})

describe("calls of a tool that two servers of a set have", () => {
  it.live("land each in the log of its server", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const directory = yield* Effect.acquireRelease(
          Effect.promise(() => tempDirectory()),
          (made) => Effect.promise(() => made[Symbol.asyncDispose]())
        )
        const log = (name: string) => directory.file(`${name}.log`)
        const sets = yield* realSets()
        const set = yield* sets.add("kairos", [
          fx("a", { tools: ["add"], log: log("a") }),
          fx("b", { tools: ["add"], log: log("b") })
        ])
        yield* set.orchestrator.settled
        for (const name of ["a", "b", "b"]) yield* call(sets, "kairos", `${name}__add`, { a: 1, b: 2 })
        const calls = (name: string) =>
          Effect.sync(() => readFxMcpLog(log(name)).filter(({ event }) => event === "call_start").length)
        assert.deepStrictEqual([yield* calls("a"), yield* calls("b")], [1, 2])
      })
    )
  )
})

describe("a server that is killed", () => {
  it.live("no longer counts as connected, before anybody asks for its health", () =>
    Effect.gen(function* () {
      const sets = yield* realSets()
      const set = yield* sets.add("kairos", [fx("a"), fx("b")])
      yield* set.orchestrator.settled
      const dropped = yield* sets.changes.pipe(
        Stream.mapEffect(() => set.status),
        Stream.filter(({ connectedServers }) => connectedServers === 1),
        Stream.runHead,
        Effect.forkChild({ startImmediately: true })
      )
      const before = yield* set.status
      assert.strictEqual(before.connectedServers, 2)
      process.kill(before.servers.get("a")?.pid ?? 0, "SIGKILL")
      yield* Fiber.join(dropped)
    })
  )
})

describe("three sets of four servers, some of which ignore every signal", () => {
  it.live("are gone in the grace of one", () =>
    Effect.gen(function* () {
      const marker = newMarker()
      const scope = yield* Scope.make()
      const sets = yield* Scope.provide(realSets(), scope)
      // Three of these, one after the other, would take nine seconds.
      const limits = { shutdownTimeout: Duration.seconds(3) }
      const stubborn = fx("d", { ignoreTerm: true, ignoreEof: true, grandchild: true }, marker, limits)
      const servers = [...["a", "b", "c"].map((name) => fx(name, { tools: ["echo"] }, marker)), stubborn]
      const added = yield* Effect.all(
        ["one", "two", "three"].map((name) => sets.add(name, servers)),
        { concurrency: "unbounded" }
      )
      yield* Effect.forEach(added, ({ orchestrator }) => orchestrator.settled)
      assert.isAtLeast((yield* marked(marker)).length, 12)
      const began = yield* Clock.currentTimeMillis
      yield* Scope.close(scope, Exit.void)
      assert.isBelow((yield* Clock.currentTimeMillis) - began, 8900)
      assert.deepStrictEqual(yield* marked(marker), [])
    })
  )
})

describe("random steps on real servers", () => {
  it.live("leave no process that nobody knows, and none at the end", () =>
    Effect.gen(function* () {
      const random = makeRandom(4)
      const marker = newMarker()
      const sets = yield* realSets()
      const server = (name: string) =>
        fx(name, { tools: ["echo"], ...(name === "c" ? { exitAtStart: 1 } : {}) }, marker)
      const definition = () => random.shuffle(["a", "b", "c"]).slice(0, random.int(1, 2)).map(server)
      const step = (): Effect.Effect<unknown, unknown> => {
        const set = random.pick(["one", "two"])
        return random.pick([
          sets.add(set, definition()),
          sets.remove(set),
          sets.reconnect({ set }),
          sets.reconnect({ set, server: random.pick(["a", "b"]) })
        ])
      }
      const running: Array<Fiber.Fiber<unknown, unknown>> = []
      for (let count = 0; count < 60; count++) {
        running.push(yield* Effect.forkChild(Effect.exit(step()), { startImmediately: true }))
        if (random.chance(0.5)) yield* Effect.sleep(Duration.millis(random.int(0, 120)))
        if (random.chance(0.1)) yield* Effect.forkChild(Fiber.interrupt(random.pick(running)))
      }
      yield* Fiber.awaitAll(running)
      yield* Effect.forEach(yield* sets.list, ({ name }) => Effect.exit(sets.remove(name)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(yield* sets.list, [])
      assert.deepStrictEqual(yield* marked(marker), [])
    })
  )
})
