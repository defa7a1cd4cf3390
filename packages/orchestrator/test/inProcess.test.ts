import { assert, describe, it } from "@effect/vitest"
import { type RpcMessage, serverDefaults, type ServerTransport } from "@signalbox/mcp"
import { localCall } from "@signalbox/model"
import { managedDefaults, type ManagedServer } from "@signalbox/orchestrator"
import { Effect } from "effect"
import { orchestrateReal, until } from "./realServers.ts"

const results: Readonly<Record<string, unknown>> = {
  initialize: {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "inner", version: "1" }
  },
  "tools/list": { tools: [{ name: "hello", inputSchema: { type: "object" } }] },
  "tools/call": { content: [{ type: "text", text: "hello" }] }
}

/** A server of this program, and the ends that it was given. */
const makeInner = () => {
  const given: Array<ServerTransport> = []
  const serve = (transport: ServerTransport) => {
    given.push(transport)
    const onmessage = ({ id, method = "" }: RpcMessage) => {
      if (id !== undefined) void transport.send({ jsonrpc: "2.0", id, result: results[method] ?? {} })
    }
    return Object.assign(transport, { onmessage }).start()
  }
  const managed: ManagedServer = {
    ...managedDefaults.http,
    server: { ...serverDefaults, name: "inner", endpoint: { transport: "in-process", serve } }
  }
  return { given, managed }
}

describe("a server in this program", () => {
  it.live("is a server like any other: listed, called, and back after it has closed its connection", () =>
    Effect.gen(function* () {
      const { given, managed } = makeInner()
      const boxes = yield* orchestrateReal([managed])
      yield* boxes.settled
      assert.containsSubset(yield* boxes.server("inner"), { state: "running", transport: "in-process", url: undefined })
      const call = Effect.map(boxes.toolbox.call("hello", {}, localCall()), ({ content }) => content)
      assert.deepStrictEqual(yield* call, [{ type: "text", text: "hello" }])
      yield* Effect.promise(() => given[0]?.close() ?? Promise.reject(new Error("not connected")))
      yield* until("another connection", () => given.length === 2)
      assert.deepStrictEqual(yield* call, [{ type: "text", text: "hello" }])
    })
  )
})
