import { assert, describe, it } from "@effect/vitest"
import type { ServerInfo } from "@signalbox/orchestrator"
import type { ToolUseBlock } from "@signalbox/model"
import { ServerExited } from "@signalbox/mcp"
import { DateTime, Duration, Effect } from "effect"
import { formatDuration, parseDuration } from "../src/duration.ts"
import { ToolFailed } from "@signalbox/host"
import { InvalidUsage } from "../src/errors.ts"
import { makeOutput, renderError, renderOutcome } from "../src/Output.ts"
import { renderReloaded } from "../src/render/renderReload.ts"
import { renderServerEvent, renderServers } from "../src/render/renderServers.ts"
import { renderEvent } from "../src/render/renderTurn.ts"
import { colourStyle, oneLine, plainStyle, printable } from "../src/render/style.ts"
import { renderTable } from "../src/render/table.ts"
import { withDashedArguments } from "../src/dashedWords.ts"
import { asTaken, readCall } from "../src/toolCallWords.ts"

const output = { ...makeOutput({ isJson: false, style: plainStyle, errorStyle: plainStyle }), width: 60 }
const now = DateTime.makeUnsafe("2026-01-01T00:00:00Z")

// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

const millisOf = (text: string) => Duration.toMillis(parseDuration(text) ?? Duration.zero)

describe("durations", () => {
  it("are read as people write them", () => {
    assert.deepStrictEqual(
      ["500ms", "1.5s", "2m", "1h", "30 seconds"].map(millisOf),
      [500, 1500, 120_000, 3_600_000, 30_000]
    )
    for (const text of ["", "soon", "0s", "-1s", "5 parsecs"]) assert.isUndefined(parseDuration(text))
  })

  it("are written as people read them", () => {
    const written = [12.4, 1400, 125_000].map((millis) => formatDuration(Duration.millis(millis)))
    assert.deepStrictEqual(written, ["12 ms", "1.4 s", "2 m 5 s"])
  })
})

describe("tables", () => {
  it("align their columns whatever the colours, and cut the last one at the width", () => {
    const rows = [
      [colourStyle.bold("a"), "one"],
      ["long", "a text that does not fit into so narrow a terminal"]
    ]
    const text = renderTable(rows, { columns: 30, paint: (cell) => cell })
    assert.deepStrictEqual(text.split("\n"), [`${colourStyle.bold("a")}     one`, "long  a text that does not fi…"])
    assert.include(renderTable(rows), "so narrow a terminal")
  })
})

describe("foreign text", () => {
  it("cannot write on the terminal, and keeps its lines", () => {
    assert.strictEqual(printable("a\r\nb\tc\u001b[2J\u009b1m\u0007"), "a\nb\tc\ufffd[2J\ufffd1m\ufffd")
    const error = new ToolFailed({ toolName: "t", text: "\u001b]0;owned\u0007" })
    assert.notMatch(renderError(error, plainStyle), controls)
    const call: ToolUseBlock = {
      type: "tool_use",
      id: "1",
      name: "no\u001b[1mtool",
      input: { text: `\u009b2J${"x".repeat(200)}` }
    }
    const line = renderEvent({ type: "tool_start", step: 1, call, tool: undefined }, output) ?? ""
    assert.notMatch(line, controls)
    assert.isAtMost(line.length, output.width)
  })

  it("is escaped in JSON, where it stays what it was", () => {
    const outcome = {
      status: "success",
      data: "\u009b2J\u2028",
      error: null,
      error_code: null,
      timestamp: "",
      duration_ms: 0,
      correlation_id: null
    } as const
    const text = renderOutcome(outcome)
    assert.notMatch(text, controls)
    assert.deepStrictEqual(JSON.parse(text), outcome)
  })

  it("is cut by characters, not in the middle of one", () => {
    assert.strictEqual(oneLine("  a\n  b  ", 10), "a b")
    assert.strictEqual(oneLine("🚂🚂🚂🚂", 3), "🚂🚂…")
  })
})

