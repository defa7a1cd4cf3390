import { assert, describe, it } from "@effect/vitest"
import { connect, type McpClient, ParentEnvironment } from "@signalbox/mcp"
import { fxMcpCommand } from "@signalbox/testing"
import { Effect, Redacted } from "effect"
import { fx, onNode } from "../fixture.ts"

const parent = {
  ...process.env,
  ANTHROPIC_API_KEY: "sk-ant-secret",
  OPENAI_API_KEY: "sk-secret",
  HTTPS_PROXY: "http://proxy.test:3128",
  LC_ALL: "C.UTF-8",
  SHELLSHOCK: "() { :; }",
  HOME: "/home/test"
}

const environmentOf = (client: McpClient) =>
  Effect.map(client.callTool({ name: "env", input: {} }), ({ structuredContent }) => structuredContent)

const seen = (inheritsEnv: boolean) =>
  onNode(
    Effect.gen(function* () {
      const env = { DECLARED: "yes", TOKEN: Redacted.make("t0ken"), LC_ALL: "C" }
      const endpoint = { transport: "stdio", ...fxMcpCommand(), cwd: undefined, env, inheritsEnv } as const
      const client = yield* connect({ ...fx(), endpoint }).pipe(Effect.provideService(ParentEnvironment, parent))
      return yield* environmentOf(client)
    })
  )

describe("the environment of a server", () => {
  it.live("has what programs need and what is declared, and none of our keys", () =>
    Effect.gen(function* () {
      const environment = yield* seen(false)
      assert.containsSubset(environment, {
        PATH: process.env["PATH"],
        HOME: "/home/test",
        HTTPS_PROXY: "http://proxy.test:3128",
        LC_ALL: "C",
        DECLARED: "yes",
        TOKEN: "t0ken"
      })
      assert.notProperty(environment, "ANTHROPIC_API_KEY")
      assert.notProperty(environment, "OPENAI_API_KEY")
      assert.notProperty(environment, "SHELLSHOCK")
    })
  )
  it.live("has everything when the server inherits it", () =>
    Effect.gen(function* () {
      const environment = yield* seen(true)
      assert.propertyVal(environment, "ANTHROPIC_API_KEY", "sk-ant-secret")
      assert.propertyVal(environment, "DECLARED", "yes")
      assert.notProperty(environment, "SHELLSHOCK")
    })
  )
})
