import { assert, describe, it } from "@effect/vitest"
import {
  type FaultText,
  type FxMcpFlags,
  markedProcesses,
  readFxMcpLog,
  tempDirectory,
  waitFor
} from "@signalbox/testing"
import { writeFileSync } from "node:fs"
import { type Message, startRaw } from "./RawClient.ts"

type Raw = ReturnType<typeof startRaw>

/** Lets the fault happen to the first call, and then checks what came. */
const stdioCases: ReadonlyArray<readonly [fault: FaultText, check: (server: Raw, id: number) => Promise<unknown>]> = [
  ["error:-32001", async (server, id) => assert.nestedPropertyVal(await server.answer(id), "error.code", -32001)],
  ["is-error", async (server, id) => assert.nestedPropertyVal(await server.answer(id), "result.isError", true)],
  ["huge:3000000", async (server, id) => assert.isAbove(JSON.stringify(await server.answer(id)).length, 3_000_000)],
  ["unknown-id", (server) => server.answer(987_654_321)],
  [
    "duplicate",
    (server, id) =>
      waitFor(() => server.messages().filter((message) => message["id"] === id).length === 2, {
        description: "two answers"
      })
  ],
  ["null-id-error", async (server) => assert.property(await server.answer(null), "error")],
  ["result-and-error", async (server, id) => assert.containsAllKeys(await server.answer(id), ["result", "error"])],
  ["batch", (server) => waitFor(() => server.messages().some(Array.isArray), { description: "an array" })],
  ["string-id", (server, id) => server.answer(String(id))],
  ["wrong-shape", async (server, id) => assert.isArray((await server.answer(id))["result"])],
  ["unknown-block", async (server, id) => assert.include(JSON.stringify(await server.answer(id)), "hologram")],
  ["no-content", async (server, id) => assert.notNestedProperty(await server.answer(id), "result.content")],
  [
    "bad-structured",
    async (server, id) =>
      assert.nestedPropertyVal(await server.answer(id), "result.structuredContent.sum", "not a number")
  ],
  [
    "junk",
    async (server, id) => {
      await server.answer(id)
      assert.include(server.text(), "\nDownloading")
    }
  ],
  [
    "stderr:500000",
    async (server, id) => {
      await server.answer(id)
      await waitFor(() => server.stderr().length === 500_000, {
        description: "500,000 bytes",
        state: () => String(server.stderr().length)
      })
    }
  ],
  ["half-line", (server) => waitFor(() => !server.text().endsWith("\n"), { description: "half a line" })],
  [
    "half-line-exit",
    async (server) => {
      assert.strictEqual(await server.ended(), 1)
      assert.isFalse(server.text().endsWith("\n"))
    }
  ],
  ["exit:7", async (server) => assert.strictEqual(await server.ended(), 7)],
  ["kill:SIGTERM", async (server) => assert.strictEqual(await server.ended(), "SIGTERM")],
  [
    "close-stdout",
    async (server) => {
      await waitFor(server.stdoutEnded, { description: "the end of stdout" })
      assert.isFalse(server.hasEnded())
    }
  ]
]

describe("faults of calls over stdio", () => {
  for (const [fault, check] of stdioCases) {
    it(fault, async () => {
      using server = startRaw({ fault: [`${fault}@call:1`] as ReadonlyArray<FaultText> })
      await server.initialize()
      await check(server, server.request("tools/call", { name: "add", arguments: { a: 1, b: 2 } }))
    })
  }

  it("never: runs the tool and goes on with others", async () => {
    await using folder = await tempDirectory()
    const log = folder.file("log.jsonl")
    using server = startRaw({ fault: ["never@call:write"], log })
    await server.initialize()
    const lost = server.request("tools/call", { name: "write", arguments: { key: "a", value: "b" } })
    await waitFor(() => readFxMcpLog(log).some(({ event }) => event === "call_end"), {
      description: "the end of the call"
    })
    await server.call("echo", { text: "still here" })
    assert.isFalse(server.messages().some((message) => message["id"] === lost))
  })

  it("hold: runs the tool, and answers when the file is there", async () => {
    await using folder = await tempDirectory()
    const log = folder.file("log.jsonl")
    const file = folder.file("go:on@once")
    using server = startRaw({ fault: [`hold:${file}@call:write`], log })
    await server.initialize()
    const held = server.request("tools/call", { name: "write", arguments: { key: "a", value: "b" } })
    const logged = (name: string) =>
      waitFor(() => readFxMcpLog(log).some(({ event }) => event === name), { description: `${name} in the log` })
    await logged("call_end")
    const given = server.request("tools/call", { name: "write", arguments: { key: "c", value: "d" } })
    await server.call("echo", { text: "still here" })
    assert.isFalse(server.messages().some((message) => message["id"] === held))
    server.send({ method: "notifications/cancelled", params: { requestId: given } })
    await logged("cancelled")
    writeFileSync(file, "")
    assert.property(await server.answer(held), "result")
    await server.call("echo", { text: "after it" })
    assert.isFalse(server.messages().some((message) => message["id"] === given))
    // What is there already holds nothing back.
    assert.property(await server.call("write", { key: "e", value: "f" }), "result")
  })

  it("dies after n calls, by code or by signal", async () => {
    using byCode = startRaw({ crashAfter: 2, crashCode: 9 })
    await byCode.initialize()
    await byCode.call("echo", { text: "a" })
    await byCode.call("echo", { text: "b" })
    assert.strictEqual(await byCode.ended(), 9)
    using bySignal = startRaw({ crashAfter: 1, crashSignal: "SIGKILL" })
    await bySignal.call("echo", { text: "a" })
    assert.strictEqual(await bySignal.ended(), "SIGKILL")
  })

  it("fails or forgets call n only", async () => {
    using server = startRaw({ failCall: 1, hangCall: 2 })
    assert.property(await server.call("echo", { text: "a" }), "error")
    const lost = server.request("tools/call", { name: "echo", arguments: { text: "b" } })
    assert.property(await server.call("echo", { text: "c" }), "result")
    assert.isFalse(server.messages().some((message) => message["id"] === lost))
  })
})

