import { assert, layer } from "@effect/vitest"
import { nodePlatform } from "@signalbox/host/node"
import { Effect } from "effect"
import { configWith, fxServer, problemsOf } from "./support.ts"

const problems = (agents: string) =>
  problemsOf(`extends: preset:default@1
servers:
  files: { enabled: true, transport: stdio, command: x, args: [], env: {} }
  search: { enabled: true, transport: http, url: "https://example.com/mcp", headers: {} }
agents:
  kairos:
    enabled: true
${agents}`)

layer(nodePlatform)("agents of a configuration", (it) => {
  it.effect("that refer to what is not there are problems of the configuration, each with its line", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* problems(`    servers:
      - files
      - mcp.serch
      - mcp.fils.read_file
    tools: { file: { allow: [] } }
    secrets:
      search: { TOKEN: x }
      common: { TOKEN: x }
`),
        [
          {
            path: "agents.kairos.servers.1",
            line: 10,
            message: 'there is no server "serch"',
            suggestion: 'did you mean "mcp.search"?'
          },
          {
            path: "agents.kairos.servers.2",
            line: 11,
            message: 'there is no server "fils"',
            suggestion: 'did you mean "mcp.files.read_file"?'
          },
          {
            path: "agents.kairos.tools.file",
            line: 12,
            message: 'there is no server "file"',
            suggestion: 'did you mean "files"?'
          },
          {
            path: "agents.kairos.secrets.search",
            line: 14,
            message: 'the agent does not use the server "search"',
            suggestion: "add it to agents.kairos.servers, or leave this out"
          }
        ]
      )
      const [remote] = yield* problems(`    servers: [mcp.search]
    secrets: { search: { TOKEN: sk-canary-remote } }
`)
      assert.strictEqual(remote?.message, '"search" is no local server, so it has no environment')
      const [misspelt] = yield* problems(`    server: [files]
    servers: []
`)
      assert.deepInclude(misspelt, { line: 8, message: "unknown key", suggestion: 'did you mean "servers"?' })
    })
  )

  it.effect("show no secret in what is wrong with them, nor where their values come from", () =>
    Effect.gen(function* () {
      const found = yield* problems(`    servers: [files]
    secrets: { files: [sk-canary-wrong, x] }
`)
      assert.isAbove(found.length, 0)
      assert.notInclude(JSON.stringify(found), "canary")
      const config = yield* configWith(
        { files: fxServer() },
        {
          agents: {
            kairos: {
              enabled: true,
              servers: ["files"],
              secrets: { files: { PLAIN: "sk-canary-kept", NUMBER: 7 } }
            }
          }
        }
      )
      const secrets = config.origins.filter(({ path }) => path.includes(".secrets."))
      assert.deepStrictEqual(
        secrets.map(({ value }) => value),
        ["<redacted>", "<redacted>"]
      )
    })
  )
})
