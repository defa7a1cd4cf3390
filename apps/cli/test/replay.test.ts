import { execFileSync } from "node:child_process"
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { type Script, startFxLlm, waitFor } from "@signalbox/testing"
import { type Ended, jsonLines, makePlace, type Place, upstream } from "./support.ts"

const key = "sk-canary-0123456789abcdef"
const secret = "canary-of-the-server-77"
const env = { ANTHROPIC_API_KEY: key, SERVER_SECRET: secret }

/** Calls a server, then a built-in tool, then answers with what it was told. */
const script: Script = [
  { when: { lastToolResultContains: "hello" }, reply: { text: "It says: {{lastToolResult}}" } },
  {
    when: { lastUserTextContains: "read" },
    reply: { text: "I read.", toolCalls: [{ name: "Read", input: { file_path: "note.txt" } }] }
  },
  { when: { hasToolResults: true }, reply: { text: "Said: {{lastToolResult}}", chunks: 3 } },
  { when: {}, reply: { text: "I echo.", toolCalls: [{ name: "echo", input: { text: "{{lastUserText}}" } }] } }
]

/** Tells the model something, and leaves a trace. */
const hook = {
  on: "before-model",
  command: ["/bin/sh", "-c", `echo asked >> hooks.log; echo '{"add_system":"Be brief."}'`],
  timeout: "30 seconds",
  whenItFails: "block"
}

const configure = (place: Place, url: string, more: object = {}) => {
  const fx = place.server({ progress: 2, stderrText: "up" })
  place.configure({
    ...upstream("claude", url),
    ...more,
    tools: { enabled: ["Read"] },
    servers: { fx: { ...fx, env: { ...Reflect.get(fx, "env"), API_TOKEN: "env:SERVER_SECRET" } } }
  })
  writeFileSync(place.file("note.txt"), "hello from a file\n")
}

/** Nothing that would reach anybody is there: no network, no servers, no key, another folder. */
const replay = (place: Place, args: ReadonlyArray<string>) => place.run(["replay", ...args])

const said = ({ stdout }: Ended) => stdout

/** A recorded conversation of two turns. */
const record = async (place: Place, input = "first\nread it\n") => {
  await using fxLlm = await startFxLlm({ script })
  configure(place, fxLlm.url)
  const recorded = await place.run(["chat", "--record", "tape"], { env, input })
  assert.strictEqual(recorded.code, 0, recorded.stderr)
  return recorded
}

const lines = (place: Place, name = "tape") => readFileSync(place.file(name), "utf8").trimEnd().split("\n")

