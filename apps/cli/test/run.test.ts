import { assert, describe, it } from "@effect/vitest"
import { startFxLlm } from "@signalbox/testing"
import { writeFileSync } from "node:fs"
import { jsonLines, makePlace, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }

const echoing = [{ text: "First.", toolCalls: [{ name: "echo", input: { text: "hello" } }] }, { text: "Done." }]

describe("run", () => {
  it("does one task by an agent: the answer on standard output, the work on standard error", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: echoing })
    place.configure({
      ...upstream("claude", fxLlm.url),
      servers: { fx: place.server({ tools: "echo" }) },
      agents: { speaker: { enabled: true, servers: ["mcp.fx.echo"], model: { systemPrompt: "You speak." } } },
      conversation: { approval: { mode: "auto" } }
    })
    writeFileSync(place.file("input.txt"), "of the file\n")
    const ended = await place.run(["run", "--agent", "speaker", "--input", "input.txt", "say", "it"], { env })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.strictEqual(ended.stdout, "Done.\n")
    assert.match(ended.stderr, /▸ fx · echo [^]*✓ fx · echo/)
    assert.strictEqual(fxLlm.requests[0]?.system, "You speak.")
    assert.include(fxLlm.requests[0]?.rawBody, "say it\\n\\nof the file")
  })

  it("takes its task from standard input, and needs one", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: [{ text: "a" }, { text: "b" }] })
    place.configure(upstream("claude", fxLlm.url))
    for (const args of [["run"], ["run", "--input", "-"]]) {
      const ended = await place.run(args, { env, input: "what to do\n" })
      assert.strictEqual(ended.code, 0, ended.stderr)
    }
    assert.include(fxLlm.requests[1]?.rawBody, "what to do")
    const none = await place.run(["run", "--json"], { env, input: "" })
    assert.deepStrictEqual([none.code, none.json().error_code], [2, "INVALID_USAGE"])
    const missing = await place.run(["run", "--input", "gone.txt", "--json"], { env })
    assert.deepStrictEqual([missing.code, missing.json().error_code], [2, "FILE_UNUSABLE"])
    assert.include(missing.json().error?.message, `"${place.file("gone.txt")}" cannot be used: there is no such file`)
  })

  it("tells by its exit code how it ended: approval, rounds, refusal, budget, time", async () => {
    await using place = await makePlace()
    const calls = Array.from({ length: 3 }, () => ({ toolCalls: [{ name: "echo", input: { text: "x" } }] }))
    const cases = [
      { script: [...calls, { text: "never" }], approval: "ask", code: 77, error: "APPROVAL_REQUIRED" },
      { script: calls, hops: 1, code: 3, error: "RUN_UNFINISHED" },
      { script: [{ text: "No.", stopReason: "refusal" }], code: 1, error: "RUN_REFUSED" },
      { script: calls, maxTokens: 1, code: 69, error: "RUN_OVER_BUDGET" },
      {
        script: [{ fault: { kind: "stall", afterPieces: "head" } }],
        args: ["--timeout", "2s"],
        code: 4,
        error: "TIMEOUT"
      }
    ] as const
    for (const { code, error, script, ...given } of cases) {
      await using fxLlm = await startFxLlm({ script: [...script] })
      place.configure({
        ...upstream("claude", fxLlm.url),
        servers: { fx: place.server({ tools: "echo" }) },
        conversation: {
          approval: { mode: "approval" in given ? given.approval : "auto" },
          ...("hops" in given ? { maxHops: given.hops } : {}),
          ...("maxTokens" in given ? { budget: { maxTokens: given.maxTokens } } : {})
        }
      })
      const ended = await place.run(["run", "say x", "--json", ...("args" in given ? given.args : [])], { env })
      assert.deepStrictEqual([ended.code, ended.json().error_code], [code, error], ended.stderr)
    }
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("tells each event as a line of JSON, a failure as the last one", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [...echoing, { fault: { kind: "status", status: 400 } }, ...echoing]
    })
    const configuration = { ...upstream("claude", fxLlm.url), servers: { fx: place.server({ tools: "echo" }) } }
    place.configure({ ...configuration, conversation: { approval: { mode: "auto" } } })
    const ended = await place.run(["run", "--stream-json", "say it"], { env })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.deepStrictEqual(
      [...new Set(jsonLines(ended.stdout).map((line) => Reflect.get(line, "type")))],
      ["step_start", "text", "tool_start", "tool_end", "step_end", "result"]
    )
    assert.deepInclude(jsonLines(ended.stdout).at(-1), {
      text: "Done.",
      finish_reason: "end_turn",
      steps: 2,
      status: "success"
    })
    const failed = await place.run(["run", "--stream-json", "say it"], { env })
    assert.notStrictEqual(failed.code, 0)
    assert.strictEqual(Reflect.get(jsonLines(failed.stdout).at(-1) ?? {}, "type"), "error")
    place.configure({ ...configuration, conversation: { approval: { mode: "ask" } } })
    const refused = await place.run(["run", "--stream-json", "say it"], { env })
    const lines = jsonLines(refused.stdout)
    assert.strictEqual(refused.code, 77)
    assert.deepInclude(lines.at(-1), { type: "result", status: "failed", error_code: "APPROVAL_REQUIRED" })
    assert.deepInclude(
      lines.find((line) => line["type"] === "tool_asked"),
      { server: "fx", tool: "echo", input: { text: "hello" } }
    )
  })

  it("is stopped by Ctrl-C, and leaves nothing behind", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: [{ fault: { kind: "stall", afterPieces: "head" } }] })
    place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server() } })
    const running = place.start(["run", "wait"], env)
    await fxLlm.waitForRequest(1)
    running.child.kill("SIGINT")
    const ended = await running.ended
    assert.strictEqual(ended.code, 130)
    assert.deepStrictEqual(await place.processes(), [])
  })
})
