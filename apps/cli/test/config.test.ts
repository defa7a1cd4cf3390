import { assert, describe, it } from "@effect/vitest"
import { startFxLlm } from "@signalbox/testing"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll } from "vitest"
import { makePlace, type Place, upstream } from "./support.ts"

let place: Place

beforeAll(async () => {
  place = await makePlace()
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

const preset = "extends: preset:default@1"

/** Writes a file of lines and gives its flags. */
const withFile = (name: string, lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  writeFileSync(place.file(name), lines.join("\n"))
  return ["--config", name]
}

describe("config check", () => {
  it("tells every bad server with its place and the reason, and starts none", async () => {
    const log = place.file("started")
    const file = withFile("servers.yaml", [
      preset,
      "servers:",
      `  good: ${JSON.stringify(place.server({ log }))}`,
      "  pigeon: { enabled: true, transport: pigeon }",
      "  switch: { enabled: maybe, transport: stdio, command: node, args: [], env: {} }",
      "  far: { enabled: true, transport: http, url: nowhere, headers: {} }",
      "  silent: { transport: stdio, command: node, args: [], env: {} }"
    ])
    const commands = [["config", "check"], ["serve", "--check"], ["serve"], ["servers", "status"]]
    for (const ended of await Promise.all(commands.map((args) => place.run([...args, ...file])))) {
      assert.strictEqual(ended.code, 78)
      assert.lengthOf(ended.stderr.match(/^ {2}servers\.yaml:\d+ /gm) ?? [], 4)
      assert.match(ended.stderr, /servers\.yaml:4 servers\.pigeon: expected transport: .*"pigeon"/)
      assert.match(ended.stderr, /servers\.yaml:5 servers\.switch\.enabled: Expected boolean, found "maybe"/)
      assert.match(ended.stderr, /servers\.yaml:6 servers\.far\.url: Expected a URL .*"nowhere"/)
      assert.match(ended.stderr, /servers\.yaml:7 servers\.silent\.enabled: missing key/)
    }
    assert.isFalse(existsSync(log))
  })

  it("warns of two entries that are one server, and of two that ask one page for their health", async () => {
    const server = (more: object) => JSON.stringify({ ...place.server(), ...more })
    const health = { check: "http", url: "http://127.0.0.1:1/health" }
    const file = withFile("twice.yaml", [
      preset,
      "servers:",
      `  one: ${server({ health })}`,
      `  other: ${server({ args: [], health })}`,
      `  again: ${server({})}`
    ])
    const [told, json] = await Promise.all([
      place.run(["config", "check", ...file]),
      place.run(["config", "check", "--json", ...file])
    ])
    assert.strictEqual(told.code, 0, told.stderr)
    assert.match(told.stderr, /twice\.yaml:5 "again" is the same server as "one".*\[DUPLICATE_SERVER\]/)
    assert.match(told.stderr, /twice\.yaml:4 "other" and "one" ask the same page .*\[DUPLICATE_HEALTH_URL\]/)
    assert.deepStrictEqual(
      json.json().data.warnings.map(({ code, line, server }: Record<string, unknown>) => [code, server, line]),
      [
        ["DUPLICATE_SERVER", "again", 5],
        ["DUPLICATE_HEALTH_URL", "other", 4]
      ]
    )
  })

  it("refuses an address that others can reach, from the file and from a flag", async () => {
    const open = withFile("open.yaml", [preset, "server:", "  host: 0.0.0.0"])
    const shut = withFile("shut.yaml", [preset])
    const [check, serve, flag] = await Promise.all([
      place.run(["config", "check", ...open]),
      place.run(["serve", ...open]),
      place.run(["serve", "--check", "--host", "192.168.1.1", ...shut])
    ])
    for (const ended of [check, serve, flag]) assert.strictEqual(ended.code, 78)
    for (const ended of [check, serve])
      assert.match(ended.stderr, /open\.yaml:3 server\.host: Expected 127\.0\.0\.1.*found "0\.0\.0\.0"/)
    assert.match(flag.stderr, /server\.host: .*"192\.168\.1\.1", from flag --host/)
  })

  it("names each variable that is not set with the line that asks for it", async () => {
    const file = withFile("unset.yaml", [
      preset,
      "model: { provider: claude }",
      "providers: { claude: { apiKey: env:FOO } }",
      "servers:",
      "  a:",
      "    { enabled: true, transport: stdio, command: node, args: [], env: { T: env:BAR } }"
    ])
    const [check, set] = await Promise.all([
      place.run(["config", "check", ...file]),
      place.run(["config", "check", ...file], { env: { FOO: "f", BAR: "b" } })
    ])
    assert.strictEqual(check.code, 78)
    assert.include(check.stderr, "unset.yaml:3 providers.claude.apiKey: the environment variable FOO is not set")
    assert.include(check.stderr, "unset.yaml:6 servers.a.env.T: the environment variable BAR is not set")
    assert.strictEqual(set.code, 0, set.stderr)
  })

  it("warns of a variable whose name is misspelt, on stderr", async () => {
    const file = withFile("fine.yaml", [preset])
    const ended = await place.run(["config", "check", ...file], { env: { SIGNALBOX_CONVERSATION_MAX_HOP: "3" } })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.include(ended.stdout, "is sound")
    const record = JSON.parse(ended.stderr)
    assert.strictEqual(record.level, "warn")
    assert.include(record.message, "Did you mean SIGNALBOX_CONVERSATION_MAX_HOPS?")
  })
})

describe("the environment", () => {
  it("holds servers in any form that is known, and they are counted", async () => {
    const file = withFile("none.yaml", [preset])
    const SIGNALBOX_SERVERS = JSON.stringify({
      servers: [
        { name: "a", command: "node a.js" },
        { name: "b", url: "http://h" }
      ]
    })
    const ended = await place.run(["servers", "list", "--json", ...file], { env: { SIGNALBOX_SERVERS } })
    assert.lengthOf(ended.json().data, 2)
  })

  it("is filled up from a file .env, and stands over it", async () => {
    await using home = await makePlace()
    await using fxLlm = await startFxLlm()
    home.configure(upstream("claude", fxLlm.url))
    const [inFile, inProcess] = ["sk-canary-from-the-file", "sk-canary-from-the-process"]
    writeFileSync(home.file(".env"), `ANTHROPIC_API_KEY=${inFile}\nSIGNALBOX_CONVERSATION_MAX_HOPS=3\n`)
    const file = await home.run(["chat", "hello"])
    const both = await home.run(["chat", "hello"], { env: { ANTHROPIC_API_KEY: inProcess } })
    const explained = await home.run(["config", "explain", "conversation.maxHops"])
    assert.deepStrictEqual([file.code, both.code], [0, 0], file.stderr + both.stderr)
    assert.deepStrictEqual(
      fxLlm.requests.map(({ headers }) => headers["x-api-key"]),
      [inFile, inProcess]
    )
    assert.match(explained.stdout, /^conversation\.maxHops +3 +\.env SIGNALBOX_CONVERSATION_MAX_HOPS$/m)
    assert.notInclude(file.stdout + file.stderr + both.stdout + both.stderr, "canary")
  })
})

describe("config explain", () => {
  it("suggests the key that was meant, also where it is a section", async () => {
    await using home = await makePlace()
    const [section, value] = await Promise.all([
      home.run(["config", "explain", "runtime.breakr"]),
      home.run(["config", "explain", "runtime.breaker.failure"])
    ])
    assert.deepStrictEqual([section.code, value.code], [2, 2])
    assert.include(section.stderr, 'There is no key "runtime.breakr". Did you mean "runtime.breaker"?')
    assert.include(value.stderr, 'Did you mean "runtime.breaker.failures"?')
  })
})

describe("config preset list and config variables", () => {
  it("print every value of each size, and every variable with its key", async () => {
    const [shown, json, variables, short] = await Promise.all([
      place.run(["config", "preset", "list"]),
      place.run(["config", "preset", "list", "--json"]),
      place.run(["config", "variables"]),
      place.run(["config", "env"])
    ])
    assert.match(shown.stdout, /^preset:high-throughput@1 {2}\S.*\n {2}runtime\.sessions\.min +5\n {2}.*max +20\n/m)
    const sizes = json.json().data.map(({ name, servers }: Record<string, unknown>) => [name, servers])
    assert.deepStrictEqual(sizes.slice(0, 2), [
      ["preset:default@1", false],
      ["preset:standard@1", true]
    ])
    assert.deepStrictEqual(json.json().data.at(-1).values.runtime.breaker, {
      enabled: true,
      failures: 3,
      openFor: "30 seconds"
    })
    assert.match(variables.stdout, /^MCP_POOL_MIN_CONNECTIONS +runtime\.sessions\.min\n/m)
    assert.match(variables.stdout, /^SIGNALBOX_RUNTIME_SESSIONS_MIN +runtime\.sessions\.min\n/m)
    assert.match(variables.stdout, /^MAX_TOKENS_LIMIT +server\.maxTokens\n/m)
    assert.strictEqual(short.stdout, variables.stdout)
  })

  it("leave it to the person when two names of one thing say different things", async () => {
    const env = { BIG_MODEL: "openai/gpt-5", ANTHROPIC_MODEL: "claude/claude-opus-5" }
    const differing = await place.run(["providers", "list"], { env })
    assert.strictEqual(differing.code, 78)
    assert.include(differing.stderr, 'ANTHROPIC_MODEL is "claude/claude-opus-5", and BIG_MODEL is "openai/gpt-5"')
  })
})

describe("config import", () => {
  const key = "sk-canary-0123456789"

  it("leaves secrets where they are, names the variables to set, and works once they are", async () => {
    await using home = await makePlace()
    const entry = { command: "npx", args: ["-y", "x"], env: { GITHUB_TOKEN: key, LEVEL: "debug" } }
    writeFileSync(home.file(".mcp.json"), JSON.stringify({ mcpServers: { github: entry } }))
    await home.run(["init"])
    const [shown, json, kept] = await Promise.all([
      home.run(["config", "import", ".mcp.json"]),
      home.run(["config", "import", ".mcp.json", "--json"]),
      home.run(["config", "import", ".mcp.json", "--keep-secrets"])
    ])
    assert.include(shown.stdout, "GITHUB_TOKEN: env:GITHUB_TOKEN")
    assert.match(shown.stderr, /^ {2}GITHUB_TOKEN +servers\.github\.env\.GITHUB_TOKEN$/m)
    assert.deepStrictEqual(json.json().data.variables, [
      { server: "github", key: "env.GITHUB_TOKEN", name: "GITHUB_TOKEN" }
    ])
    for (const { stderr, stdout } of [shown, json]) assert.notInclude(stdout + stderr, "canary")
    assert.isTrue(kept.stdout.includes(key))
    assert.strictEqual(kept.stderr, "")
    await home.run(["config", "import", ".mcp.json", "--write"])
    assert.notInclude(readFileSync(home.file("signalbox.yaml"), "utf8"), "canary")
    const before = await home.run(["config", "check"])
    assert.strictEqual(before.code, 78)
    assert.match(before.stderr, /signalbox\.yaml:\d+ servers\.github\.env\.GITHUB_TOKEN: .* GITHUB_TOKEN is not set/)
    writeFileSync(home.file(".env"), `GITHUB_TOKEN=${key}\n`)
    const after = await home.run(["config", "check"])
    assert.strictEqual(after.code, 0, after.stderr)
  })

  it("takes agents over with their servers from a manifest and the files that it names", async () => {
    await using home = await makePlace()
    const write = (name: string, value: unknown) => writeFileSync(home.file(name), JSON.stringify(value))
    const command = { command: "read_file", python_code_module: "file_io.py" }
    write("agents.json", { agents: [{ name: "kairos", enabled: true, agent_config_file: "kairos.json" }] })
    write("kairos.json", { tools_and_data: { config: "tools.json", secrets: "secrets.json" } })
    write("tools.json", { mcp_commands: [command] })
    await home.run(["init"])
    const missing = await home.run(["config", "import", "agents.json"])
    assert.notStrictEqual(missing.code, 0)
    assert.match(missing.stderr, /kairos\.json cannot be imported: .* names secrets\.json, which cannot be read/)
    write("secrets.json", { common: { TOKEN: key } })
    const shown = await home.run(["config", "import", "agents.json"])
    assert.match(shown.stdout, /^agents:\n {2}kairos:\n/)
    assert.match(shown.stderr, /^ {2}KAIROS_TOKEN +agents\.kairos\.secrets\.common\.TOKEN$/m)
    const written = await home.run(["config", "import", "agents.json", "--write"])
    assert.strictEqual(written.stdout, "✓ 1 server and 1 agent added to signalbox.yaml\n", written.stderr)
    const listed = await home.run(["agents", "list"])
    assert.match(listed.stdout, /^kairos +stopped +file_io\n$/)
    assert.notInclude(readFileSync(home.file("signalbox.yaml"), "utf8") + shown.stdout + shown.stderr, "canary")
  })

  it("says in JSON what the system said of a file that cannot be read", async () => {
    const { error } = (await place.run(["config", "import", "missing.json", "--json"])).json()
    const codes: Array<unknown> = []
    for (let level: unknown = error; typeof level === "object" && level !== null; level = Reflect.get(level, "cause"))
      codes.push(Reflect.get(level, "error_code"))
    assert.deepStrictEqual(codes, ["IMPORT_FAILED", "IO_ERROR", "ENOENT"])
  })
})

describe("a server", () => {
  it("runs in the folder that its entry names, from the folder of the configuration", async () => {
    await using home = await makePlace()
    mkdirSync(home.file("sub"))
    home.configure({ servers: { fx: { ...home.server({ tools: "echo", log: "seen.log" }), cwd: "sub" } } })
    const ended = await home.run(["tools", "call", "fx", "echo", "text=x"])
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.include(readFileSync(home.file("sub/seen.log"), "utf8"), '"start"')
  })
})
