import { assert, describe, it } from "@effect/vitest"
import { connect, type ServerOptions } from "@signalbox/mcp"
import { type FxMcpFlags, readFxMcpLog } from "@signalbox/testing"
import { Deferred, Effect, Fiber } from "effect"
import { FetchHttpClient } from "effect/http"
import { setTimeout as sleep } from "node:timers/promises"
import { eventually, fxHttp, httpServer, onNode, sseServer, temporaryFolder } from "../fixture.ts"

const isCall = (body: unknown) => typeof body === "string" && body.includes('"tools/call"')

/** A network on which a call takes long, whether anybody still waits for it or not; all else is quick. */
const slowCalls = (onSent: () => void, milliseconds: number): typeof fetch => {
  const slow = async (...[url, init]: Parameters<typeof fetch>) => {
    onSent()
    await sleep(milliseconds)
    const { signal: _, ...rest } = init ?? {}
    return fetch(url, rest)
  }
  return (url, init) => (isCall(init?.body) ? slow(url, init) : fetch(url, init))
}

/** Cancels a call that is still on its way, and waits until the server has ended it. */
const cancelled = (
  flags: FxMcpFlags,
  reach: (url: string) => ServerOptions,
  milliseconds: number,
  holds: (log: ReturnType<typeof readFxMcpLog>) => boolean
) =>
  onNode(
    Effect.gen(function* () {
      const log = (yield* temporaryFolder).file("fx.log")
      const web = yield* fxHttp({ era: "2025", log, ...flags })
      const sent = yield* Deferred.make<void>()
      const network = slowCalls(() => Deferred.doneUnsafe(sent, Effect.void), milliseconds)
      const client = yield* Effect.provideService(connect(reach(web.url)), FetchHttpClient.Fetch, network)
      const call = yield* Effect.forkChild(client.callTool({ name: "sleep", input: { milliseconds: 60_000 } }))
      yield* Deferred.await(sent)
      yield* Fiber.interrupt(call)
      yield* eventually("the end of the call", () => holds(readFxMcpLog(log)))
      assert.strictEqual(
        readFxMcpLog(log).find(({ event, tool }) => event === "call_end" && tool === "sleep")?.outcome,
        "cancelled"
      )
    })
  )

const hasEnded = (log: ReturnType<typeof readFxMcpLog>) => log.some(({ event }) => event === "call_end")

describe("a cancellation that overtakes its call", () => {
  it.live("is sent again when the call has arrived (Streamable HTTP)", () =>
    cancelled({}, (url) => httpServer(url), 100, hasEnded)
  )

  it.live("is sent again after a while where nothing tells that it has (Streamable HTTP, JSON answers)", () =>
    cancelled({ answers: "json" }, (url) => httpServer(url), 100, hasEnded)
  )

  it.live("waits for the call (the transport of 2024-11-05)", () =>
    cancelled({ legacySse: true }, (url) => sseServer(url), 100, hasEnded)
  )
})
