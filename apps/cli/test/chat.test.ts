import { writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, type Script, startFxLlm } from "@signalbox/testing"
import { jsonLines, makePlace, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789", OPENAI_API_KEY: "sk-canary-0123456789" }

/** Adds when that is asked for, else echoes what was said, and reads the result back. */
const echoOrAdd: Script = [
  { when: { hasToolResults: true }, reply: { text: "Said: {{lastToolResult}}" } },
  { when: { lastUserTextContains: "add" }, reply: { toolCalls: [{ name: "add", input: { a: 20, b: 22 } }] } },
  { when: {}, reply: { toolCalls: [{ name: "echo", input: { text: "echoed {{lastUserText}}" } }] } }
]

describe("a conversation line by line", () => {
  it("is one session: the second question knows the first", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    place.configure(upstream("claude", fxLlm.url))
    const input = "my name is Ada\n\nwhat is my name\nquit\nnever asked\n"
    const ended = await place.run(["chat"], { env, input })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.lengthOf(fxLlm.requests, 2)
    assert.include(fxLlm.requests[1]?.rawBody, "my name is Ada")
    const json = await place.run(["chat", "--json"], { env, input })
    const turns = jsonLines(json.stdout)
    assert.deepStrictEqual(
      turns.map(({ status }) => status),
      ["success", "success"]
    )
    assert.notStrictEqual(turns[0]?.["correlation_id"], turns[1]?.["correlation_id"])
  })

  it("goes on after a failed turn", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [{ fault: { kind: "status", status: 400 } }, { text: "Better now." }]
    })
    place.configure(upstream("claude", fxLlm.url))
    const ended = await place.run(["chat", "--no-stream"], { env, input: "one\ntwo\n" })
    assert.strictEqual(ended.code, 0)
    assert.match(ended.stderr, /error \[[A-Z_]+\]/)
    assert.include(ended.stdout, "Better now.")
  })

  it("keeps the other servers when one is killed, says what happened, and gets it back", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: echoOrAdd })
    const log = place.file("log")
    const dying = place.server({ tools: "echo", stderrText: "low on coal", log })
    place.configure({
      ...upstream("claude", fxLlm.url),
      servers: { steady: place.server({ tools: "add" }), dying },
      runtime: { restart: { firstDelay: "1500 millis" } }
    })
    const running = place.start(["chat"], env)
    await running.says("is ready", 2)
    running.type("say first")
    await running.says("Said: echoed say first")
    const started = readFxMcpLog(log).find(({ event }) => event === "start")
    process.kill(started?.pid ?? 0, "SIGKILL")
    await running.says("It is started again in")
    assert.match(
      running.stderr(),
      /✗ lost dying: .*killed by SIGKILL; before that it wrote to standard error: low on coal\. .*\n {2}→ .*\n {2}→ It is started again in/
    )
    running.type("add them")
    await running.says("Said: 42")
    await running.says("dying is back")
    running.type("say second")
    await running.says("Said: echoed say second")
    running.type("quit")
    assert.strictEqual((await running.ended).code, 0)
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("follows its configuration while it runs, and goes on where that is wrong", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: echoOrAdd })
    const echo = place.server({ tools: "echo" })
    const add = place.server({ tools: "add" })
    place.configure({ ...upstream("claude", fxLlm.url), servers: { echo } })
    const running = place.start(["chat"], env)
    running.type("say first")
    await running.says("Said: echoed say first")
    place.configure({ ...upstream("claude", fxLlm.url), servers: { echo, add: { ...add, callTimeout: "soon" } } })
    await running.says("The changed configuration is not in force")
    assert.match(running.stderr(), /signalbox\.json:\d+ servers\.add\.callTimeout/)
    place.configure({
      ...upstream("claude", fxLlm.url),
      servers: { echo, add },
      conversation: { maxHops: 5, approval: { mode: "auto" } }
    })
    await running.says("The configuration has changed (new: add)")
    await running.says("Start signalbox anew for these to take effect: conversation.maxHops")
    await running.says("add is ready")
    running.type("add them")
    await running.says("Said: 42")
    running.type("quit")
    assert.strictEqual((await running.ended).code, 0)
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("begins while a server hangs: the dead one is told, the fine ones work", async () => {
    await using place = await makePlace()
    const fine = Array.from({ length: 8 }, (_, index) => [`fine${index}`, place.server({ tools: "echo" })])
    place.configure({
      servers: {
        hanging: place.server({ hangInit: true }),
        dead: place.server({ exitAtStart: 1 }),
        ...Object.fromEntries(fine)
      },
      // Far more than the test may take: whoever waits for the hanging server fails it.
      runtime: { connectTimeout: "10 minutes" }
    })
    const ended = await place.run(["chat", 'use fine3__echo to echo "here we are"'])
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.include(ended.stdout, "here we are")
    // How many are there when it begins is a matter of how fast the machine starts them.
    assert.match(ended.stderr, /fine\d is ready/)
    assert.match(ended.stderr, /✗ dead: .*\[SERVER_EXITED\]/)
    const [before = ""] = ended.stderr.split("▸")
    assert.include(before, "hanging is still starting")
    assert.deepStrictEqual(await place.servers(), [])
  })
})

