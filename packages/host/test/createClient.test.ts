import { assert, describe, it } from "@effect/vitest"
import { createClient } from "@signalbox/host/node"
import { tempDirectory } from "@signalbox/testing"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { configTemplate } from "@signalbox/host"
import { stringify } from "yaml"
import { fxServer } from "./support.ts"

describe("the client for Promises", () => {
  it("works with one agent where it is told to, and rejects when there is none of that name", async () => {
    await using directory = await tempDirectory()
    const config = join(directory.path, "signalbox.yaml")
    const servers = { fx: fxServer(), other: fxServer() }
    const agents = {
      kairos: { enabled: true, servers: ["mcp.fx.echo"], secrets: { fx: { TOKEN: "sk-canary-plain" } } }
    }
    writeFileSync(
      config,
      `extends: preset:default@1\n${stringify({ model: { provider: "offline" }, servers, agents })}`
    )
    {
      await using client = await createClient({ config, agent: "kairos" })
      assert.deepStrictEqual(
        (await client.servers()).map(({ name }) => name),
        ["fx"]
      )
      assert.deepStrictEqual(
        (await client.tools()).map(({ name }) => name),
        ["echo"]
      )
      assert.strictEqual((await client.ask('echo "hi"')).data?.steps[0]?.calls[0]?.name, "echo")
    }
    const wrong = await createClient({ config, agent: "kairo" }).catch((error: unknown) => error)
    assert.include(String(wrong), 'Did you mean "kairos"?')
  })

  it("answers with outcomes, stops when it is told to, and rejects only for its configuration", async () => {
    await using directory = await tempDirectory()
    const file = join(directory.path, "signalbox.yaml")
    writeFileSync(file, configTemplate.replace("servers: {}", stringify({ servers: { fx: fxServer() } })))
    const options = { config: file, overrides: { "model.provider": "offline" } }
    {
      await using client = await createClient(options)
      assert.deepStrictEqual(
        (await client.servers()).map(({ state }) => state),
        ["running"]
      )
      assert.include(
        (await client.tools()).map(({ name }) => name),
        "echo"
      )
      const unknown = await client.callTool("ecko", {})
      assert.strictEqual(unknown.status, "failed")
      assert.strictEqual(unknown.error_code, "TOOL_NOT_FOUND")
      const abort = new AbortController()
      const sleeping = client.callTool("sleep", { milliseconds: 60_000 }, { signal: abort.signal })
      abort.abort()
      assert.strictEqual((await sleeping).status, "cancelled")
      const failed = await client.callTool("fail", {})
      assert.deepStrictEqual([failed.status, failed.error_code], ["failed", "TOOL_FAILED"])
      const answer = await client.ask('echo "hi"')
      assert.strictEqual(answer.data?.finishReason, "end_turn")
    }
    const closed = await createClient(options)
    await closed.close()
    assert.strictEqual((await closed.ask("hi")).error_code, "CLIENT_CLOSED")
    const wrong = await createClient({ ...options, overrides: { "conversation.maxHops": 0 } }).catch(
      (error: unknown) => error
    )
    assert.include(String(wrong), "conversation.maxHops")
  })
})
