/**
 * Every format of `foreign/` against what is expected of it, read by its content alone: the files have names that no
 * program uses.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { writeYaml } from "@signalbox/host"
import { foreignFiles, foreignFormats, type ForeignPlaces, importServers } from "@signalbox/host/import"
import { Effect, Result } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { parse } from "yaml"
import { load } from "./support.ts"

const folder = new URL("./foreign/", import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), "utf8")
const files = readdirSync(folder).filter((name) => !name.endsWith(".expected.yaml"))

const imported = (file: string, content: string) => Result.getOrThrow(importServers(file, content))

layer(NodeServices.layer)("servers of other programs", (it) => {
  for (const file of files) {
    it.effect(`are read from ${file}, and what is printed is a sound configuration`, () =>
      Effect.gen(function* () {
        const { problems, ...found } = imported(file, read(file))
        assert.deepStrictEqual(problems, [])
        assert.deepStrictEqual(found, parse(read(file.replace(/\.\w+$/, ".expected.yaml"))))
        const { options } = yield* load(`extends: preset:default@1\n${writeYaml({ servers: found.servers })}`)
        assert.deepStrictEqual(Object.keys(options.servers), Object.keys(found.servers))
      })
    )
  }

  it.effect("are there of every format", () =>
    Effect.sync(() => {
      const seen = new Set(files.map((file) => imported(file, read(file)).format))
      assert.sameMembers(
        [...seen],
        foreignFormats.map(({ name }) => name)
      )
    })
  )
})

const placesOf = (name: string) => {
  const format = foreignFormats.find((candidate) => candidate.name === name)
  assert.isDefined(format)
  return format.places
}

const namesOf = (around: ForeignPlaces, ...only: ReadonlyArray<string>) =>
  foreignFiles(around, only).map(({ file }) => file)

layer(NodeServices.layer)("the table of formats", (it) => {
  it.effect("knows where the files of each program are on every system", () =>
    Effect.sync(() => {
      const windows = foreignFormats.flatMap(({ places }) => places.user.win32)
      assert.sameMembers(windows, [
        "~\\.claude.json",
        "%APPDATA%\\Claude\\claude_desktop_config.json",
        "~\\.gemini\\settings.json",
        "~\\.codeium\\windsurf\\mcp_config.json",
        "~\\.cursor\\mcp.json",
        "~\\.codex\\config.toml",
        "%APPDATA%\\Zed\\settings.json",
        "~\\.config\\opencode\\opencode.json",
        "~\\.config\\opencode\\opencode.jsonc",
        "%APPDATA%\\Code\\User\\mcp.json",
        "%APPDATA%\\Code\\User\\settings.json"
      ])
      for (const place of windows) assert.notInclude(place, "/")
      assert.deepStrictEqual(placesOf("claude-desktop").user.darwin, [
        "~/Library/Application Support/Claude/claude_desktop_config.json"
      ])
      assert.deepStrictEqual(placesOf("zed").user.linux, ["$CONFIG/zed/settings.json"])
      assert.include(placesOf("vscode").project, ".vscode/mcp.json")
    })
  )

  it.effect("becomes the files of one person and one project", () =>
    Effect.sync(() => {
      const windows: ForeignPlaces = {
        system: "win32",
        home: "C:\\Users\\ada",
        directory: "D:\\shop",
        environment: { APPDATA: "R:\\Roaming" }
      }
      assert.deepStrictEqual(namesOf(windows, "cursor", "zed"), [
        "C:\\Users\\ada\\.cursor\\mcp.json",
        "R:\\Roaming\\Zed\\settings.json",
        "D:\\shop\\.cursor\\mcp.json",
        "D:\\shop\\.zed\\settings.json"
      ])
      assert.include(
        namesOf({ ...windows, environment: {} }, "zed"),
        "C:\\Users\\ada\\AppData\\Roaming\\Zed\\settings.json"
      )
      const linux = { system: "linux", home: "/home/ada", directory: "/shop", environment: {} } as const
      assert.deepStrictEqual(namesOf(linux, "claude-desktop", "mcp-json"), [
        "/home/ada/.config/Claude/claude_desktop_config.json",
        "/shop/.mcp.json"
      ])
      const elsewhere = { ...linux, environment: { XDG_CONFIG_HOME: "/settings" } }
      assert.deepStrictEqual(namesOf(elsewhere, "claude-desktop"), ["/settings/Claude/claude_desktop_config.json"])
      const relative = { ...linux, environment: { XDG_CONFIG_HOME: "settings" } }
      assert.deepStrictEqual(namesOf(relative, "claude-desktop"), namesOf(linux, "claude-desktop"))
    })
  )

  it.effect("tells programs apart by the name of the file where they write the same", () =>
    Effect.sync(() => {
      const content = JSON.stringify({ mcpServers: { a: { command: "a", args: [] } } })
      const names = {
        "/home/ada/.cursor/mcp.json": "cursor",
        "C:\\Users\\ada\\.codeium\\windsurf\\mcp_config.json": "windsurf",
        "C:\\Users\\ada\\AppData\\Roaming\\Claude\\claude_desktop_config.json": "claude-desktop",
        "claude_desktop_config.json": "claude-desktop",
        "/home/ada/.gemini/settings.json": "gemini",
        "/home/ada/.claude.json": "claude-code",
        ".mcp.json": "mcp-json",
        "anything.json": "mcp-json"
      }
      for (const [file, format] of Object.entries(names))
        assert.strictEqual(imported(file, content).format, format, file)
    })
  )
})

const problemsOf = (file: string, content: string) =>
  imported(file, content).problems.map(({ line, message }) => `${line}: ${message}`)

layer(NodeServices.layer)("an entry that cannot be used", (it) => {
  it.effect("is told with its line and the reason, in every kind of file", () =>
    Effect.sync(() => {
      const json =
        '{\n  // why\n  "mcpServers": {\n    "a": {\n      "type": "pigeon",\n      "command": "a"\n    },\n    "b": {}\n  },\n}'
      assert.deepStrictEqual(problemsOf("x.json", json), [
        '5: "a": unknown type "pigeon"; expected one of stdio, command, http, streamable-http, streamableHttp, sse',
        '8: "b": it has neither a command nor a url'
      ])
      const toml = 'model = "m"\n\n[mcp_servers.good]\ncommand = "x"\n\n[mcp_servers.bad]\nargs = []\n'
      assert.deepStrictEqual(problemsOf("x.toml", toml), ['6: "bad": it has neither a command nor a url'])
      const list = "servers:\n  - name: a\n    transport: carrier\n  - transport: http\n  - 5\n"
      assert.deepStrictEqual(problemsOf("x.yaml", list), [
        '3: "a": unknown transport "carrier"; expected one of stdio, http, streamable-http, sse',
        '4: "": it has no name',
        '5: "": it has no name'
      ])
    })
  )

  it.effect("is one in which a servers_config.json does not say whether it is enabled", () =>
    Effect.sync(() => {
      const content = '{\n  "mcpServers": {\n    "a": { "command": "a", "args": [], "env": {} }\n  }\n}'
      assert.deepStrictEqual(problemsOf("config/servers_config.json", content), [
        '3: "a": expected "enabled" to be true or false: it is not said'
      ])
    })
  )

  it.effect("is a process whose limits are out of range, or whose runtime nobody knows", () =>
    Effect.sync(() => {
      const content = [
        "servers:",
        "  a:",
        "    command: a",
        "    type: ruby",
        "    restart_policy: sometimes",
        "    max_restarts: 11",
        "    health_check:",
        "      endpoint: localhost",
        "      timeout: 61",
        "      interval: 4",
        "global:",
        "  startup_timeout: 4"
      ]
      assert.deepStrictEqual(problemsOf("x.yaml", content.join("\n")), [
        '12: "global.startup_timeout": expected a number from 5 to 120, found 4',
        '4: "a": unknown type "ruby"; expected python, nodejs, node',
        '9: "a": expected a number from 1 to 60, found 61',
        '10: "a": expected a number from 5 to 300, found 4',
        '7: "a": expected a URL, found "localhost"',
        '5: "a": expected always, on-failure, never, found "sometimes"',
        '6: "a": expected a number from 0 to 10, found 11'
      ])
    })
  )

  it.effect("does not cost the others", () =>
    Effect.sync(() => {
      const { problems, servers } = imported(
        "x",
        JSON.stringify({ mcpServers: { a: { type: "x" }, b: { command: "b" } } })
      )
      assert.lengthOf(problems, 1)
      assert.deepStrictEqual(Object.keys(servers), ["b"])
    })
  )
})

layer(NodeServices.layer)("two servers of one name", (it) => {
  it.effect("are one where they are the same, and get names of their own where they are not", () =>
    Effect.sync(() => {
      const mcpServers = { "a b": { command: "x" }, "a-b": { command: "x" }, "a/b": { command: "y" } }
      const { notes, servers } = imported("x", JSON.stringify({ mcpServers }))
      assert.deepStrictEqual(Object.keys(servers), ["a-b", "a-b-2"])
      assert.include(notes, '"a/b" is now called "a-b-2".')
    })
  )
})
