import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { makePlace, type Place } from "./support.ts"

const key = "sk-canary-0123456789"

const write = (place: Place, name: string, value: unknown): void => {
  mkdirSync(dirname(place.file(name)), { recursive: true })
  writeFileSync(place.file(name), typeof value === "string" ? value : JSON.stringify(value))
}

/** A server of fx-mcp as other programs write it. */
const fx = (place: Place, flags: Parameters<Place["server"]>[0] = {}, env: Readonly<Record<string, string>> = {}) => {
  // A stdio server of a place has these.
  const server = place.server(flags) as { command: string; args: Array<string>; env: Record<string, string> }
  return { command: server.command, args: server.args, env: { ...server.env, ...env } }
}

/** A home in which three programs have servers. */
const furnish = (place: Place): void => {
  const works = fx(place, { tools: "echo,add" }, { API_TOKEN: key })
  write(place, ".cursor/mcp.json", { mcpServers: { tools: works, far: { url: "http://127.0.0.1:9/mcp" } } })
  write(place, ".config/Claude/claude_desktop_config.json", {
    mcpServers: { tools: works, broken: fx(place, { exitAtStart: 3, stderrText: "no such database" }) }
  })
  write(place, ".codex/config.toml", '[mcp_servers.tools]\ncommand = "other"\nargs = ["${NOWHERE}"]\n')
  write(place, ".vscode/settings.json", '{ "editor.fontSize": 12 }')
  write(place, ".gemini/settings.json", '{ "mcpServers": { "odd": { "type": "pigeon", "trust": true } } }')
}

const withoutMarks = { APPDATA: "", XDG_CONFIG_HOME: "" }

describe("servers import", () => {
  it("finds what other programs have, says how each does, and writes nothing in a dry run", async () => {
    await using place = await makePlace()
    furnish(place)
    place.configure({
      servers: { known: { enabled: true, transport: "http", url: "http://127.0.0.1:9/mcp", headers: {} } }
    })
    const before = readFileSync(place.file("signalbox.json"), "utf8")
    const [text, json] = await Promise.all([
      place.run(["servers", "import", "--dry-run"], { env: withoutMarks }),
      place.run(["servers", "import", "--dry-run", "--json"], { env: withoutMarks })
    ])
    assert.strictEqual(text.code, 0, text.stderr)
    assert.match(text.stdout, /^tools +claude-desktop +works, 2 tools /m)
    assert.match(text.stdout, /^broken +claude-desktop +fails /m)
    assert.match(text.stdout, /^far +cursor +there already as known /m)
    assert.match(text.stdout, /^tools-codex +codex +variable unset +other env:NOWHERE$/m)
    assert.match(text.stdout, /✗ broken: .*no such database/)
    assert.include(text.stdout, "3 servers could be added; nothing was written.")
    assert.match(text.stderr, /\.gemini\/settings\.json:1 "odd": unknown type "pigeon".*left out/)
    const { data } = json.json()
    assert.isTrue(data.dry_run)
    assert.deepStrictEqual(
      data.servers[0].files.map((file: string) => file.replace(place.path, "~")),
      ["~/.config/Claude/claude_desktop_config.json", "~/.cursor/mcp.json"]
    )
    assert.notInclude(text.stdout + text.stderr + json.stdout + json.stderr, "canary")
    assert.strictEqual(readFileSync(place.file("signalbox.json"), "utf8"), before)
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("adds what the flags choose, names the variables to set, and never writes into a file of another program", async () => {
    await using place = await makePlace()
    furnish(place)
    await place.run(["init"])
    const files = [".cursor/mcp.json", ".config/Claude/claude_desktop_config.json", ".codex/config.toml"]
    const contents = () => files.map((file) => readFileSync(place.file(file), "utf8"))
    const before = contents()
    const choice = ["servers", "import", "--server", "tools", "--no-check"]
    const added = await place.run(choice, { env: withoutMarks })
    assert.strictEqual(added.code, 0, added.stderr)
    assert.include(added.stdout, "1 server added to signalbox.yaml: tools")
    assert.match(added.stderr, /^ {2}API_TOKEN +servers\.tools\.env\.API_TOKEN$/m)
    const written = readFileSync(place.file("signalbox.yaml"), "utf8")
    assert.include(written, "# Rounds of tool calls")
    assert.notInclude(written, "canary")
    const call = ["tools", "call", "tools", "echo", "text=hi"]
    assert.strictEqual((await place.run(call, { env: { API_TOKEN: key } })).stdout, "hi\n")
    const again = await place.run([...choice, "--json"], { env: withoutMarks })
    assert.deepStrictEqual(again.json().data.taken, ["tools"])
    assert.deepStrictEqual(contents(), before)
  })

  it("asks nobody where nobody can answer", async () => {
    await using place = await makePlace()
    furnish(place)
    place.configure({})
    const [nothing, app, name] = await Promise.all([
      place.run(["servers", "import"], { env: withoutMarks }),
      place.run(["servers", "import", "--from", "cursr"], { env: withoutMarks }),
      place.run(["servers", "import", "--server", "tool", "--from", "cursor"], { env: withoutMarks })
    ])
    assert.strictEqual(nothing.code, 2)
    assert.match(nothing.stderr, /--server NAME.*--all.*--dry-run/)
    assert.strictEqual(app.code, 2)
    assert.include(app.stderr, 'Did you mean "cursor"?')
    assert.strictEqual(name.code, 1)
    assert.include(name.stderr, 'Did you mean "tools"?')
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("lets a person at a terminal choose, with those that work chosen beforehand", async () => {
    await using place = await makePlace()
    furnish(place)
    place.configure({})
    const terminal = place.startOnTerminal(["servers", "import", "--from", "claude-desktop"], withoutMarks)
    await terminal.sees("… trying 2 servers")
    await terminal.sees("Which servers are to be added?")
    await terminal.sees("broken (claude-desktop)")
    terminal.press("\r")
    await terminal.sees("1 server added to signalbox.json: tools")
    assert.strictEqual((await terminal.ended).code, 0)
    assert.deepStrictEqual(Object.keys(JSON.parse(readFileSync(place.file("signalbox.json"), "utf8")).servers), [
      "tools"
    ])
  })
})