/** A server that was lost. */
const lostServer = (): ServerInfo => {
  const reason = new ServerExited({
    serverName: "files",
    exitCode: 7,
    signal: undefined,
    stderrTail: ["one", "two", "", "three", "four\u001b[31m"]
  })
  return {
    name: "files",
    state: "error",
    transport: "stdio",
    url: undefined,
    pid: undefined,
    identity: undefined,
    isRequired: false,
    health: { status: "unhealthy", reason: reason.message },
    reason,
    lastError: reason,
    errorCount: 1,
    nextRestartAt: DateTime.addDuration(now, "2 seconds"),
    startedAt: undefined,
    startDuration: undefined,
    restartCount: 0,
    exit: { code: 7, signal: undefined },
    tools: ["read_file"],
    areToolsRemembered: false,
    circuit: undefined,
    hiddenTools: []
  }
}

describe("a lost server", () => {
  it("is told with its last words and what happens next", () => {
    const info = lostServer()
    const text = renderServerEvent({ _tag: "StateChanged", previous: "running", info }, now, plainStyle, 80) ?? ""
    const lines = text.split("\n")
    assert.match(lines[0] ?? "", /^✗ lost files: Server "files" exited with status 7: four.* \[SERVER_EXITED\]$/)
    assert.deepStrictEqual(lines.slice(1, 4), ["  │ two", "  │ three", "  │ four\ufffd[31m"])
    assert.strictEqual(lines.at(-1), "  → It is started again in 2.0 s; the other servers go on.")
  })
})

describe("the table of servers", () => {
  it("shows one that runs and fails its calls as unhealthy, with the reason", () => {
    const reason = "5 of 10 calls in the last 5m failed, the last one with TOOL_CALL_TIMEOUT"
    const running: ServerInfo = { ...lostServer(), state: "running", reason: undefined }
    const lines = renderServers(
      [
        { ...running, health: { status: "unhealthy", reason } },
        { ...running, name: "fine", health: { status: "healthy", reason: undefined } }
      ],
      now,
      plainStyle,
      80
    ).split("\n")
    assert.match(lines[1] ?? "", /^files +unhealthy +1 +stdio$/)
    assert.match(lines[2] ?? "", /^fine +running +1 +stdio$/)
    assert.deepStrictEqual(lines.slice(3), [`! files: ${reason}`])
  })
})

describe("a server that came back", () => {
  it("is told with how often and how long ago, while it runs", () => {
    const healthy = { status: "healthy", reason: undefined } as const
    const startedAt = DateTime.subtractDuration(now, "3 seconds")
    const back: ServerInfo = { ...lostServer(), state: "running", health: healthy, reason: undefined, startedAt }
    const servers = [
      { ...back, restartCount: 2 },
      { ...back, name: "fine" }
    ]
    const lines = renderServers(servers, now, plainStyle, 80).split("\n")
    assert.deepStrictEqual(lines.slice(3), ["~ files came back 2 times, last 3.0 s ago"])
  })
})

describe("tools that changed", () => {
  it("are named by what happened to them", () => {
    const event = {
      _tag: "ToolsChanged",
      serverName: "files",
      added: ["new"],
      removed: [],
      changed: ["a", "b"]
    } as const
    assert.strictEqual(
      renderServerEvent(event, now, plainStyle, 80),
      "~ files changed its tools (new: new; defined otherwise: a, b)"
    )
  })
})

describe("a changed configuration", () => {
  const nothing = { added: [], removed: [], changed: [], kept: [] }

  it("is told with what is new, gone and changed, agents apart from servers, and what goes on as it was", () => {
    const kept = { serverName: "fx", error: { message: "no such command" } }
    const lines = renderReloaded(
      {
        ...nothing,
        added: ["a", "b"],
        changed: ["c"],
        kept: [kept],
        agents: { ...nothing, removed: ["old"], changed: ["planner"], kept: [{ ...kept, agentName: "planner" }] },
        clients: { added: ["ci"], removed: ["desk"], changed: [] },
        areToolsChanged: true,
        isApprovalChanged: true,
        needsRestart: ["server.port"]
      },
      plainStyle
    )
    assert.deepStrictEqual(lines, [
      "~ The configuration has changed (new: a, b; reconnected: c; agents gone: old; changed agents: planner; new clients: ci; clients gone: desk; other built-in tools, or other limits for them; other calls are asked about)",
      "! fx goes on with its old options: no such command",
      "! planner/fx goes on with its old options: no such command",
      "! Start signalbox anew for these to take effect: server.port"
    ])
  })

  it("is not told where nothing is different", () => {
    assert.deepStrictEqual(
      renderReloaded(
        {
          ...nothing,
          agents: nothing,
          clients: nothing,
          areToolsChanged: false,
          isApprovalChanged: false,
          needsRestart: []
        },
        plainStyle
      ),
      []
    )
  })
})