describe("faults of the handshake", () => {
  const cases: ReadonlyArray<readonly [name: string, flags: FxMcpFlags, check: (server: Raw) => Promise<unknown>]> = [
    [
      "exits at the start with a word on stderr",
      { exitAtStart: 3, stderrText: "no token" },
      async (server) => {
        assert.strictEqual(await server.ended(), 3)
        assert.strictEqual(server.stderr(), "no token\n")
      }
    ],
    [
      "exits during initialize",
      { fault: ["exit:4@initialize"] },
      async (server) => {
        server.request("initialize", {})
        assert.strictEqual(await server.ended(), 4)
      }
    ],
    [
      "exits during tools/list",
      { fault: ["exit:5@list"] },
      async (server) => {
        server.request("tools/list")
        assert.strictEqual(await server.ended(), 5)
      }
    ],
    [
      "never answers initialize",
      { hangInit: true },
      async (server) => {
        const lost = server.request("initialize", {})
        await server.ask("ping")
        assert.isFalse(server.messages().some((message) => message["id"] === lost))
      }
    ],
    [
      "always fails initialize",
      { failInit: "always" },
      async (server) => assert.property(await server.initialize(), "error")
    ],
    [
      "answers an odd version",
      { protocolVersion: "1999-01-01" },
      async (server) => assert.nestedPropertyVal(await server.initialize(), "result.protocolVersion", "1999-01-01")
    ],
    [
      "refuses the version",
      { refuseVersion: true },
      async (server) => assert.nestedPropertyVal(await server.initialize(), "error.code", -32602)
    ],
    [
      "puts noise before the first message",
      { bom: true, junkLines: 2, textBefore: "hello " },
      async (server) => {
        server.request("initialize", {})
        await waitFor(() => server.text().includes("result"), { description: "the answer" })
        assert.deepStrictEqual([...server.bytes().subarray(0, 3)], [0xef, 0xbb, 0xbf])
        assert.match(server.text().split("\n")[2] ?? "", /^hello \{"jsonrpc"/)
      }
    ],
    [
      "splits multi-byte characters and stays right",
      { splitCharacters: true },
      async (server) => {
        const answer: Message = await server.call("echo", { text: "Grüße 🧵" })
        assert.include(JSON.stringify(answer), "Grüße 🧵")
      }
    ]
  ]
  for (const [name, flags, check] of cases) {
    it(name, async () => {
      using server = startRaw(flags)
      await check(server)
    })
  }
})

const list = async (flags: FxMcpFlags, cursor?: string) => {
  using server = startRaw({ tools: "echo,add", ...flags })
  // oxlint-disable-next-line typescript/no-explicit-any -- foreign JSON
  return (await server.ask("tools/list", cursor === undefined ? {} : { cursor }))["result"] as any
}

describe("faults of the tool list", () => {
  it("repeats a cursor, or never ends", async () => {
    assert.strictEqual((await list({ sameCursor: true, pageSize: 1 }, "0")).nextCursor, "0")
    assert.strictEqual((await list({ endlessCursors: true, pageSize: 1 }, "50")).nextCursor, "51")
  })
  it("spoils tools", async () => {
    const { tools } = await list({ duplicateTools: true, noInputSchema: true, brokenOutputSchema: true })
    assert.deepStrictEqual(
      tools.map((tool: { readonly name: string }) => tool.name),
      ["echo", "add", "echo", "no_input_schema", "broken_output_schema"]
    )
    assert.notProperty(tools[3], "inputSchema")
  })
  it("announces a new tool after n calls", async () => {
    using server = startRaw({ tools: "echo", listChangedAfter: 2 })
    await server.initialize()
    await server.call("echo", { text: "a" })
    await server.call("echo", { text: "b" })
    await waitFor(() => server.text().includes("tools/list_changed"), { description: "the announcement" })
    assert.include(JSON.stringify(await server.ask("tools/list")), `"added"`)
  })
})

describe("processes left behind", () => {
  it("a grandchild holds stdout after the server is dead, and is found by its marker", async () => {
    await using folder = await tempDirectory()
    const log = folder.file("log.jsonl")
    const marker = { name: "FX_MARKER", value: `${process.pid}-${Math.trunc(performance.now())}` }
    using server = startRaw({ grandchild: true, maxLife: 60_000, log }, { [marker.name]: marker.value })
    await server.initialize()
    const grandchild = readFxMcpLog(log).find(({ event }) => event === "grandchild")?.child ?? 0
    await waitFor(async () => (await markedProcesses(marker)).length === 2, { description: "two marked processes" })
    server.child.kill("SIGKILL")
    await server.ended()
    assert.deepStrictEqual(await markedProcesses(marker), [grandchild])
    assert.isFalse(server.stdoutEnded())
    process.kill(grandchild, "SIGKILL")
    await waitFor(async () => (await markedProcesses(marker)).length === 0, { description: "no marked process" })
    await waitFor(server.stdoutEnded, { description: "the end of stdout" })
  })
})
