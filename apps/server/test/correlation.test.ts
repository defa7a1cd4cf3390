import { assert, describe, it } from "@effect/vitest"
import type { FxMcpEvent } from "@signalbox/testing"
import { callerTool, question, startServer } from "./support.ts"

const calls = [
  { toolCalls: [{ name: "echo", input: { text: "{{lastUserText}}" } }] },
  { text: "{{lastToolResult}}" }
] as const

/** The ids that fx-mcp was given, by the text of the call. */
const idsOfCalls = (log: ReadonlyArray<FxMcpEvent>) =>
  new Map(
    log.flatMap((started) => {
      if (started.event !== "call_start") return []
      const asked = log.find(({ event, id }) => event === "request" && id === started.id)
      // Both as the script and the server write them.
      const { text } = started.arguments as { readonly text: string }
      const meta = asked?.meta as Readonly<Record<string, string>> | undefined
      return [[text, meta?.["signalbox/correlationId"]] as const]
    })
  )

describe("the correlation id", () => {
  it("of the caller comes back, and reaches the upstream and the MCP server", async () => {
    await using server = await startServer({ script: calls })
    const response = await server.post(JSON.stringify(question("Hi")), { "x-correlation-id": "abc-123" })
    assert.strictEqual(response.headers.get("x-correlation-id"), "abc-123")
    assert.deepStrictEqual(
      server.fxLlm.requests.map(({ headers }) => headers["x-correlation-id"]),
      ["abc-123", "abc-123"]
    )
    assert.deepStrictEqual([...idsOfCalls(server.mcpLog())], [["Hi", "abc-123"]])
  })

  it("stands with the request's own id in every line that is logged for it, after a stream broke off too", async () => {
    const fault = { kind: "reset", afterPieces: 1 } as const
    await using server = await startServer({ script: [calls[0], { text: ["One ", "two"], fault }] })
    const before = server.logged.length
    const body = JSON.stringify({ ...question("Hi"), stream: true })
    const response = await server.post(body, { "x-correlation-id": "abc" })
    assert.include(await response.text(), "event: error")
    const lines = server.logged.slice(before)
    const words = lines.map(({ message }) => message)
    for (const word of ["request", "Model answered", "Tool call finished", "The stream failed"]) {
      assert.isTrue(
        words.some((message) => message.startsWith(word)),
        `${word} is not in ${words.join("; ")}`
      )
    }
    for (const { correlationId, message, requestId } of lines) {
      assert.strictEqual(correlationId, "abc", message)
      assert.strictEqual(requestId, response.headers.get("request-id"), message)
    }
  })

  it("may be given as x-request-id, and is made where it is absent or none", async () => {
    await using server = await startServer({ mcp: false })
    const ask = async (headers: Record<string, string>) =>
      (await server.post(JSON.stringify(question("Hi")), headers)).headers.get("x-correlation-id")
    assert.strictEqual(await ask({ "x-request-id": "from-a-proxy" }), "from-a-proxy")
    assert.strictEqual(await ask({ "x-correlation-id": "mine", "x-request-id": "from-a-proxy" }), "mine")
    const made = [
      await ask({}),
      await ask({}),
      await ask({ "x-correlation-id": "a b" }),
      await ask({ "x-correlation-id": "x".repeat(129) })
    ]
    for (const id of made) assert.match(id ?? "", /^req_[0-9a-f]{24}$/)
    assert.strictEqual(new Set(made).size, made.length)
  })

  it("is never shared by two requests at once", async () => {
    await using server = await startServer({
      script: [
        { when: { hasToolResults: true }, reply: { text: "{{lastToolResult}}" } },
        { when: { hasToolResults: false }, reply: calls[0] }
      ]
    })
    const names = Array.from({ length: 12 }, (_, index) => `request ${index}`)
    const tools = [callerTool("read_file")]
    const given = await Promise.all(
      names.map(async (name, index) => {
        const headers: Record<string, string> = index % 2 === 0 ? {} : { "x-correlation-id": `id-${index}` }
        const asked = server.client.messages.create({ ...question(name), tools, stream: index % 3 === 0 }, { headers })
        const { data, response } = await asked.withResponse()
        if (Symbol.asyncIterator in data) for await (const event of data) void event
        return [name, response.headers.get("x-correlation-id") ?? ""] as const
      })
    )
    assert.strictEqual(new Set(given.map(([, id]) => id)).size, names.length)
    const atServer = idsOfCalls(server.mcpLog())
    for (const [name, id] of given) {
      assert.strictEqual(atServer.get(name), id)
      const upstream = server.fxLlm.requests.filter(({ lastUserText }) => lastUserText === name)
      assert.deepStrictEqual(
        upstream.map(({ headers }) => headers["x-correlation-id"]),
        [id, id] as never
      )
    }
  })
})
