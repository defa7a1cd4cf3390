import { assert, describe, it } from "@effect/vitest"
import { duplicateCodes, exitCodes } from "@signalbox/errors"
import { readFileSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll } from "vitest"
import { allErrors } from "../src/allErrors.ts"
import { version } from "../src/version.ts"
import { type Ended, envelopeKeys, jsonLines, makePlace, type Place } from "./support.ts"

const commands = [
  "chat",
  "serve",
  "servers",
  "agents",
  "doctor",
  "tools",
  "metrics",
  "alerts",
  "breaker",
  "pool",
  "reload",
  "prompts",
  "resources",
  "init",
  "config",
  "test",
  "errors",
  "version",
  "completions"
]

let place: Place

beforeAll(async () => {
  place = await makePlace()
  place.configure({
    servers: { fx: place.server(), off: { ...place.server(), enabled: false, description: "Not now" } }
  })
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

const succeeded = (ended: Ended) => {
  assert.strictEqual(ended.code, 0, ended.stderr)
  const envelope = ended.json()
  assert.deepStrictEqual(Object.keys(envelope), envelopeKeys)
  assert.strictEqual(envelope.status, "success")
  assert.isNull(envelope.error)
  return envelope.data
}

describe("a person who looks around", () => {
  it("gets help for the program and for each command, and the version", async () => {
    const packageJson = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
    assert.strictEqual(version, packageJson.version)
    const [short, help, ...helps] = await Promise.all([
      place.run(["--version"]),
      place.run(["--help"]),
      ...[
        ["servers", "status"],
        ["tools", "call"],
        ["config", "import"]
      ].map((words) => place.run([...words, "--help"]))
    ])
    assert.strictEqual(short.stdout, `signalbox v${version}\n`)
    for (const name of commands) assert.match(help.stdout, new RegExp(`^ +${name} +\\S`, "m"))
    for (const ended of [help, ...helps]) {
      assert.strictEqual(ended.code, 0)
      assert.include(ended.stdout, "USAGE")
      assert.strictEqual(ended.stderr, "")
    }
  })

  it("learns what it runs on, and gets a completion script", async () => {
    const [text, json, script] = await Promise.all([
      place.run(["version"]),
      place.run(["version", "--json"]),
      place.run(["completions", "bash"])
    ])
    assert.strictEqual(
      text.stdout,
      `signalbox ${version} on Node ${process.version}, ${process.platform} ${process.arch}\n`
    )
    assert.strictEqual(succeeded(json).version, version)
    assert.include(script.stdout, "completions")
    assert.include(script.stdout, "servers")
  })

  it("finds every error in the table, with a code of its own", async () => {
    const [text, json, help] = await Promise.all([
      place.run(["errors", "list"]),
      place.run(["errors", "list", "--json"]),
      place.run(["errors", "list", "--help"])
    ])
    assert.deepStrictEqual(duplicateCodes(allErrors), [])
    const rows: ReadonlyArray<object> = JSON.parse(json.stdout)
    assert.strictEqual(rows.length, allErrors.length)
    for (const row of rows) {
      assert.containsAllKeys(row, ["code", "http_status", "anthropic_type", "json_rpc_code", "exit_code", "retryable"])
    }
    assert.include(text.stdout, "SERVER_NOT_FOUND")
    assert.include(text.stdout, "78 configuration")
    assert.include(help.stdout, "With --json the bare list, in no envelope")
  })
})

describe("the README", () => {
  it("names every command and every exit code", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
    for (const name of commands) assert.match(readme, new RegExp(`^\\| .*\`${name}`, "m"))
    const codes = Array.from(readme.matchAll(/^\| (\d+) +\|/gm), ([, code]) => Number(code))
    assert.deepStrictEqual(codes, Object.values(exitCodes))
    assert.isAtMost(readme.trimEnd().split("\n").length, 80)
  })
})

describe("servers and tools", () => {
  it("are listed without being started", async () => {
    const text = await place.run(["servers", "list"])
    const json = await place.run(["servers", "list", "--json"])
    assert.match(text.stdout, /^fx +enabled +stdio/m)
    assert.match(text.stdout, /^off +disabled +stdio +Not now$/m)
    assert.deepStrictEqual(
      succeeded(json).map(({ name }: { name: string }) => name),
      ["fx", "off"]
    )
  })

  it("are started to tell how they are, and stopped again", async () => {
    const [text, json] = await Promise.all([
      place.run(["servers", "status"]),
      place.run(["servers", "status", "--json"])
    ])
    assert.match(text.stdout, /^fx +running +\d+ +stdio +fx-mcp/m)
    const [info] = succeeded(json)
    assert.deepInclude(info, { name: "fx", state: "running", transport: "stdio", error: null })
    assert.strictEqual(info.seen, "started_for_a_look")
    assert.include(text.stderr, "Nothing runs this configuration. The servers were started for a look")
    assert.deepInclude(info.metrics, { health: "healthy", starts: 1, losses: 0, calls: 0, success_rate: null })
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("that share names are told of it where servers are looked at, and nowhere else", async () => {
    await using twins = await makePlace()
    twins.configure({ servers: { left: twins.server({ tools: "echo" }), right: twins.server({ tools: "echo,add" }) } })
    const [status, list, call] = await Promise.all([
      twins.run(["servers", "status"]),
      twins.run(["tools", "list"]),
      twins.run(["tools", "call", "right", "echo", "text=hi"])
    ])
    const sentence =
      "1 tool name is used by several servers; each is listed as <server>__<tool>\n  echo (left, right)\n"
    assert.isTrue(status.stdout.endsWith(sentence), status.stdout)
    assert.match(list.stdout, /^left__echo +left /m)
    assert.match(list.stdout, /^add +right /m)
    const looked = "Nothing runs this configuration. The servers were started for a look and are stopped again.\n"
    assert.deepStrictEqual([status.stderr, list.stderr, call.stderr], [looked, "", ""])
    const unsaid = await twins.run(["tools", "call", "echo", "text=hi"])
    assert.strictEqual(unsaid.code, 1)
    assert.include(unsaid.stderr, 'Several servers have the tool "echo": left, right.')
    assert.include(unsaid.stderr, "signalbox tools call left echo")
    const hiding = { SIGNALBOX_RUNTIME_NAMING: "first" }
    const first = await twins.run(["tools", "list"], { env: hiding })
    assert.match(first.stdout, /^echo +left /m)
    assert.include(first.stderr, "the first server keeps the name")
  })

  it("wait for everybody who may have the name that was typed, and say for whom", async () => {
    await using late = await makePlace()
    const flags = { tools: "echo" }
    late.configure({ servers: { quick: late.server(flags), slow: late.server({ ...flags, initDelay: 2000 }) } })
    const [tool, prompt, addressed, resource] = await Promise.all([
      late.run(["tools", "call", "echo", "text=hi"]),
      late.run(["prompts", "get", "greet", "name=Ada"]),
      late.run(["prompts", "get", "quick__greet", "name=Ada"]),
      late.run(["resources", "read", "fx://status"])
    ])
    assert.deepStrictEqual([tool.code, prompt.code, addressed.code], [1, 1, 0])
    assert.include(tool.stderr, 'Several servers have the tool "echo": quick, slow.')
    assert.include(prompt.stderr, 'Several servers have the prompt "greet": quick, slow.')
    assert.include(resource.stderr, 'Several servers have the resource "fx://status": quick, slow.')
    for (const { stderr } of [tool, prompt]) assert.match(stderr, /^… starting .*slow$/m)
  })

  it("show a tool that was given another name under both", async () => {
    await using place = await makePlace()
    place.configure({
      servers: {
        fx: {
          ...place.server({ tools: "echo" }),
          tools: { rename: { echo: "say" }, describe: { echo: "Says it." } }
        },
        other: place.server({ tools: "echo" })
      }
    })
    const [list, call] = await Promise.all([
      place.run(["tools", "list", "--server", "fx"]),
      place.run(["tools", "call", "fx", "say", "text=hi"])
    ])
    const status = await place.run(["servers", "status"])
    assert.strictEqual(list.stdout, "say (echo)  fx  Says it.\n")
    assert.notInclude(status.stdout, "used by several servers")
    assert.strictEqual(call.stdout, "hi\n", call.stderr)
  })

  it("print tools as a table, and as JSON that parses whatever is logged", async () => {
    const [text, json] = await Promise.all([
      place.run(["tools", "list", "--server", "fx"]),
      place.run(["tools", "list", "--json"], { env: { LOG_LEVEL: "trace" } })
    ])
    assert.match(text.stdout, /^echo +fx +\S/m)
    const echo = succeeded(json).find(({ name }: { name: string }) => name === "echo")
    assert.containsAllKeys(echo, ["name", "server", "original_name", "description", "input_schema", "annotations"])
    const records = jsonLines(json.stderr)
    for (const record of records) assert.containsAllKeys(record, ["ts", "level", "message", "correlation_id"])
    assert.isAbove(records.length, 0)
  })

  it("call a tool by its name, by its server, with JSON or with words", async () => {
    const [words, json, data] = await Promise.all([
      // No model is asked, so none needs a key.
      place.run(["tools", "call", "echo", "text=two words"], { env: { SIGNALBOX_MODEL_PROVIDER: "claude" } }),
      place.run(["tools", "call", "fx", "add", '{"a": 2, "b": 3}', "--json"]),
      place.run(["tools", "call", "fx", "fetch_mock_data", '{"data_id":"a","delay_seconds":0}', "--json"])
    ])
    assert.include(words.stdout, "two words")
    assert.include(JSON.stringify(succeeded(json)), "5")
    assert.strictEqual(succeeded(data).id, "a")
  })

  it("suggest the tool or the server that was meant", async () => {
    const [tool, inServer, server] = await Promise.all([
      place.run(["tools", "call", "ecco", "{}"]),
      place.run(["tools", "call", "fx", "ecco", "{}"]),
      place.run(["tools", "call", "fy", "echo", "{}"])
    ])
    assert.strictEqual(tool.code, 1)
    assert.include(tool.stderr, '"echo"')
    assert.strictEqual(inServer.code, 1)
    assert.include(inServer.stderr, 'Server "fx" has no tool "ecco". Did you mean "echo"?')
    assert.include(inServer.stderr, "signalbox tools list --server fx")
    assert.strictEqual(server.code, 1)
    assert.include(server.stderr, 'Did you mean "fx"?')
  })

  it("let no server write on the terminal", async () => {
    const ended = await place.run(["tools", "call", "echo", `text=${JSON.stringify("a\u001b[31mred\u009b2J\u0007")}`])
    const json = await place.run(["tools", "call", "echo", `text=${JSON.stringify("x\u009b2J")}`, "--json"])
    assert.include(ended.stdout, "red")
    // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
    for (const { stdout } of [ended, json]) assert.notMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    assert.include(JSON.stringify(succeeded(json)), "\u009b2J")
  })
})

describe("one question", () => {
  it("is answered, with the tool call shown beside the answer and no colours outside a terminal", async () => {
    const [text, json, test] = await Promise.all([
      place.run(["chat", 'echo "hello there"'], { env: { NO_COLOR: "1" } }),
      place.run(["chat", 'echo "hello there"', "--json", "--provider", "offline"]),
      place.run(["test", "-m", 'echo "hello there"'])
    ])
    assert.strictEqual(text.code, 0, text.stderr)
    assert.include(text.stdout, "hello there")
    assert.match(text.stderr, /▸ fx · echo \{.*hello there/)
    assert.match(text.stderr, /✓ fx · echo \d+ ms .*hello there/)
    const data = succeeded(json)
    assert.lengthOf(data.tool_calls, 1)
    assert.deepInclude(data.tool_calls[0], { server: "fx", tool: "echo", status: "ok", error_code: null })
    for (const line of ["Total tool calls: 1", "Successful: 1", "Success rate: 100.0%"])
      assert.include(test.stdout, line)
    // oxlint-disable-next-line no-control-regex -- an escape sequence is exactly what is looked for
    for (const { stderr, stdout } of [text, test]) assert.notMatch(stdout + stderr, /\u001b/)
  })
})

describe("the configuration", () => {
  it("is written once, is sound as it is written, and is not overwritten", async () => {
    await using fresh = await makePlace()
    const first = await fresh.run(["init"])
    const written = readFileSync(fresh.file("signalbox.yaml"), "utf8")
    const [again, check, status, json] = await Promise.all([
      fresh.run(["init"]),
      fresh.run(["config", "check"]),
      fresh.run(["servers", "status"]),
      fresh.run(["init", "--format", "json", "--json"])
    ])
    assert.strictEqual(first.code, 0)
    assert.strictEqual(again.code, 1)
    assert.include(again.stderr, "CONFIG_EXISTS")
    assert.include(again.stderr, "--force")
    assert.strictEqual(readFileSync(fresh.file("signalbox.yaml"), "utf8"), written)
    assert.strictEqual(check.stdout, "✓ signalbox.yaml is sound; 0 servers enabled\n")
    assert.strictEqual(status.code, 0)
    assert.match(status.stdout, /^No servers are configured\./)
    assert.deepStrictEqual(succeeded(json), { file: "signalbox.json", replaced: false })
    const forced = await fresh.run(["init", "--force"])
    assert.include(forced.stdout, "Wrote signalbox.yaml, in the place of what was there.")
  })

  it("tells every problem with its line before anything is started", async () => {
    await using broken = await makePlace()
    const log = broken.file("started")
    const touch = { ...broken.server({ log }), transport: "stdio" }
    const lines = [
      "extends: preset:default@1",
      "conversation: { maxHops: many }",
      "loging: { level: warn }",
      `servers: { fx: ${JSON.stringify(touch)} }`,
      "server: { port: 70000 }"
    ]
    writeFileSync(broken.file("other.yaml"), lines.join("\n"))
    for (const args of [["config", "check"], ["chat", "hello"], ["serve"]]) {
      const ended = await broken.run([...args, "--config", "other.yaml"])
      assert.strictEqual(ended.code, 78)
      assert.lengthOf(ended.stderr.match(/^ {2}other\.yaml:\d+ /gm) ?? [], 3)
      assert.include(ended.stderr, "other.yaml:2 conversation.maxHops")
      assert.include(ended.stderr, 'other.yaml:3 loging: unknown key (did you mean "logging"?)')
      assert.include(ended.stderr, "other.yaml:5 server.port")
    }
    assert.throws(() => readFileSync(log))
  })

  it("explains each value and who set it", async () => {
    const env = { SIGNALBOX_CONVERSATION_MAX_HOPS: "3" }
    const [text, json] = await Promise.all([
      place.run(["config", "explain", "conversation"], { env }),
      place.run(["config", "explain", "model.provider", "--json"])
    ])
    assert.match(text.stdout, /^conversation\.maxHops +3 +environment SIGNALBOX_CONVERSATION_MAX_HOPS$/m)
    assert.match(text.stdout, /^conversation\.toolConcurrency +5 +preset:default@1$/m)
    assert.deepInclude(succeeded(json)[0], { path: "model.provider", value: "offline", origin: "signalbox.json:1" })
  })

  it("takes over the servers of another program, and leaves what is there", async () => {
    await using fresh = await makePlace()
    writeFileSync(
      fresh.file(".mcp.json"),
      JSON.stringify({ mcpServers: { "my files": { command: "npx", args: ["-y", "x"] }, odd: { type: "x" } } })
    )
    await fresh.run(["init"])
    const refused = await fresh.run(["config", "import", ".mcp.json", "--write"])
    const shown = await fresh.run(["config", "import", ".mcp.json", "--keep-going"])
    const written = await fresh.run(["config", "import", ".mcp.json", "--write", "--keep-going"])
    const again = await fresh.run(["config", "import", ".mcp.json", "--write", "--json", "--keep-going"])
    const list = await fresh.run(["servers", "list"])
    assert.strictEqual(refused.code, 78)
    assert.include(refused.stderr, '.mcp.json:1 mcpServers.odd.type: "odd": unknown type "x"')
    assert.include(shown.stdout, "command: npx")
    assert.match(shown.stderr, /\.mcp\.json:1 "odd": unknown type "x".*; it was left out/)
    assert.include(written.stdout, "1 server added")
    assert.deepStrictEqual(succeeded(again).written.taken, ["my-files"])
    assert.match(list.stdout, /^my-files +enabled +stdio +npx -y x$/m)
    assert.match(readFileSync(fresh.file("signalbox.yaml"), "utf8"), /# Rounds of tool calls/)
  })

  it("is found by a variable", async () => {
    await using elsewhere = await makePlace()
    const env = { SIGNALBOX_CONFIG: place.file("signalbox.json") }
    const ended = await elsewhere.run(["serve", "--check"], { env })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.include(ended.stdout, "1 server enabled: fx")
  })
})
