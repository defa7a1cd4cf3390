import { assert, describe, it } from "@effect/vitest"
import { ToolNotFound } from "@signalbox/model"
import { PromptNotFound } from "@signalbox/orchestrator"
import { explainUnknown } from "../src/unknownName.ts"

const offered = [
  { serverName: "a", name: "echo" },
  { serverName: "b", name: "echo" },
  { serverName: "b", name: "note" }
]

describe("a name that was not found", () => {
  it("belongs to several servers", () => {
    const told = { sharedBy: ["a", "b"] }
    assert.deepStrictEqual(explainUnknown({ server: undefined, name: "echo" }, offered), told)
    const tool = new ToolNotFound({ toolName: "echo", available: [], ...told })
    const known = { available: [], nearest: undefined, serverNames: [] }
    const prompt = new PromptNotFound({ promptName: "echo", ...known, ...told })
    assert.strictEqual(tool.message, 'Several servers have the tool "echo": a, b.')
    assert.strictEqual(tool.hint, "Say which: signalbox tools call a echo")
    assert.strictEqual(prompt.message, 'Several servers have the prompt "echo": a, b.')
    assert.strictEqual(prompt.hint, "Say which: signalbox prompts get a echo")
  })

  it("is none of the server that was named, whose names are suggested alone", () => {
    assert.deepStrictEqual(explainUnknown({ server: "b", name: "nope" }, offered), {
      serverName: "b",
      available: ["echo", "note"],
      nearest: "note"
    })
  })

  it("is nowhere, and then nothing more is known of it", () => {
    assert.isUndefined(explainUnknown({ server: undefined, name: "nope" }, offered))
    assert.isUndefined(explainUnknown({ server: undefined, name: "note" }, offered))
  })
})
