import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { readFxLlmLog, tempDirectory, waitFor } from "@signalbox/testing"

describe("waitFor", () => {
  it("resolves with the first value", async () => {
    let looks = 0
    assert.strictEqual(
      await waitFor(() => (++looks === 3 ? "found" : undefined), { description: "the third look" }),
      "found"
    )
  })

  it("says what it waited for, and how things stood", async () => {
    const failure = await waitFor(() => false, { description: "rain", limitMs: 1, state: () => "sunny" }).catch(String)
    assert.include(String(failure), "Waited 1 ms for rain, in vain. State: sunny")
  })
})

describe("tempDirectory", () => {
  it("goes away with what it holds", async () => {
    const folder = await tempDirectory()
    writeFileSync(folder.file("a"), "a")
    await folder[Symbol.asyncDispose]()
    assert.isFalse(existsSync(folder.path))
  })
})

describe("the fx-llm process", () => {
  it("prints its URL, answers from a script file, logs, and ends with its input", async () => {
    await using folder = await tempDirectory()
    writeFileSync(folder.file("script.json"), JSON.stringify([{ text: "scripted" }]))
    const log = folder.file("log.jsonl")
    const file = fileURLToPath(new URL("../src/bin/fxLlm.ts", import.meta.url))
    const args = [file, "--script", folder.file("script.json"), "--log", log, "--exit-on-eof"]
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] })
    const line = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()
    const { url } = JSON.parse(String(line.value)) as { readonly url: string }
    const response = await fetch(`${url}/v1/messages`, { method: "POST", body: `{"messages":[]}` })
    assert.include(await response.text(), "scripted")
    const exited = new Promise((resolve) => child.once("exit", resolve))
    child.stdin.end()
    assert.strictEqual(await exited, 0)
    assert.deepInclude(readFxLlmLog(log)[1], { event: "end", outcome: "completed", status: 200 })
  })
})
