import { assert, describe, it } from "@effect/vitest"
import { startFxLlm } from "@signalbox/testing"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { envelopeKeys, makePlace } from "./support.ts"

describe("doctor", () => {
  it("exits with 0 when all is well, 3 when something is wrong, 1 when nothing works", async () => {
    await using place = await makePlace()
    const fx = place.server({ tools: "echo" })
    const broken = place.server({ exitAtStart: 3, stderrText: "no such database" })
    writeFileSync(
      place.file("some.yaml"),
      ["extends: preset:default@1", "servers:", `  fx: ${JSON.stringify(fx)}`, `  db: ${JSON.stringify(broken)}`].join(
        "\n"
      )
    )
    const config = ["--config", "some.yaml"]
    const [fine, some, none, json, unknown] = await Promise.all([
      place.run(["doctor", "fx", ...config]),
      place.run(["doctor", ...config]),
      place.run(["doctor", "db", ...config]),
      place.run(["doctor", "--json", ...config]),
      place.run(["doctor", "fy", ...config])
    ])
    assert.strictEqual(fine.code, 0, fine.stderr)
    assert.strictEqual(fine.stdout, "✓ fx works, 1 tool\n")
    assert.strictEqual(some.code, 3, some.stderr)
    assert.match(some.stdout, /^✗ db does not work\n {2}✗ CRASHED_AT_START some\.yaml:4 servers\.db\n/m)
    assert.match(some.stdout, /\n {4}│ no such database\n {4}→ /)
    assert.strictEqual(none.code, 1)
    assert.strictEqual(json.code, 3)
    assert.deepStrictEqual(Object.keys(json.json()), envelopeKeys)
    assert.strictEqual(json.json().error_code, "SERVERS_NEED_ATTENTION")
    assert.deepStrictEqual(json.json().data.servers, [
      { name: "fx", works: true, tool_count: 1 },
      { name: "db", works: false, tool_count: null }
    ])
    assert.deepInclude(json.json().data.findings[0], {
      code: "CRASHED_AT_START",
      server: "db",
      file: "some.yaml",
      line: 4,
      lines: ["no such database"],
      fixable: false
    })
    assert.strictEqual(unknown.code, 1)
    assert.include(unknown.stderr, 'Did you mean "fx"?')
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("says what commands run in, and that there is no sandbox where one is wanted", async () => {
    await using place = await makePlace()
    const sandbox = async (paths: object, mode: string) => {
      place.configure({ tools: { enabled: ["Bash"], paths, commands: { sandbox: mode } } })
      const [shown, json] = await Promise.all([place.run(["doctor"]), place.run(["doctor", "--json"])])
      return { ...shown, ...json.json().data }
    }
    const off = await sandbox({}, "off")
    assert.deepStrictEqual(off.sandbox, { state: "off", by: null, network: null })
    assert.notInclude(off.stdout, "sandbox")
    const missing = await sandbox({ roots: ["/"] }, "required")
    assert.strictEqual(missing.code, 3, missing.stderr)
    assert.deepInclude(missing.findings[0], { code: "SANDBOX_MISSING", severity: "error", server: "builtin" })
    assert.include(missing.stdout, "✗ builtin runs commands without a sandbox: none is possible here")
    // Whether this machine can do it is not ours to say.
    const wanted = await sandbox({}, "auto")
    if (wanted.sandbox.state === "on") assert.include(wanted.stdout, "✓ builtin runs commands in a sandbox")
    else assert.deepInclude(wanted.findings[0], { code: "SANDBOX_MISSING", severity: "warning" })
  })

  it("names hooks that cannot be asked, where they stand", async () => {
    await using place = await makePlace()
    const hook = { on: "before-tool", timeout: "10 seconds", whenItFails: "block" }
    const fine = { ...hook, command: ["node", "guard.mjs"] }
    place.configure({ conversation: { hooks: [fine, { ...hook, command: ["no-such-guard"] }] } })
    const [shown, json] = await Promise.all([place.run(["doctor"]), place.run(["doctor", "--json"])])
    assert.strictEqual(shown.code, 3, shown.stderr)
    assert.match(
      shown.stdout,
      /^✗ the hooks cannot be asked\n {2}✗ HOOK_UNUSABLE .+ conversation\.hooks\.1\.command\n/m
    )
    assert.include(shown.stdout, 'there is no program "no-such-guard"')
    assert.strictEqual(json.json().data.findings.length, 1)
    assert.deepInclude(json.json().data.findings[0], { code: "HOOK_UNUSABLE", severity: "error", server: "the hooks" })
  })

  it("repairs only what it is told to, or what a person agrees to", async () => {
    await using place = await makePlace()
    const fx = place.server({ tools: "echo" })
    place.configure({ servers: { a: fx, b: fx, c: { ...place.server({ tools: "add" }), cwd: "new" } } })
    const before = readFileSync(place.file("signalbox.json"), "utf8")
    const nobody = await place.run(["doctor", "--fix"])
    assert.strictEqual(nobody.code, 2)
    assert.include(nobody.stderr, "--fix --yes")
    const terminal = place.startOnTerminal(["doctor", "--fix"])
    await terminal.sees('disable the server "b"')
    terminal.press("n")
    await terminal.sees("create the folder")
    terminal.press("y")
    await terminal.sees("done: create the folder")
    await terminal.sees("works, 1 tool")
    assert.strictEqual((await terminal.ended).code, 3)
    assert.isTrue(existsSync(place.file("new")))
    assert.strictEqual(readFileSync(place.file("signalbox.json"), "utf8"), before)
    const all = await place.run(["doctor", "--fix", "--yes", "--json"])
    assert.strictEqual(all.code, 0, all.stdout)
    assert.deepStrictEqual(all.json().data.repaired, ['disable the server "b"'])
    assert.isFalse(JSON.parse(readFileSync(place.file("signalbox.json"), "utf8")).servers.b.enabled)
  })

  it("looks at providers beside the servers, and asks nothing that costs", async () => {
    await using place = await makePlace()
    await using upstream = await startFxLlm({ models: ["claude-x"] })
    place.configure({
      model: { provider: "claude" },
      providers: { claude: { apiKey: "env:FX_KEY", baseUrl: upstream.url, model: "claude-x" } },
      routing: { small: "claude/claude-y" },
      servers: { fx: place.server({ tools: "echo" }) }
    })
    const environment = { env: { FX_KEY: "sk-canary-0123456789" } }
    const [all, one, keyless, unknown] = await Promise.all([
      place.run(["doctor"], environment),
      place.run(["doctor", "claude", "--json"], environment),
      place.run(["doctor", "claude"]),
      place.run(["doctor", "cloude"], environment)
    ])
    assert.strictEqual(all.code, 3, all.stderr)
    assert.match(all.stdout, /^✓ fx works, 1 tool\n✗ claude answers, 1 model\n {2}✗ MODEL_UNKNOWN signalbox\.json:\d+ /)
    assert.deepInclude(one.json().data, {
      servers: [],
      providers: [{ name: "claude", works: false, model_count: 1 }]
    })
    assert.deepInclude(one.json().data.findings[0], { code: "MODEL_UNKNOWN", server: null, provider: "claude" })
    assert.match(keyless.stdout, /^✗ claude does not answer\n {2}✗ KEY_MISSING .*\n.*FX_KEY/)
    assert.include(unknown.stderr, 'Did you mean "claude"?')
    assert.lengthOf(upstream.requests, 0)
  })

  it("is stopped by Ctrl-C while a provider keeps it waiting", async () => {
    await using place = await makePlace()
    const asked = Promise.withResolvers<void>()
    const server = createServer(() => asked.resolve())
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    // An address of the Internet is what a server on a port has.
    const { port } = server.address() as AddressInfo
    place.configure({
      model: { provider: "ollama" },
      providers: { ollama: { baseUrl: `http://127.0.0.1:${port}/v1`, model: "llama" } }
    })
    const program = place.start(["doctor"])
    await asked.promise
    program.child.kill("SIGINT")
    assert.strictEqual((await program.ended).code, 130)
    server.closeAllConnections()
    server.close()
  })
})