describe("a recorded conversation", () => {
  it("says the same again when its provider, its servers, its hooks, its files and its key are gone", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script })
    writeFileSync(place.file("AGENTS.md"), "Be polite.\n")
    configure(place, fxLlm.url, { conversation: { approval: { mode: "auto" }, hooks: [hook] } })
    const recorded = await place.run(["chat", "--session", "trip", "--record", "tape"], {
      env,
      input: "first\nread it\n"
    })
    assert.strictEqual(recorded.code, 0, recorded.stderr)
    await fxLlm.close()
    await fxLlm.close()
    execFileSync("rm", ["note.txt", "signalbox.json", "AGENTS.md", "hooks.log"].map(place.file))
    const again = await replay(place, ["tape"])
    assert.strictEqual(again.code, 0, again.stderr)
    assert.strictEqual(said(again), said(recorded))
    assert.include(again.stderr, "fx · echo")
    assert.deepStrictEqual(await place.servers(), [])
    assert.isFalse(existsSync(place.file("hooks.log")), "no hook was run")
    const diff = await replay(place, ["tape", "--diff", "--json"])
    assert.strictEqual(diff.code, 0, diff.stdout)
    assert.deepStrictEqual(diff.json().data.differences, [])
    assert.deepStrictEqual(
      diff
        .json()
        .data.turns.map(({ steps, tool_calls }: { steps: number; tool_calls: Array<{ tool: string }> }) => [
          steps,
          tool_calls.map(({ tool }) => tool)
        ]),
      [
        [2, ["echo"]],
        [2, ["Read"]]
      ]
    )
  })

  it("is recorded again while it is replayed, with the same times, ids and events", async () => {
    await using place = await makePlace()
    await record(place)
    const again = await replay(place, ["tape", "--record", "second"])
    assert.strictEqual(again.code, 0, again.stderr)
    const kept = (name: string, type: string) =>
      lines(place, name)
        .map((line) => JSON.parse(line))
        .filter((entry) => entry.type === type)
    for (const type of ["input", "conversation", "step", "event", "turn_end", "tool", "request", "piece"])
      assert.deepStrictEqual(kept("second", type), kept("tape", type), type)
    const times = (name: string) => kept(name, "clock").flatMap(({ millis }) => millis)
    // The last reading may come before or after the last event.
    const [first, second] = [times("tape"), times("second")]
    assert.isAtLeast(second.length, first.length - 1)
    const shared = Math.min(first.length, second.length)
    assert.deepStrictEqual(second.slice(0, shared), first.slice(0, shared))
    const third = await replay(place, ["second", "--diff"])
    assert.strictEqual(third.code, 0, third.stdout)
  })

  it("is a file of its owner alone, holds no secret, and is not written over", async () => {
    await using place = await makePlace()
    await record(place, `my key is ${key} and ${Buffer.from(secret).toString("base64")}\n`)
    const text = readFileSync(place.file("tape"), "utf8")
    assert.strictEqual(statSync(place.file("tape")).mode & 0o777, 0o600)
    assert.notInclude(text, "canary")
    assert.notInclude(text, Buffer.from(secret).toString("base64"))
    assert.include(text, "my key is <redacted>")
    const { directory, options } = JSON.parse(lines(place)[0] ?? "").subject
    assert.strictEqual(directory, place.path, "a folder is no secret")
    assert.strictEqual(options.servers.fx.env.API_TOKEN, "env:SERVER_SECRET", "nor is where one is found")
    const again = await place.run(["chat", "--record", "tape", "hello"], { env })
    assert.strictEqual(again.code, 65)
    assert.include(again.stderr, "CASSETTE_UNUSABLE")
    assert.strictEqual(readFileSync(place.file("tape"), "utf8"), text)
  })

  it("can be replayed up to where its program was killed", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [{ text: "Whole." }, { text: ["alpha ", "omega ", "never"], hold: 2 }]
    })
    configure(place, fxLlm.url)
    const running = place.start(["chat", "--record", "tape"], env)
    await running.says("is ready")
    running.type("one")
    await running.says("Whole.")
    running.type("two")
    await running.says("omega")
    await waitFor(() => readFileSync(place.file("tape"), "utf8").includes("omega "), { description: "the piece" })
    process.kill(running.pid, "SIGKILL")
    await running.ended
    const again = await replay(place, ["tape"])
    assert.strictEqual(again.code, 0, again.stderr)
    assert.strictEqual(again.stdout, "Whole.\nalpha omega \n")
    assert.include(again.stderr, "The recording ends within turn 2, step 2.")
  })
})

/** As if an earlier version had sent another request. */
const plant = (place: Place) => {
  const changed = lines(place).map((line) =>
    line.startsWith('{"type":"request"') ? line.replace('"text":"first"', '"text":"FIRST"') : line
  )
  writeFileSync(place.file("tape"), `${changed.join("\n")}\n`)
}

