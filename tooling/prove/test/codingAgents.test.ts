import { assert, describe, it } from "@effect/vitest"
import { tempDirectory } from "@signalbox/testing"
import { Effect } from "effect"
import { chmod, writeFile } from "node:fs/promises"
import type { Agent } from "../agents/Agent.ts"
import { openLane } from "../agents/lane.ts"
import { scenarios } from "../agents/scenarios.ts"

const agent: Agent = {
  name: "claude",
  packageName: "none",
  version: "0",
  programs: [],
  environmentCommand: "claude-env",
  quiet: {},
  ask: (question) => ["claude", question],
  askAgain: (question) => ["claude", question],
  mark: "Bash",
  ownCalls: () => []
}

/** What the first scenario finds out about a program of this text. */
const play = async (text: string): Promise<ReadonlyArray<string>> => {
  await using bin = await tempDirectory("signalbox-agent-")
  await writeFile(bin.file("claude"), `#!/bin/sh\n${text}\n`)
  await chmod(bin.file("claude"), 0o755)
  const lane = openLane({ agent, upstream: "chat", bin: bin.path, environment: {} })
  const first = scenarios[0]
  assert.isDefined(first)
  return await Effect.runPromise(
    Effect.scoped(Effect.flatMap(lane, (opened) => Effect.promise(() => first.play(opened))))
  )
}

const request = (question: string): string =>
  JSON.stringify({
    model: "m",
    max_tokens: 9,
    messages: [{ role: "user", content: question }],
    tools: [{ name: "Bash", input_schema: { type: "object" } }]
  })

const post = (question: string): string => {
  const body = JSON.stringify({ method: "POST", body: request(question) })
  const script = `fetch(process.env.ANTHROPIC_BASE_URL + "/v1/messages", ${body}).then((r) => r.text()).then(console.log)`
  return `exec '${process.execPath}' -e '${script}'`
}

describe("the proof of coding agents", () => {
  it("holds for a program that asks and tells", async () => {
    assert.deepStrictEqual(await play(post("What is the answer?")), [])
  })

  it("fails for one that asks something else, and for one that asks nothing", async () => {
    assert.deepStrictEqual(await play(post("Hm?")), ["the model did not get the question"])
    const found = await play("echo 'Forty-two, as always.'; exit 3")
    assert.strictEqual(found.length, 3)
    assert.match(found[0] ?? "", /^it ended with 3/)
  })
})
