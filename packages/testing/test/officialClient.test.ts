import { assert, describe, it } from "@effect/vitest"
import { writeFileSync } from "node:fs"
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import { fxMcpCommand, type FxMcpFlags, readFxMcpLog, startFxMcpHttp, tempDirectory, waitFor } from "@signalbox/testing"

const makeClient = (mode: "auto" | "legacy") => {
  const changes: Array<number> = []
  const client = new Client(
    { name: "test", version: "1.0.0" },
    {
      capabilities: { roots: {}, sampling: {}, elicitation: { form: {} } },
      versionNegotiation: mode === "auto" ? { mode: "auto", probe: { timeoutMs: 20_000 } } : { mode: "legacy" },
      listChanged: { tools: { debounceMs: 0, onChanged: (_, tools) => void changes.push(tools?.length ?? 0) } }
    }
  )
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Ann" } }))
  client.setRequestHandler("sampling/createMessage", () => ({
    role: "assistant",
    model: "m",
    content: { type: "text", text: "word" }
  }))
  client.setRequestHandler("roots/list", () => ({ roots: [{ uri: "file:///w" }] }))
  return { client, changes }
}

interface Case {
  readonly name: string
  readonly flags: FxMcpFlags
  readonly mode: "auto" | "legacy"
  readonly isHttp: boolean
  readonly version: string
  readonly announcesChanges: boolean
}

const cases: ReadonlyArray<Case> = (["auto", "legacy"] as const).flatMap((mode) =>
  (["2025", "2026", "both"] as const)
    .filter((era) => !(mode === "legacy" && era === "2026"))
    .flatMap((era) => {
      const version = mode === "auto" && era !== "2025" ? "2026-07-28" : "2025-11-25"
      const row = (name: string, flags: FxMcpFlags, isHttp: boolean): Case => ({
        name: `era ${era}, client ${mode}, ${name}`,
        flags: { era, ...flags },
        mode,
        isHttp,
        version,
        announcesChanges: !(flags.stateless === true && version === "2025-11-25")
      })
      return [
        row("stdio", {}, false),
        row("HTTP with SSE answers", {}, true),
        row("HTTP with JSON answers", { answers: "json" }, true),
        row("HTTP without sessions", { stateless: true }, true)
      ]
    })
)

describe("the official client against fx-mcp", () => {
  for (const { name, flags, mode, isHttp, version, announcesChanges } of cases) {
    it(name, async () => {
      await using folder = await tempDirectory()
      const log = folder.file("log.jsonl")
      const goOn = folder.file("go-on")
      const all: FxMcpFlags = { ...flags, log, fault: [`hold:${goOn}@call:progress`] }
      await using server = isHttp ? await startFxMcpHttp(all) : undefined
      const { client, changes } = makeClient(mode)
      await client.connect(
        server === undefined
          ? new StdioClientTransport(fxMcpCommand(all))
          : new StreamableHTTPClientTransport(new URL(server.url))
      )
      try {
        assert.strictEqual(client.getNegotiatedProtocolVersion(), version)
        const call = (tool: string, input: Record<string, unknown>) => client.callTool({ name: tool, arguments: input })
        assert.deepInclude(await call("add", { a: 1, b: 2 }), { structuredContent: { sum: 3 } })
        const said = async (question: string) => JSON.stringify((await call("ask", { question })).content)
        assert.include(await said("elicitation"), "Ann")
        assert.include(await said("sampling"), "word")
        assert.include(await said("roots"), "file:///w")

        const steps: Array<number> = []
        const onprogress = (report: { readonly progress: number }) => void steps.push(report.progress)
        const progressing = client.callTool({ name: "progress", arguments: { steps: 3 } }, { onprogress })
        // The client forgets a call's progress handler with the answer, also for progress that it read together with it.
        await waitFor(() => steps.length === 3, { description: "three steps", state: () => JSON.stringify(steps) })
        writeFileSync(goOn, "")
        await progressing
        assert.deepStrictEqual(steps, [1, 2, 3])

        const before = (await client.listTools()).tools.length
        if (announcesChanges) {
          // A stream for announcements may still be opening: the tool is new only once, so its announcement is waited for below.
          if (isHttp && version === "2025-11-25") await waitForEvent(log, (event) => event.method === "GET")
          await call("add_tool", {})
          await waitFor(() => changes.at(-1) === before + 1, { description: "the announcement of the new tool" })
        }

        const calls = new AbortController()
        const lost = client.callTool({ name: "sleep", arguments: { milliseconds: 60_000 } }, { signal: calls.signal })
        const settled = lost.then(
          () => "answered",
          () => "given up"
        )
        await waitForEvent(log, (event) => event.event === "call_start" && event.tool === "sleep")
        calls.abort()
        assert.strictEqual(await settled, "given up")
        // Without sessions a 2025 server cannot know which call a cancellation means.
        if (!(flags.stateless === true && version === "2025-11-25")) {
          await waitForEvent(log, (event) => event.event === "call_end" && event.outcome === "cancelled")
        }

        assert.strictEqual((await client.listPrompts()).prompts[0]?.name, "greet")
        const { contents } = await client.readResource({ uri: "fx://item/3" })
        assert.deepInclude(contents[0], { text: "item 3" })
      } finally {
        await client.close()
      }
    })
  }

  it("speaks the older HTTP+SSE transport", async () => {
    await using server = await startFxMcpHttp({ legacySse: true, protocolVersion: "2024-11-05" })
    const { client, changes } = makeClient("legacy")
    await client.connect(new SSEClientTransport(new URL(server.url)))
    const result = await client.callTool({ name: "ask", arguments: { question: "roots" } })
    assert.include(JSON.stringify(result.content), "file:///w")
    await client.callTool({ name: "add_tool", arguments: {} })
    await waitFor(() => changes.length > 0, { description: "the announcement of the new tool" })
    await client.close()
  })

  it("walks 250 tools in three pages", async () => {
    const { client } = makeClient("legacy")
    await client.connect(new StdioClientTransport(fxMcpCommand({ tools: "250", pageSize: 100 })))
    assert.strictEqual((await client.listTools()).tools.length, 250)
    await client.close()
  })
})

const waitForEvent = (log: string, test: (event: ReturnType<typeof readFxMcpLog>[number]) => boolean) =>
  waitFor(() => readFxMcpLog(log).some(test), {
    description: "an event in the log of fx-mcp",
    state: () => JSON.stringify(readFxMcpLog(log).slice(-5))
  })
