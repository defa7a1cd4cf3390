import { assert, describe, it } from "@effect/vitest"
import {
  type FaultText,
  type FxMcpFlags,
  type FxMcpHttp,
  readFxMcpLog,
  startFxMcpHttp,
  tempDirectory,
  waitFor
} from "@signalbox/testing"

const post = (
  server: FxMcpHttp,
  message: object,
  headers: Readonly<Record<string, string>> = {},
  options: RequestInit = {}
): Promise<Response> =>
  fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    redirect: "manual",
    ...options
  })

const initialize = async (server: FxMcpHttp): Promise<Readonly<Record<string, string>>> => {
  const response = await post(server, { id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } })
  await response.text()
  return { "mcp-session-id": response.headers.get("mcp-session-id") ?? "" }
}

const echo = { id: 2, method: "tools/call", params: { name: "echo", arguments: { text: "hello" } } }

const fails = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "succeeded",
    () => "failed"
  )

const ran = (log: string): boolean => readFxMcpLog(log).some(({ event }) => event === "call_start")

describe("fx-mcp over HTTP", () => {
  it("keeps sessions: 400 without one, 404 for an unknown or ended one", async () => {
    await using server = await startFxMcpHttp()
    assert.strictEqual((await post(server, echo)).status, 400)
    assert.strictEqual((await post(server, echo, { "mcp-session-id": "unknown" })).status, 404)
    const session = await initialize(server)
    assert.include(await (await post(server, echo, session)).text(), "hello")
    assert.strictEqual((await fetch(server.url, { method: "DELETE", headers: session })).status, 200)
    assert.strictEqual((await post(server, echo, session)).status, 404)
  })

  it("answers with SSE or JSON, and accepts notifications with 202", async () => {
    await using sse = await startFxMcpHttp({ stateless: true })
    assert.include((await post(sse, echo)).headers.get("content-type") ?? "", "text/event-stream")
    await using json = await startFxMcpHttp({ stateless: true, answers: "json" })
    assert.include((await post(json, echo)).headers.get("content-type") ?? "", "application/json")
    assert.strictEqual((await post(json, { method: "notifications/initialized" })).status, 202)
  })

  it("refuses a stateless request whose headers differ from its body", async () => {
    await using server = await startFxMcpHttp()
    const meta = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } }
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "add" }
    const response = await post(server, { ...echo, params: { ...echo.params, ...meta } }, headers)
    assert.strictEqual(response.status, 400)
    assert.include(await response.text(), "-32020")
  })

  it("forgets a session after so many calls", async () => {
    await using server = await startFxMcpHttp({ sessionCalls: 1 })
    const session = await initialize(server)
    await (await post(server, echo, session)).text()
    const second = await post(server, echo, session)
    assert.strictEqual(second.status, 404)
    assert.include(await second.text(), "Session not found")
    await (await post(server, echo, await initialize(server))).text()
  })

  type Check = (answer: Promise<Response>, log: string) => Promise<unknown>
  const cases: ReadonlyArray<readonly [fault: FaultText, runs: boolean, check: Check, flags?: FxMcpFlags]> = [
    [
      "status:503",
      false,
      async (answer) => {
        const response = await answer
        assert.deepStrictEqual([response.status, response.headers.get("retry-after")], [503, "1"])
      },
      { retryAfter: "1" }
    ],
    [
      "status:401",
      false,
      async (answer) => assert.strictEqual((await answer).headers.get("www-authenticate"), "Bearer"),
      { wwwAuthenticate: "Bearer" }
    ],
    ["html", false, async (answer) => assert.include(await (await answer).text(), "<!doctype html>")],
    [
      "redirect:http://127.0.0.1:9/elsewhere",
      false,
      async (answer) => assert.strictEqual((await answer).headers.get("location"), "http://127.0.0.1:9/elsewhere")
    ],
    ["session-expired", false, async (answer) => assert.strictEqual((await answer).status, 404)],
    ["no-session", false, async (answer) => assert.strictEqual((await answer).status, 400)],
    ["accepted", false, async (answer) => assert.strictEqual((await answer).status, 202)],
    ["reset-early", false, async (answer) => assert.strictEqual(await fails(answer), "failed")],
    ["reset", true, async (answer) => assert.strictEqual(await fails(answer), "failed")],
    [
      "half-body",
      true,
      async (answer) => assert.strictEqual(await fails(answer.then((response) => response.text())), "failed")
    ],
    [
      "broken-json",
      true,
      async (answer) => assert.strictEqual(await fails(answer.then((response) => response.json())), "failed")
    ],
    ["sse-ends", true, async (answer) => assert.strictEqual(await (await answer).text(), "")],
    [
      "sse-breaks",
      true,
      async (answer) => assert.strictEqual(await fails(answer.then((response) => response.text())), "failed")
    ],
    ["exit:3", true, async (answer) => assert.strictEqual(await fails(answer), "failed")],
    ["kill", true, async (answer) => assert.strictEqual(await fails(answer), "failed")],
    ["duplicate", true, async (answer) => assert.strictEqual((await (await answer).text()).split("data: ").length, 3)]
  ]
  for (const [fault, runs, check, flags] of cases) {
    it(`${fault}, and the tool ${runs ? "ran" : "did not run"}`, async () => {
      await using folder = await tempDirectory()
      const log = folder.file("log.jsonl")
      await using server = await startFxMcpHttp({
        fault: [`${fault}@call:1`] as ReadonlyArray<FaultText>,
        log,
        ...flags
      })
      await check(post(server, echo, await initialize(server)), log)
      assert.strictEqual(ran(log), runs)
    })
  }

  for (const [fault, runs] of [
    ["accept-silent", false],
    ["never", true],
    ["sse-silent", true]
  ] as const) {
    it(`${fault}: silence until the client leaves`, async () => {
      await using folder = await tempDirectory()
      const log = folder.file("log.jsonl")
      await using server = await startFxMcpHttp({ fault: [`${fault}@call`], log })
      const session = await initialize(server)
      const leaving = new AbortController()
      const settled = fails(post(server, echo, session, { signal: leaving.signal }).then((response) => response.text()))
      await waitFor(() => readFxMcpLog(log).some(({ tool }) => tool === "echo"), { description: "the request" })
      leaving.abort()
      assert.strictEqual(await settled, "failed")
      await waitFor(() => readFxMcpLog(log).some(({ event }) => event === "disconnected"), { description: "the end" })
      assert.strictEqual(ran(log), runs)
    })
  }

  it("hands statuses out during initialize too", async () => {
    await using server = await startFxMcpHttp({ fault: ["status:500@initialize:1"] })
    const message = { id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } }
    assert.deepStrictEqual([(await post(server, message)).status, (await post(server, message)).status], [500, 200])
  })
})