describe("one question", () => {
  it("has the same answer from either vendor", async () => {
    const script = [
      {
        text: "I will echo.",
        toolCalls: [{ name: "echo", input: { text: "hi" } }],
        usage: { inputTokens: 5, outputTokens: 7 }
      },
      { text: "Done: {{lastToolResult}}", usage: { inputTokens: 9, outputTokens: 3 } }
    ]
    const answers = await Promise.all(
      (["claude", "openai"] as const).map(async (provider) => {
        await using fxLlm = await startFxLlm({ script })
        await using own = await makePlace()
        own.configure({ ...upstream(provider, fxLlm.url), servers: { fx: own.server({ tools: "echo" }) } })
        const ended = await own.run(["chat", "please", "--json"], { env })
        assert.strictEqual(ended.code, 0, ended.stderr + ended.stdout)
        const { data } = ended.json()
        return { ...data, tool_calls: data.tool_calls.map((call: object) => ({ ...call, duration_ms: 0 })) }
      })
    )
    assert.deepStrictEqual(answers[0], answers[1])
    assert.strictEqual(answers[0].steps, 2)
    assert.deepInclude(answers[0].tool_calls[0], { server: "fx", tool: "echo", input: { text: "hi" }, status: "ok" })
    assert.include(answers[0].text, "Done: ")
  })
})

describe("the key", () => {
  it("is never printed: not in success, not in a refusal that repeats it, not in a failure", async () => {
    const key = "sk-canary-0123456789abcdef"
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [
        { text: "Hello.", toolCalls: [{ name: "echo", input: { text: "x" } }] },
        { text: "Bye." },
        { fault: { kind: "status", status: 401, message: `invalid x-api-key: ${key}` } },
        { fault: { kind: "malformed" } }
      ]
    })
    place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server({ tools: "echo" }) } })
    const traced = { ANTHROPIC_API_KEY: key, LOG_LEVEL: "trace" }
    const fine = await place.run(["chat", "hello", "--json"], { env: traced })
    const refused = await place.run(["chat", "hello", "--json"], { env: traced })
    const broken = await place.run(["chat", "hello"], { env: { ...traced, LOG_FORMAT: "pretty" } })
    const explained = await place.run(["config", "explain", "--json"], { env: traced })
    assert.strictEqual(fxLlm.requests[0]?.headers["x-api-key"], key)
    assert.strictEqual(fine.code, 0, fine.stderr)
    assert.strictEqual(refused.code, 78, refused.stdout)
    assert.notStrictEqual(broken.code, 0)
    for (const { stderr, stdout } of [fine, refused, broken, explained]) assert.notInclude(stdout + stderr, "canary")
  })
})

describe("the key of a provider", () => {
  it("may come from a file, or from a flag with a warning, and is sent and never shown", async () => {
    const key = "sk-canary-fedcba9876543210"
    await using place = await makePlace()
    await using fxLlm = await startFxLlm()
    place.configure({ ...upstream("claude", fxLlm.url) })
    writeFileSync(place.file("key"), `${key}\n`)
    const fromFile = await place.run(["chat", "hello", "--provider", "claude", "--api-key-file", place.file("key")])
    const fromFlag = await place.run(["chat", "hello", "--provider", "claude", "-k", key])
    const help = await place.run(["chat", "--help"])
    assert.match(help.stdout, /--api-key, -k /)
    assert.deepStrictEqual([fromFile.code, fromFlag.code], [0, 0])
    for (const request of fxLlm.requests) assert.strictEqual(request.headers["x-api-key"], key)
    assert.lengthOf(fxLlm.requests, 2)
    assert.include(fromFlag.stderr, "--api-key-file")
    assert.notInclude(fromFile.stderr, "--api-key-file")
    assert.notInclude(fromFile.stdout + fromFile.stderr + fromFlag.stdout + fromFlag.stderr, key)
    const missing = await place.run(["chat", "hello", "--api-key-file", place.file("none")])
    assert.strictEqual(missing.code, 2)
  })
})
