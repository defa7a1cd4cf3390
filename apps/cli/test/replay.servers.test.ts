import { execFile, execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { type FxMcpFlags, type Script, startFxLlm, startFxMcpHttp } from "@signalbox/testing"
import { main } from "./program.ts"
import { makePlace, type Place, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-ant-0123456789abcdef" }

const require = createRequire(import.meta.url)

/** An official server, as a process of its own. */
const official = (name: string, ...args: ReadonlyArray<string>) => ({
  enabled: true,
  // On a busy machine the question would come before the slowest of them.
  required: true,
  transport: "stdio",
  command: process.execPath,
  args: [join(dirname(require.resolve(`@modelcontextprotocol/server-${name}/package.json`)), "dist/index.js"), ...args],
  env: {}
})

/** Starts a program without any network. */
const isolating = ["unshare", "-n"] as const

/** Whether that can be had here. */
const hasUnshare = (() => {
  const [command, ...flags] = isolating
  try {
    execFileSync(command, [...flags, "true"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

/** Replays where there is no network at all, not even this machine's own; as well as possible where that cannot be had. */
const replayAlone = async (place: Place, ...args: ReadonlyArray<string>) => {
  const words = [process.execPath, main, "replay", ...args]
  const [command = "", ...rest] = hasUnshare ? [...isolating, ...words] : words
  return promisify(execFile)(command, rest, {
    cwd: place.path,
    env: { PATH: process.env["PATH"] ?? "", HOME: place.path }
  })
}

/** Calls tools one after the other, then tells what the last one said. */
const calling = (...calls: ReadonlyArray<readonly [name: string, input: object]>): Script => [
  ...calls.map(([name, input], index) => ({ text: `Call ${index + 1}.`, toolCalls: [{ name, input }] })),
  { text: "Last: {{lastToolResult}}" }
]

/** Records one question, and replays it; both texts. */
const both = async (place: Place, script: Script, servers: object, more: object = {}) => {
  await using fxLlm = await startFxLlm({ script })
  place.configure({ ...upstream("claude", fxLlm.url), servers, ...more })
  const recorded = await place.run(["chat", "go", "--record", "tape"], { env })
  assert.strictEqual(recorded.code, 0, recorded.stderr)
  const played = await replayAlone(place, "tape")
  assert.strictEqual(played.stdout, recorded.stdout)
  const diff = await replayAlone(place, "tape", "--diff", "--json")
  assert.deepStrictEqual(JSON.parse(diff.stdout).data.differences, [])
  return { recorded, played }
}

/** One server of fx-mcp with these flags. */
const fxAt = (place: Place, flags: FxMcpFlags) => ({ fx: place.server(flags) })

describe("without a network and without its servers, a recording", () => {
  it("of the official servers says the same again", async () => {
    await using place = await makePlace()
    writeFileSync(place.file("notes.txt"), "the file says hello")
    const entity = { name: "Ada", entityType: "person", observations: ["parses"] }
    const script = calling(
      ["create_entities", { entities: [entity] }],
      ["echo", { message: "all" }],
      ["read_graph", {}],
      ["read_text_file", { path: place.file("notes.txt") }]
    )
    const { recorded } = await both(place, script, {
      memory: { ...official("memory"), env: { MEMORY_FILE_PATH: place.file("memory.jsonl") } },
      files: official("filesystem", place.path),
      everything: official("everything", "stdio")
    })
    assert.include(recorded.stdout, "the file says hello")
  })

  it("of a server over HTTP, of the newest revision and of the one before, says the same again", async () => {
    for (const era of ["2025", "2026"]) {
      await using place = await makePlace()
      await using server = await startFxMcpHttp({ era })
      const url = { enabled: true, transport: "http", url: server.url, headers: {} }
      const { recorded } = await both(place, calling(["add", { a: 20, b: 22 }]), { remote: url })
      assert.include(recorded.stdout, "Last: 42", era)
    }
  })

  it("has progress, errors and paged lists of a server as they were", async () => {
    await using place = await makePlace()
    const script = calling(["echo", { text: "one" }], ["echo", { text: "two" }])
    const { played, recorded } = await both(place, script, fxAt(place, { progress: 3, pageSize: 2, failCall: 2 }))
    assert.include(recorded.stderr, "… 3/3")
    assert.include(played.stderr, "… 3/3")
    assert.include(recorded.stdout, "Last: ")
  })

  it("loses a server where it was lost, and gets it back", async () => {
    await using place = await makePlace()
    const script = calling(["echo", { text: "one" }], ["echo", { text: "two" }], ["echo", { text: "three" }])
    const { recorded } = await both(place, script, fxAt(place, { crashAfter: 1, crashSignal: "SIGKILL" }))
    assert.include(recorded.stderr, "killed by SIGKILL")
  })

  it("fails a call where its server over HTTP refused it", async () => {
    await using place = await makePlace()
    await using server = await startFxMcpHttp({ fault: ["status:500@call:1"] })
    const url = { enabled: true, transport: "http", url: server.url, headers: {} }
    const { recorded } = await both(place, calling(["echo", { text: "one" }], ["echo", { text: "two" }]), {
      remote: url
    })
    assert.match(recorded.stderr, /✗ .*echo/)
  })

  it("knows of a server that could not be started, and of one that hung", async () => {
    await using place = await makePlace()
    await both(
      place,
      calling(["echo", { text: "one" }]),
      { ...fxAt(place, {}), dead: place.server({ exitAtStart: 3 }), hanging: place.server({ hangInit: true }) },
      { runtime: { connectTimeout: "2 seconds" } }
    )
  })

  it("of a server that asks back has what the person answered", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: calling(["echo", { text: "asked" }]) })
    place.configure({ ...upstream("claude", fxLlm.url), servers: fxAt(place, { ask: "elicitation" }) })
    const terminal = place.startOnTerminal(["chat", "go", "--record", "tape"], env)
    await terminal.sees("name (a text):")
    terminal.press("Ada\r")
    await terminal.sees("colour (a text; Enter: green):")
    terminal.press("\r")
    await terminal.sees("Send this to fx? [Y/n]")
    terminal.press("\r")
    const recorded = await terminal.ended
    assert.strictEqual(recorded.code, 0, recorded.stdout)
    assert.include(readFileSync(place.file("tape"), "utf8"), '"kind":"elicit"')
    const { stdout } = await replayAlone(place, "tape", "--diff", "--json")
    assert.deepStrictEqual(JSON.parse(stdout).data.differences, [])
  })

  it("of a call that a person approved, and of one that was refused, asks nobody", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: calling(["echo", { text: "one" }], ["echo", { text: "two" }]) })
    place.configure({
      ...upstream("claude", fxLlm.url),
      servers: fxAt(place, {}),
      conversation: { approval: { mode: "ask" } }
    })
    const terminal = place.startOnTerminal(["chat", "go", "--record", "tape"], env)
    await terminal.sees("needs your approval")
    terminal.press("y\r")
    await terminal.sees("needs your approval")
    terminal.press("n\r")
    const recorded = await terminal.ended
    const { stdout } = await replayAlone(place, "tape", "--diff", "--json")
    const { data } = JSON.parse(stdout)
    assert.deepStrictEqual(data.differences, [], recorded.stdout)
    assert.deepStrictEqual(
      data.turns[0].tool_calls.map(({ status }: { status: string }) => status),
      ["ok", "refused"]
    )
  })

  it("of many calls at a time says the same again", async () => {
    await using place = await makePlace()
    const toolCalls = Array.from({ length: 6 }, (_, n) => ({ name: "echo", input: { text: `call ${n}` } }))
    const script: Script = [{ toolCalls }, { text: "Done: {{toolResults}}" }]
    const { recorded } = await both(place, script, fxAt(place, { callDelay: 20 }))
    assert.include(recorded.stdout, "call 5")
  })

  it("of an agent talks to the agent", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: calling(["echo", { text: "of the agent" }]) })
    const agents = { planner: { enabled: true, servers: ["fx"] } }
    place.configure({ ...upstream("claude", fxLlm.url), servers: fxAt(place, {}), agents })
    const recorded = await place.run(["chat", "go", "--agent", "planner", "--record", "tape"], { env })
    assert.strictEqual(recorded.code, 0, recorded.stderr)
    assert.strictEqual((await replayAlone(place, "tape")).stdout, recorded.stdout)
  })

  it("of a provider that was overloaded, and of one that failed, does the same again", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [
        { fault: { kind: "status", status: 529 } },
        { text: "Better." },
        { fault: { kind: "status", status: 400 } }
      ]
    })
    place.configure({
      ...upstream("claude", fxLlm.url),
      model: { provider: "claude", retry: { firstDelay: "10 millis" } }
    })
    const recorded = await place.run(["chat", "--record", "tape"], { env, input: "one\ntwo\n" })
    assert.strictEqual(recorded.code, 0, recorded.stderr)
    const played = await replayAlone(place, "tape")
    assert.strictEqual(played.stdout, recorded.stdout)
    assert.match(played.stderr, /error \[[A-Z_]+\]/)
    assert.strictEqual(/error \[[A-Z_]+\]/.exec(played.stderr)?.[0], /error \[[A-Z_]+\]/.exec(recorded.stderr)?.[0])
  })

  it("that was stopped by Ctrl-C is stopped there again", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [{ text: ["alpha ", "omega ", "never"], hold: 2 }, { text: "After." }]
    })
    place.configure({ ...upstream("claude", fxLlm.url), servers: {} })
    const running = place.start(["chat", "--record", "tape"], env)
    running.type("one")
    await running.says("omega")
    process.kill(running.pid, "SIGINT")
    await running.says("stopped")
    running.type("two")
    await running.says("After.")
    running.type("quit")
    const recorded = await running.ended
    assert.strictEqual(recorded.code, 0, recorded.stderr)
    const played = await replayAlone(place, "tape")
    assert.include(played.stdout, "alpha omega")
    assert.notInclude(played.stdout, "never")
    assert.include(played.stdout, "After.")
  })
})

