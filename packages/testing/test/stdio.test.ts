import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, tempDirectory, waitFor } from "@signalbox/testing"
import { startRaw } from "./RawClient.ts"

const textOf = (answer: Readonly<Record<string, unknown>>): string => {
  // oxlint-disable-next-line typescript/no-explicit-any -- foreign JSON
  const result = answer["result"] as any
  return result?.content?.[0]?.text ?? ""
}

// oxlint-disable-next-line typescript/no-explicit-any -- foreign JSON
const json = (text: string): any => JSON.parse(text)

describe("fx-mcp over stdio", () => {
  for (const version of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
    it(`shakes hands in ${version}`, async () => {
      using server = startRaw({})
      assert.nestedPropertyVal(await server.initialize(version), "result.protocolVersion", version)
    })
  }

  it("answers a version that it does not know with the newest it knows", async () => {
    using server = startRaw({})
    assert.nestedPropertyVal(await server.initialize("1900-01-01"), "result.protocolVersion", "2025-11-25")
  })

  it("refuses the other era by the error that names what it speaks", async () => {
    using stateless = startRaw({ era: "2026" })
    assert.deepNestedInclude(await stateless.initialize(), {
      "error.code": -32022,
      "error.data.supported": ["2026-07-28"]
    })
    using handshake = startRaw({ era: "2025" })
    assert.nestedPropertyVal(await handshake.ask("server/discover"), "error.code", -32601)
  })

  it("takes mock delays of half a second when they are missing or make no sense", async () => {
    using server = startRaw({})
    await server.initialize()
    const answers = await Promise.all([
      server.call("fetch_mock_data", { data_id: "a", delay_seconds: 0 }),
      server.call("fetch_mock_data", { data_id: "a" }),
      server.call("fetch_mock_data", { data_id: "a", delay_seconds: -1 }),
      server.call("execute_mock_action", { action_name: "b", params: { c: 1 }, delay_seconds: "soon" })
    ])
    assert.deepStrictEqual(
      answers.map((answer) => json(textOf(answer)).delay_seconds),
      [0, 0.5, 0.5, 0.5]
    )
    assert.deepInclude(json(textOf(answers[0])), { id: "a" })
    assert.deepInclude(json(textOf(answers[3])), { status: "completed", action: "b", params: { c: 1 } })
    assert.deepInclude(json(textOf(await server.call("get_server_status"))), { status: "online" })
  })

  it("shows its environment and its folder, and counts writes that overlap", async () => {
    using server = startRaw({}, { FX_TEST_VARIABLE: "seen" })
    await server.initialize()
    assert.strictEqual(json(textOf(await server.call("env")))["FX_TEST_VARIABLE"], "seen")
    assert.strictEqual(textOf(await server.call("cwd")), process.cwd())
    await Promise.all([server.call("write", { key: "a", value: "1" }), server.call("write", { key: "b", value: "2" })])
    assert.strictEqual(json(textOf(await server.call("write", { key: "c", value: "3" }))).most_at_once, 2)
  })

  it("logs what reached it, in order, even when it is killed", async () => {
    await using folder = await tempDirectory()
    const log = folder.file("log.jsonl")
    using server = startRaw({ log })
    await server.initialize()
    server.send({ method: "notifications/initialized" })
    const call = { name: "sleep", arguments: { milliseconds: 60_000 }, _meta: { progressToken: 9 } }
    const id = server.request("tools/call", call)
    server.send({ method: "notifications/cancelled", params: { requestId: id } })
    await waitFor(() => readFxMcpLog(log).some(({ event }) => event === "call_end"), {
      description: "the end of the call"
    })
    server.request("tools/call", { name: "kill_self" })
    assert.strictEqual(await server.ended(), "SIGKILL")
    const events = readFxMcpLog(log)
    assert.deepStrictEqual(
      events.map(({ event }) => event),
      [
        "start",
        "request",
        "initialize",
        "notification",
        "request",
        "call_start",
        "cancelled",
        "call_end",
        "request",
        "call_start",
        "exit"
      ]
    )
    assert.deepInclude(events[5], {
      event: "call_start",
      id,
      tool: "sleep",
      arguments: { milliseconds: 60_000 },
      active: 1
    })
    assert.deepInclude(events[4], { event: "request", meta: { progressToken: 9 } })
    assert.deepInclude(events.at(-1), { event: "exit", signal: "SIGKILL" })
    const times = events.map(({ at }) => at)
    assert.deepStrictEqual(
      times.toSorted((a, b) => a - b),
      times
    )
    assert.strictEqual(new Set(times).size, times.length)
  })

  it("fails to initialize so many starts, counted over processes", async () => {
    await using folder = await tempDirectory()
    const log = folder.file("log.jsonl")
    const attempt = async () => {
      using server = startRaw({ failInit: 2, log })
      return "error" in (await server.initialize())
    }
    assert.deepStrictEqual([await attempt(), await attempt(), await attempt()], [true, true, false])
  })

  it("exits at the end of input, unless it is to ignore it", async () => {
    using good = startRaw({})
    await good.initialize()
    good.child.stdin.end()
    assert.strictEqual(await good.ended(), 0)

    await using folder = await tempDirectory()
    const log = folder.file("log.jsonl")
    using stubborn = startRaw({ ignoreEof: true, ignoreTerm: true, log })
    await stubborn.initialize()
    stubborn.child.stdin.end()
    await waitFor(() => readFxMcpLog(log).some(({ event }) => event === "stdin_end"), {
      description: "the end of input"
    })
    stubborn.child.kill("SIGTERM")
    await waitFor(() => readFxMcpLog(log).some(({ event }) => event === "signal"), { description: "the signal" })
    assert.isFalse(stubborn.hasEnded())
  })
})
