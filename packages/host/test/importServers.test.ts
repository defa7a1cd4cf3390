import { assert, describe, it } from "@effect/vitest"
import { importServers } from "@signalbox/host"
import { Result } from "effect"

const imported = (content: string) => Result.getOrThrow(importServers("file", content))

const mcpServers = (servers: Readonly<Record<string, unknown>>) => imported(JSON.stringify({ mcpServers: servers }))

describe("importing servers", () => {
  it("reads an mcpServers map, with comments, disabled entries and variables", () => {
    const { notes, servers } = imported(
      JSON.stringify({
        mcpServers: {
          _comment: "x",
          files: { command: "npx", args: ["-y", "pkg", "a b"], env: { TOKEN: "${GITHUB_TOKEN}", N: 1 }, cwd: "w" },
          "my remote": {
            url: "https://example.test/mcp",
            headers: { Authorization: "Bearer ${env:KEY}" },
            disabled: true
          },
          old: { type: "sse", url: "https://example.test/sse" },
          socket: { type: "websocket", url: "wss://example.test/mcp" },
          broken: {}
        }
      })
    )
    assert.deepStrictEqual(servers, {
      files: {
        enabled: true,
        transport: "stdio",
        command: "npx",
        args: ["-y", "pkg", "a b"],
        env: { TOKEN: "env:GITHUB_TOKEN", N: "1" },
        cwd: "w"
      },
      "my-remote": {
        enabled: false,
        transport: "http",
        url: "https://example.test/mcp",
        headers: { Authorization: "Bearer env:KEY" }
      },
      old: { enabled: true, transport: "sse", url: "https://example.test/sse", headers: {} }
    })
    assert.strictEqual(notes.length, 3)
    assert.isTrue(notes.some((note) => note.includes("my-remote")))
    assert.isTrue(notes.some((note) => note.includes("websocket")))
    assert.isTrue(notes.some((note) => note.includes("broken")))
  })
  it("reads a list of servers with hosts and ports, in YAML", () => {
    const { servers } = imported(
      "servers:\n  - name: web\n    transport: http\n    port: 8001\n    path: /m\n  - name: local\n    command: python server.py --x 'a b'\n"
    )
    assert.deepStrictEqual(servers["web"], {
      enabled: true,
      transport: "http",
      url: "http://localhost:8001/m",
      headers: {}
    })
    assert.deepStrictEqual(servers["local"], {
      enabled: true,
      transport: "stdio",
      command: "python",
      args: ["server.py", "--x", "a b"],
      env: {}
    })
  })
  it("reads a map of processes with a command line and an environment", () => {
    const { servers } = imported(
      "servers:\n  a:\n    description: A thing\n    command: node a.js\n    environment: { X: '1' }\n"
    )
    assert.deepStrictEqual(servers["a"], {
      enabled: true,
      description: "A thing",
      transport: "stdio",
      command: "node",
      args: ["a.js"],
      env: { X: "1" }
    })
  })
  it("turns references of other programs into ours, wherever they stand, and says what gets lost", () => {
    const { notes, servers } = mcpServers({
      a: {
        command: "${HOME}/bin/a",
        args: ["--root=${workspaceFolder}", "${LEFT}right", "${PORT:-80}", "${input:my-id}"],
        env: { A: "${userHome}/a" },
        cwd: "${workspaceFolder}/sub",
        autoApprove: ["x"],
        timeout: 5
      },
      // This server fills in what it gets in its own environment.
      b: { command: "npx", args: ["Authorization:${AUTH}"], env: { AUTH: "x" } },
      c: { type: "http", url: "https://h/${TENANT}/mcp" }
    })
    assert.deepInclude(servers["a"], {
      command: "env:HOME/bin/a",
      args: ["--root=${configDir}", "${env:LEFT}right", "env:PORT", "env:MY_ID"],
      env: { A: "env:HOME/a" },
      cwd: "${configDir}/sub"
    })
    assert.deepInclude(servers["b"], { args: ["Authorization:${AUTH}"] })
    assert.deepInclude(servers["c"], { url: "https://h/env:TENANT/mcp" })
    assert.lengthOf(notes, 3)
    assert.match(notes[0] ?? "", /^"a": .*autoApprove, timeout/)
    assert.match(notes[1] ?? "", /PORT is not set/)
    assert.match(notes[2] ?? "", /"my-id" is read from the variable MY_ID/)
  })
  it("says why a file cannot be imported", () => {
    for (const content of ["", "[]", "{}", "a: [", "x: 1"]) {
      const result = importServers("file", content)
      assert.isTrue(Result.isFailure(result), content)
    }
  })
})