describe("the example", () => {
  it("runs as it stands", async () => {
    await using place = await makePlace()
    writeFileSync(place.file("signalbox"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 })
    const { stdout } = await promisify(execFile)("sh", [join(import.meta.dirname, "../examples/replay/try.sh")], {
      env: { PATH: `${place.path}:${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`, HOME: place.path }
    })
    assert.match(stdout, /No difference in 1 turn\./)
    assert.lengthOf(stdout.split("Team notes"), 4)
  })
})

describe("a canary", () => {
  it("in every place where a secret may stand is in no byte of the cassette", async () => {
    await using place = await makePlace()
    const canaries = {
      ANTHROPIC_API_KEY: "sk-ant-canary-of-the-provider",
      SERVER_TOKEN: "canary-of-a-server-env",
      AGENT_SECRET: "canary-of-an-agent",
      BASH_PASSWORD: "canary-of-a-command",
      HEADER_KEY: "canary-of-a-header",
      UNUSED_API_KEY: "canary-of-the-environment"
    }
    const own = "canary-in-the-file"
    const everything = [...Object.values(canaries), own].join(" ")
    await using server = await startFxMcpHttp({})
    await using fxLlm = await startFxLlm({
      script: [
        { text: `I know ${everything}`, chunks: 3, toolCalls: [{ name: "echo", input: { text: everything } }] },
        { text: "You said {{lastToolResult}} {{lastUserText}}", chunks: 5, headers: { "x-echo": own } }
      ]
    })
    const fx = place.server({ tools: "echo" })
    place.configure({
      ...upstream("claude", fxLlm.url),
      tools: { enabled: ["Read"], commands: { environment: { PASS: "env:BASH_PASSWORD" } } },
      servers: {
        fx: { ...fx, env: { ...Reflect.get(fx, "env"), API_TOKEN: own, OTHER: "env:SERVER_TOKEN" } },
        remote: { enabled: true, transport: "http", url: server.url, headers: { "x-api-key": "env:HEADER_KEY" } }
      },
      agents: { planner: { enabled: true, servers: ["fx"], secrets: { fx: { S: "env:AGENT_SECRET" } } } }
    })
    const recorded = await place.run(["chat", "--record", "tape", `tell ${everything}`], { env: canaries })
    assert.strictEqual(recorded.code, 0, recorded.stderr)
    assert.include(recorded.stdout, own, "what is printed is the person's own")
    const text = readFileSync(place.file("tape"), "latin1")
    assert.notInclude(text, "canary")
    for (const part of ["of-the-provider", "of-a-server", "of-an-agent", "of-a-command", "in-the-file", "of-a-header"])
      assert.notInclude(text, part)
    assert.include(text, "<redacted>")
    const diff = await replayAlone(place, "tape", "--diff", "--json")
    assert.deepStrictEqual(JSON.parse(diff.stdout).data.differences, [])
  })
})