const shownFailure = (text: string) => renderError(new ToolFailed({ toolName: "t", text }), plainStyle)

describe("the bad answer of a tool", () => {
  it("leads to a next step that fits it", () => {
    assert.include(shownFailure("Exit code 3\nhi"), "The command ran, and ended with status 3")
    assert.include(shownFailure("Ended by SIGKILL"), "The command ran, and was ended by SIGKILL")
    assert.include(shownFailure("no such thing"), "Check the arguments")
    for (const told of ["Error: FETCH_FAILED: It answered with HTTP 404.", "Error: X\nHint: Do this."])
      assert.notInclude(shownFailure(told), "Check the arguments")
  })
})

describe("the words of a tool call", () => {
  const servers = ["files", "fx"]
  const read = (...words: ReadonlyArray<string>) =>
    Effect.map(readCall(words, servers), ({ input, server, tool }) => ({ server, tool, input }))

  it.effect("are texts where the tool takes nothing else", () =>
    Effect.gen(function* () {
      const words = yield* readCall(["echo", "text=42", 'quoted="7"', "n=1", 'json={"a": 1}', "any=true"], servers)
      const text = { type: "string" }
      const schema = { type: "object", properties: { text, quoted: text, json: text, n: { type: "integer" }, any: {} } }
      assert.deepStrictEqual(asTaken(words, schema), { text: "42", quoted: "7", n: 1, json: '{"a": 1}', any: true })
    })
  )

  it.effect("are a tool or a server with its tool, and arguments as JSON or as pairs", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read("echo"), { server: undefined, tool: "echo", input: {} })
      assert.deepStrictEqual(yield* read("fx", "echo", '{"a":[1]}'), { server: "fx", tool: "echo", input: { a: [1] } })
      assert.deepStrictEqual(yield* read("fx__echo", "n=1", "s=a=b", "t="), {
        server: "fx",
        tool: "echo",
        input: { n: 1, s: "a=b", t: "" }
      })
      assert.deepStrictEqual(yield* read("Grep", "pattern=a", "-o=true", "-A=2"), {
        server: undefined,
        tool: "Grep",
        input: { pattern: "a", "-o": true, "-A": 2 }
      })
      assert.deepStrictEqual(yield* read("other__echo"), { server: undefined, tool: "other__echo", input: {} })
    })
  )

  it("may begin with a dash where they are no flags of the command", () => {
    const call = ["tools", "call", "Grep"]
    assert.deepStrictEqual(withDashedArguments([...call, "-o=true", "-A=2", "a=1"]), [
      ...call,
      "a=1",
      "--",
      "-o=true",
      "-A=2"
    ])
    assert.deepStrictEqual(withDashedArguments(["--json", "tools", "call", "-i=true", "-y", "--", "Grep", "-o=true"]), [
      "--json",
      "tools",
      "call",
      "-y",
      "--",
      "Grep",
      "-o=true",
      "-i=true"
    ])
    for (const args of [
      [...call, "-c=a.yaml", "-y=true", "--json=true", "a=-b=c"],
      [...call, "--", "-o=true"],
      ["chat", "-o=true"]
    ])
      assert.deepStrictEqual(withDashedArguments(args), args)
  })

  it.effect("are refused where they make no sense", () =>
    Effect.gen(function* () {
      for (const words of [["echo", "[1]"], ["echo", "{broken"], ["echo", "a=1", "b"], ["a", "b", "c"], ["a=1"]]) {
        assert.instanceOf(yield* Effect.flip(readCall(words, servers)), InvalidUsage)
      }
    })
  )
})