describe("commands of a recorded chat", () => {
  it("are done again between the turns: forks, ways back, other models, summaries", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [{ when: {}, reply: { text: `{{lastUserText}}: ${"so ".repeat(300)}` } }]
    })
    place.configure({
      ...upstream("claude", fxLlm.url),
      conversation: { context: { whenFull: "summary", summary: { maxTokens: 100 }, preserveRecent: 2 } }
    })
    const typed = ["one", "/fork", "two", "/rewind 2", "/model claude/another", "three", "/compact", "four", "/switch"]
    const recorded = await place.run(["chat", "--record", "tape"], { env, input: `${typed.join("\n")}\n` })
    assert.strictEqual(recorded.code, 0, recorded.stderr)
    assert.deepStrictEqual(
      fxLlm.requests.map(({ model }) => model),
      ["fx-model", "fx-model", "another", "another", "another"]
    )
    assert.notInclude(fxLlm.requests[2]?.rawBody, "two")
    const again = await replay(place, ["tape", "--json"])
    assert.strictEqual(again.code, 0, again.stdout + again.stderr)
    assert.deepStrictEqual(
      again.json().data.turns.map(({ input, status }: { input: string; status: string }) => [input, status]),
      ["one", "two", "three", "four"].map((input) => [input, "finished"])
    )
    const diff = await replay(place, ["tape", "--diff"])
    assert.include(diff.stdout, "No difference in 4 turns")
    const all = lines(place)
    const summary = all.findIndex((line) => line.includes('"type":"compact"'))
    writeFileSync(place.file("cut"), `${all.slice(0, summary + 1).join("\n")}\n`)
    const cut = await replay(place, ["cut"])
    assert.strictEqual(cut.code, 0, cut.stderr)
    assert.include(cut.stderr, "The recording ends after turn 3, while a summary was made.")
  })
})

describe("a task", () => {
  it("is recorded like a chat", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script })
    configure(place, fxLlm.url)
    const recorded = await place.run(["run", "first", "--yes", "--record", "tape"], { env })
    assert.strictEqual(recorded.code, 0, recorded.stderr)
    const again = await replay(place, ["tape", "--json"])
    assert.strictEqual(again.code, 0, again.stdout)
    assert.strictEqual(again.json().data.turns[0].text, recorded.stdout.trimEnd())
  })
})

describe("what this version does otherwise", () => {
  it("ends a replay at the step, with the first difference", async () => {
    await using place = await makePlace()
    await record(place)
    plant(place)
    const ended = await replay(place, ["tape"])
    assert.strictEqual(ended.code, 1, ended.stdout)
    assert.include(ended.stderr, "REPLAY_DIVERGED")
    assert.match(ended.stderr, /turn 1, step 1 .*messages\[0\]\.content.*recorded "FIRST", now "first"/)
  })

  it("is shown by --diff in full, with exit code 1", async () => {
    await using place = await makePlace()
    await record(place)
    plant(place)
    const ended = await replay(place, ["tape", "--diff", "--json"])
    assert.strictEqual(ended.code, 1)
    const { data, error_code } = ended.json()
    assert.strictEqual(error_code, "REPLAY_DIFFERS")
    assert.isAbove(data.differences.length, 1)
    assert.deepInclude(data.differences[0], { kind: "request", recorded: "FIRST", now: "first" })
    assert.lengthOf(data.turns, 2)
  })

  it("is shown where a tool was called with something else", async () => {
    await using place = await makePlace()
    await record(place, "first\n")
    const changed = lines(place).map((line) =>
      line.includes('"method":"tools/call"') ? line.replace('"text":"first"', '"text":"other"') : line
    )
    writeFileSync(place.file("tape"), `${changed.join("\n")}\n`)
    const ended = await replay(place, ["tape", "--diff", "--json"])
    assert.strictEqual(ended.code, 1)
    assert.deepInclude(ended.json().data.differences[0], { kind: "tool", recorded: "other", now: "first" })
  })
})

