import { assert, describe, it } from "@effect/vitest"
import { importServers } from "@signalbox/host/import"
import { Result } from "effect"

const imported = (content: string, keepSecrets = false) =>
  Result.getOrThrow(importServers("file", content, { keepSecrets }))

const mcpServers = (servers: Readonly<Record<string, unknown>>, keepSecrets = false) =>
  imported(JSON.stringify({ mcpServers: servers }), keepSecrets)

/** What is looked for in output that must not have it. */
const leak = /hunter2|canary/

/** The codes of what is wrong with an entry. */
const codes = (entry: object) => {
  const content = JSON.stringify({ mcpServers: { a: entry } })
  return Result.getOrThrow(importServers(".mcp.json", content)).problems.map(({ code }) => code)
}

describe("importing servers", () => {
  it("splits a command that is one line as a shell does, quotes included", () => {
    const { servers } = mcpServers({ a: { command: `node "my server.js" --name='a "b"' c` } })
    assert.deepInclude(servers["a"], { command: "node", args: ["my server.js", `--name=a "b"`, "c"] })
  })

  it("reads an mcpServers map, with comments, disabled entries and variables", () => {
    const { notes, problems, servers } = imported(
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
    assert.deepStrictEqual(notes, ['"my remote" is now called "my-remote".'])
    assert.deepStrictEqual(
      problems.map(({ path }) => path),
      ["mcpServers.socket.type", "mcpServers.broken"]
    )
    assert.include(problems[0]?.message, "websocket")
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
  it("gives a type of server that there is not a code of its own", () => {
    assert.deepStrictEqual(codes({ type: "pigeon", command: "x" }), ["UNTRUSTED_SERVER_TYPE"])
    assert.deepStrictEqual(codes({ description: "nothing" }), [undefined])
    const process = "servers: { a: { description: x, type: ruby, command: x, health_check: nowhere } }"
    const { problems } = Result.getOrThrow(importServers("mcp_servers.yaml", process))
    assert.deepStrictEqual(
      problems.map(({ code }) => code),
      ["UNTRUSTED_SERVER_TYPE", undefined]
    )
  })

  it("says why a file cannot be imported", () => {
    for (const content of ["", "[]", "{}", "a: [", "x: 1"]) {
      const result = importServers("file", content)
      assert.isTrue(Result.isFailure(result), content)
    }
  })
})

describe("the secrets of imported servers", () => {
  const key = "sk-canary-0123456789"
  const servers = {
    github: {
      command: "docker",
      args: ["run", "-e", "GITHUB_TOKEN=hunter21", "image", "--api-key", "hunter22", "-H", "X-Api-Key: hunter23"],
      env: { GITHUB_PERSONAL_ACCESS_TOKEN: "hunter24", LEVEL: "debug", DATABASE_URL: "postgres://u:hunter25@h/db" }
    },
    other: {
      command: `npx other --token=hunter26 ${key}`,
      env: { GITHUB_PERSONAL_ACCESS_TOKEN: "hunter27", SHARED_TOKEN: "hunter28", HEADERS: `{"a":"${key}"}` }
    },
    remote: {
      type: "http",
      description: `with ${key}`,
      url: `https://h/mcp?api_key=hunter29&page=1&token=\${GIVEN}`,
      headers: { Authorization: "Bearer hunter20", "X-Api-Key": "hunter2a", Accept: "json", "X-Token": "env:GIVEN" }
    },
    "1st": { command: "x", env: { SHARED_TOKEN: "hunter28", GIVEN: key } }
  }

  it("stay where they are: the entry names a variable, and the result says which ones to set", () => {
    const { servers: entries, variables } = mcpServers(servers)
    assert.notMatch(JSON.stringify(entries), leak)
    assert.deepInclude(entries["github"], {
      args: [
        "run",
        "-e",
        "GITHUB_TOKEN=env:GITHUB_TOKEN",
        "image",
        "--api-key",
        "env:GITHUB_API_KEY",
        "-H",
        "X-Api-Key: env:GITHUB_X_API_KEY"
      ],
      env: {
        GITHUB_PERSONAL_ACCESS_TOKEN: "env:GITHUB_PERSONAL_ACCESS_TOKEN",
        LEVEL: "debug",
        DATABASE_URL: "env:DATABASE_URL"
      }
    })
    assert.deepInclude(entries["remote"], {
      url: "https://h/mcp?api_key=env:REMOTE_API_KEY&page=1&token=env:GIVEN",
      headers: {
        Authorization: "Bearer env:REMOTE_TOKEN",
        "X-Api-Key": "env:REMOTE_API_KEY_2",
        Accept: "json",
        "X-Token": "env:GIVEN"
      }
    })
    assert.deepInclude(variables, { server: "github", key: "env.DATABASE_URL", name: "DATABASE_URL" })
    assert.deepInclude(variables, { server: "remote", key: "url", name: "REMOTE_API_KEY" })
    const named = JSON.stringify(entries).match(/env:\w+/g) ?? []
    assert.sameMembers([...new Set(named)], ["env:GIVEN", ...new Set(variables.map(({ name }) => `env:${name}`))])
  })
  it("share a variable only where they are the same, and never one that is referred to already", () => {
    const { servers: entries } = mcpServers(servers)
    assert.deepInclude(entries["other"], {
      args: ["other", "--token=env:OTHER_TOKEN", "env:OTHER_TOKEN_2"],
      env: {
        GITHUB_PERSONAL_ACCESS_TOKEN: "env:OTHER_GITHUB_PERSONAL_ACCESS_TOKEN",
        SHARED_TOKEN: "env:SHARED_TOKEN",
        HEADERS: "env:HEADERS"
      }
    })
    assert.deepInclude(entries["1st"], { env: { SHARED_TOKEN: "env:SHARED_TOKEN", GIVEN: "env:_1ST_GIVEN" } })
  })
  it("are taken over by whoever asks for it", () => {
    const { servers: entries, variables } = mcpServers(servers, true)
    assert.deepStrictEqual(variables, [])
    assert.deepInclude(entries["github"], { env: servers.github.env })
    assert.deepInclude(entries["remote"], { description: `with ${key}` })
  })
})
