import { assert, describe, it } from "@effect/vitest"
import { createClient } from "@signalbox/host/node"
import { tempDirectory } from "@signalbox/testing"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { configTemplate } from "@signalbox/host"
import { stringify } from "yaml"
import { fxServer } from "./support.ts"

describe("the client for Promises", () => {
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
