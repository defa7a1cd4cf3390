import { assert, describe, it } from "@effect/vitest"
import { startFxLlm } from "@signalbox/testing"
import { afterAll, beforeAll } from "vitest"
import { envelopeKeys, makePlace, type Place, upstream } from "./support.ts"

let place: Place

beforeAll(async () => {
  place = await makePlace()
  place.configure({
    servers: {
      fx: place.server(),
      slow: place.server({ tools: "echo", callDelay: 60_000, name: "slow" }),
      dead: place.server({ exitAtStart: 3, stderrText: "no such database" })
    }
  })
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

describe("the exit code", () => {
  it("is 0, 1 and 2 for success, failure and wrong usage; wrong usage is told in a few words", async () => {
    const [fine, failed, flag, word, json, group] = await Promise.all([
      place.run(["version"]),
      place.run(["tools", "call", "fx", "no_such_tool", "--json"]),
      place.run(["chat", "--bogus"]),
      place.run(["tools", "call", "fx", "echo", "a=1", "b"]),
      place.run(["nonsense", "--json"]),
      place.run(["servers"])
    ])
    assert.strictEqual(fine.code, 0)
    assert.strictEqual(failed.code, 1)
    assert.strictEqual(failed.json().error_code, "TOOL_NOT_FOUND")
    assert.strictEqual(flag.code, 2)
    assert.strictEqual(flag.stdout, "")
    assert.match(flag.stderr, /^error \[INVALID_USAGE\] .*--bogus.*\n→ See: signalbox chat --help\n$/)
    assert.strictEqual(word.code, 2)
    assert.include(word.stderr, '"b" is neither JSON nor key=value')
    assert.strictEqual(json.code, 2)
    assert.deepStrictEqual(Object.keys(json.json()), envelopeKeys)
    assert.strictEqual(json.json().error_code, "INVALID_USAGE")
    assert.include(group.stdout, "status")
  })

  it("is 3 or 1 when tools are asked for and some or all servers do not run", async () => {
    await using place = await makePlace()
    const dead = place.server({ exitAtStart: 1 })
    place.configure({ servers: { dead, fine: place.server({ tools: "echo" }) } })
    const partly = await place.run(["tools", "list"])
    assert.strictEqual(partly.code, 3)
    assert.include(partly.stdout, "echo")
    assert.include(partly.stderr, "1 of 2 servers do not run: dead. See why: signalbox servers status")
    place.configure({ servers: { dead } })
    assert.strictEqual((await place.run(["tools", "list"])).code, 1)
  })

  it("is 3 when one server of several does not run", async () => {
    const [status, json] = await Promise.all([
      place.run(["servers", "status"]),
      place.run(["servers", "status", "--json"])
    ])
    assert.strictEqual(status.code, 3, status.stderr)
    assert.match(status.stdout, /^dead +error/m)
    assert.match(status.stdout, /✗ dead: .*: no such database\. \[SERVER_EXITED\]\n {2}→ /)
    assert.strictEqual(json.code, 3)
    const dead = json.json().data.find(({ name }: { name: string }) => name === "dead")
    assert.deepInclude(dead, { state: "error", exit_code: 3 })
    // Whoever reads the envelope alone must not take a part for the whole.
    assert.deepStrictEqual(Object.keys(json.json()), envelopeKeys)
    assert.strictEqual(json.json().status, "failed")
    assert.strictEqual(json.json().error_code, "SERVERS_PARTLY_DOWN")
    assert.strictEqual(json.json().error?.message, "1 of 3 servers do not run: dead.")
  })

  it("is 1 when no server runs", async () => {
    await using broken = await makePlace()
    const missing = { enabled: true, transport: "stdio", command: "no-such-command", args: [], env: {} }
    broken.configure({ servers: { dead: broken.server({ exitAtStart: 1 }), missing } })
    const [text, json] = await Promise.all([
      broken.run(["servers", "status"]),
      broken.run(["servers", "status", "--json"])
    ])
    assert.strictEqual(text.code, 1)
    assert.match(
      text.stdout,
      /✗ missing: .* command "no-such-command" was not found in the .*director.* of PATH\. \[SERVER_SPAWN_FAILED\]\n {2}→ Install "no-such-command", or give its full path/
    )
    assert.notInclude(text.stdout, process.env["PATH"] ?? "")
    assert.strictEqual(json.code, 1)
    assert.strictEqual(json.json().status, "failed")
    assert.strictEqual(json.json().error_code, "SERVERS_DOWN")
    const entry = json.json().data.find(({ name }: { name: string }) => name === "missing")
    assert.strictEqual(entry.error.details.searched_path, process.env["PATH"])
  })

  it("is 3 when a tool call of a test failed", async () => {
    await using failing = await makePlace()
    await using fxLlm = await startFxLlm({
      script: [{ toolCalls: [{ name: "echo", input: { text: "x" } }] }, { text: "It did not work." }]
    })
    failing.configure({
      ...upstream("claude", fxLlm.url),
      servers: { fx: failing.server({ fault: ["is-error@call"] }) }
    })
    const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }
    const ended = await failing.run(["test", "-m", "try"], { env })
    assert.strictEqual(ended.code, 3, ended.stderr)
    assert.include(ended.stdout, "Total tool calls: 1\nSuccessful: 0\nSuccess rate: 0.0%")
    assert.match(ended.stderr, /✗ fx · echo \d+ ms/)
    fxLlm.use([{ toolCalls: [{ name: "echo", input: { text: "x" } }] }, { text: "It did not work." }])
    const json = await failing.run(["test", "-m", "try", "--json"], { env })
    assert.strictEqual(json.code, 3, json.stderr)
    assert.strictEqual(json.json().status, "failed")
    assert.strictEqual(json.json().error_code, "TOOL_CALLS_FAILED")
    assert.deepInclude(json.json().data, { total_tool_calls: 1, successful: 0, success_rate: 0 })
  })

  it("is 4 when time is over, in words and as JSON", async () => {
    const slow = ["tools", "call", "slow", "echo", "text=x"]
    const [text, json] = await Promise.all([
      place.run([...slow, "--timeout", "2s"]),
      place.run([...slow, "--timeout", "50ms", "--json"])
    ])
    assert.strictEqual(text.code, 4, text.stderr)
    assert.include(text.stderr, "[TIMEOUT]")
    assert.strictEqual(json.code, 4)
    assert.strictEqual(json.json().status, "timeout")
    assert.deepStrictEqual(Object.keys(json.json()), envelopeKeys)
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("is 69 for whatever needs a required server that does not run, and 0 where it is not required", async () => {
    await using needy = await makePlace()
    const dead = needy.server({ exitAtStart: 3, stderrText: "no licence" })
    const needing = { ...dead, required: true }
    needy.configure({ servers: { needing, fine: needy.server() } })
    const [chat, test, serve] = await Promise.all([
      needy.run(["chat", "hello", "--json"]),
      needy.run(["test", "-m", "hello"]),
      needy.run(["serve", "--port", "0", "--json"])
    ])
    assert.deepStrictEqual([chat.code, test.code, serve.code], [69, 69, 69])
    for (const { json } of [chat, serve]) {
      assert.strictEqual(json().error_code, "CONNECTION_FAILED")
      assert.include(json().error?.message, '"needing" exited with status 3: no licence')
    }
    needy.configure({ servers: { dead, fine: needy.server() } })
    assert.strictEqual((await needy.run(["chat", "hello"])).code, 0)
    const degraded = needy.start(["serve", "--port", "0"])
    await degraded.says("Listening on")
    await degraded.says("✗ dead")
    process.kill(degraded.pid, "SIGTERM")
    assert.strictEqual((await degraded.ended).code, 143)
  })

  it("is 65 for data that cannot be read, 69 for what cannot be reached, 78 for the configuration", async () => {
    const port = "http://127.0.0.1:9"
    const unreachable = { SIGNALBOX_PROVIDERS_CLAUDE_BASE_URL: port, ANTHROPIC_API_KEY: "sk-canary-0123456789" }
    const [data, server, provider, key, file] = await Promise.all([
      place.run(["config", "import", "missing.json", "--json"]),
      place.run(["tools", "call", "dead", "echo", "text=x"]),
      place.run(["chat", "hello", "--provider", "claude", "--json"], { env: unreachable }),
      place.run(["chat", "hello", "--provider", "claude", "--json"]),
      place.run(["servers", "list", "--config", "nowhere.yaml"])
    ])
    assert.strictEqual(data.code, 65)
    assert.strictEqual(data.json().error_code, "IMPORT_FAILED")
    assert.strictEqual(server.code, 69, server.stderr)
    assert.include(server.stderr, '"dead" exited with status 3: no such database')
    assert.strictEqual(provider.code, 69, provider.stdout)
    assert.strictEqual(key.code, 78)
    assert.strictEqual(key.json().error_code, "MISSING_API_KEY")
    assert.include(key.json().error?.message, "ANTHROPIC_API_KEY")
    assert.strictEqual(file.code, 78)
    assert.include(file.stderr, "signalbox init")
  })
})