describe("a fork", () => {
  it("goes on with another model and live tools from a step, and can be recorded", async () => {
    await using place = await makePlace()
    await record(place)
    await using other = await startFxLlm({
      script: [{ toolCalls: [{ name: "add", input: { a: 40, b: 2 } }] }, { text: "Other: {{lastToolResult}}" }]
    })
    const moved = lines(place).map((line, index) =>
      index === 0
        ? line.replace(/http:\/\/127[^"]*?(?=\/v1"|")/g, other.url)
        : line.replace(/http:\/\/127\.0\.0\.1:\d+/g, other.url)
    )
    writeFileSync(place.file("tape"), `${moved.join("\n")}\n`)
    const forked = await place.run(["replay", "tape", "--from", "3", "--model", "claude/another", "--record", "fork"], {
      env
    })
    assert.strictEqual(forked.code, 0, forked.stderr)
    assert.include(forked.stdout, "Said: first")
    assert.include(forked.stdout, "Other: 42")
    assert.deepStrictEqual(
      other.requests.map(({ headers, model }) => [model, headers["x-api-key"]]),
      [
        ["another", key],
        ["another", key]
      ]
    )
    assert.deepStrictEqual(await place.servers(), [])
    const wrong = await replay(place, ["tape", "--from", "3"])
    assert.strictEqual(wrong.code, 2)
    const toolsOfNoStep = await replay(place, ["tape", "--tools", "recorded"])
    assert.strictEqual(toolsOfNoStep.code, 2)
    assert.include(toolsOfNoStep.stderr, "name the step with --from")
    const keyless = await replay(place, ["tape", "--from", "3", "--model", "claude/another"])
    assert.strictEqual(keyless.code, 78)
    assert.include(keyless.stderr, "ANTHROPIC_API_KEY is not set")
    // What its hint says.
    assert.include(keyless.stderr, "--provider offline")
    const offline = await replay(place, ["tape", "--from", "3", "--provider", "offline"])
    assert.strictEqual(offline.code, 0, offline.stderr)
    const unknown = await replay(place, ["tape", "--from", "3", "--model", "nope/x"])
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, "MODEL_NOT_FOUND")
    const behind = await replay(place, ["tape", "--from", "9", "--model", "offline"])
    assert.strictEqual(behind.code, 2)
    assert.include(behind.stderr, "the recording has 4 calls of the model")
  })

  it("answers with recorded tools alone where that is wanted", async () => {
    await using place = await makePlace()
    await record(place, "first\n")
    const forked = await replay(place, [
      "tape",
      "--from",
      "1",
      "--model",
      "offline",
      "--provider",
      "offline",
      "--tools",
      "recorded"
    ])
    assert.strictEqual(forked.code, 0, forked.stderr)
    assert.deepStrictEqual(await place.servers(), [])
  })
})

describe("what is no cassette", () => {
  it("is told with its line and the next step, and exit code 65", async () => {
    await using place = await makePlace()
    await record(place, "first\n")
    const whole = readFileSync(place.file("tape"), "utf8")
    const count = whole.trimEnd().split("\n").length
    const cases: ReadonlyArray<readonly [string, string, RegExp]> = [
      ["torn", whole.slice(0, -30), new RegExp(`line ${count} breaks off`)],
      ["newer", whole.replace('"cassette":1', '"cassette":9'), /format 9, and the latest known here is 1/],
      ["other", "# notes\n", /line 1 is no head/],
      ["empty", "", /it is empty/]
    ]
    for (const [name, text, expected] of cases) {
      writeFileSync(place.file(name), text)
      const ended = await replay(place, [name])
      assert.strictEqual(ended.code, 65, name)
      assert.match(ended.stderr, expected)
      assert.include(ended.stderr, "→")
    }
    const missing = await replay(place, ["nosuch"])
    assert.strictEqual(missing.code, 65)
    assert.include(missing.stderr, "there is no such file")
    appendFileSync(place.file("tape"), '{"type":"surprise"}\n')
    assert.include((await replay(place, ["tape"])).stderr, `line ${count + 1}`)
  })
})

describe("one question", () => {
  it("is recorded alike, and with --json", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script })
    configure(place, fxLlm.url)
    const recorded = await place.run(["chat", "first", "--json", "--record", "tape"], { env })
    assert.strictEqual(recorded.code, 0, recorded.stdout)
    const again = await replay(place, ["tape", "--json"])
    assert.strictEqual(again.code, 0, again.stdout)
    assert.deepInclude(again.json().data.turns[0], recorded.json().data)
    assert.isAbove(jsonLines(again.stdout).length, 0)
  })
})
