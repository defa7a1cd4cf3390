import { assert, describe, it } from "@effect/vitest"
import { localCall } from "@signalbox/model"
import type { ManagedServer } from "@signalbox/orchestrator"
import { type FxMcpFlags, markedProcesses, readFxMcpLog, tempDirectory } from "@signalbox/testing"
import { Duration, Effect } from "effect"
import { fx, markerName, newMarker, orchestrateReal, stdio, until } from "./realServers.ts"

/** One server that is started, how often it was, and how many of its processes live. */
const starting = Effect.fnUntraced(function* (
  flags: FxMcpFlags,
  changes: Partial<ManagedServer> = {},
  connectTimeout = Duration.seconds(30)
) {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (made) => Effect.promise(() => made[Symbol.asyncDispose]())
  )
  const log = folder.file("fx.log")
  const marker = newMarker()
  const server = fx("fx", { ...flags, log }, marker, { connectTimeout })
  const restart = { base: Duration.millis(20), cap: Duration.millis(50), factor: 2, healthyAfter: Duration.seconds(10) }
  const boxes = yield* orchestrateReal([{ ...server, ...changes }], { restart })
  const state = () => Effect.runPromise(Effect.map(boxes.server("fx"), (info) => info.state))
  return {
    boxes,
    reaches: (wanted: string) => until(wanted, async () => (await state()) === wanted),
    starts: () => readFxMcpLog(log).filter(({ event }) => event === "start").length,
    living: (count: number) =>
      until(
        `${count} processes`,
        async () => (await markedProcesses({ name: markerName, value: marker })).length === count
      )
  }
})

describe("a server that refuses its first handshakes", () => {
  it.live("is started until it works, and leaves one process", () =>
    Effect.gen(function* () {
      const { living, reaches, starts } = yield* starting({ failInit: 2 })
      yield* reaches("running")
      yield* living(1)
      assert.strictEqual(starts(), 3)
    })
  )

  it.live("is left alone after as many restarts as it may have, and leaves none", () =>
    Effect.gen(function* () {
      const { boxes, living, starts } = yield* starting(
        { failInit: "always" },
        { restart: { when: "always", maxRestarts: 4 } }
      )
      yield* until("the last start", () => starts() === 5)
      yield* until("it to be given up", () =>
        Effect.runPromise(
          Effect.map(boxes.server("fx"), (info) => info.state === "error" && info.nextRestartAt === undefined)
        )
      )
      yield* living(0)
      assert.strictEqual(starts(), 5)
      const { lastError } = yield* boxes.server("fx")
      assert.strictEqual(lastError?.code, "SERVER_HANDSHAKE_REJECTED")
    })
  )
})

describe("a server that hangs in its first list", () => {
  it.live("fails within its time, is told of by its name, and is ended", () =>
    Effect.gen(function* () {
      const once = { restart: { when: "never", maxRestarts: 0 } } as const
      const { boxes, living } = yield* starting({ listDelay: 60_000 }, once, Duration.seconds(1))
      yield* boxes.settled
      const { lastError, state } = yield* boxes.server("fx")
      assert.deepStrictEqual([state, lastError?.code], ["error", "SERVER_REQUEST_TIMEOUT"])
      assert.include(lastError?.message, '"fx"')
      yield* living(0)
    })
  )
})

describe("two servers", () => {
  it.live("see what is declared for each, and nothing of the other", () =>
    Effect.gen(function* () {
      const { endpoint } = fx("fx").server
      const command = endpoint.transport === "stdio" ? endpoint : assert.fail("it is local")
      const boxes = yield* orchestrateReal([
        stdio("one", command, { NODE_ENV: "production", ONLY_ONE: "x" }),
        stdio("two", command, { NODE_ENV: "test" })
      ])
      yield* boxes.settled
      const seen = yield* Effect.forEach(["one", "two"], (name) => boxes.toolbox.call(`${name}__env`, {}, localCall()))
      assert.deepStrictEqual(
        seen.map(({ structuredContent }) => {
          const { NODE_ENV: mode, ONLY_ONE: only } = Object(structuredContent)
          return [mode, only]
        }),
        [
          ["production", "x"],
          ["test", undefined]
        ]
      )
    })
  )
})
