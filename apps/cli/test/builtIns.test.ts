import { assert, describe, it } from "@effect/vitest"
import { startFxLlm } from "@signalbox/testing"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { makePlace, type Place, upstream } from "./support.ts"

const all = { enabled: ["Read", "Write", "Bash", "LS"] }
const remove = ["tools", "call", "builtin", "Bash", "command=rm a.txt"]

const withFile = (place: Place): string => {
  const file = place.file("a.txt")
  writeFileSync(file, "hello\n")
  return file
}

/** With a host in the background that runs the configuration, and without one. */
const eachWay = async (run: (place: Place, where: string) => Promise<void>) => {
  for (const where of ["here", "by the running host"]) {
    await using place = await makePlace()
    place.configure({ tools: all, servers: { fx: place.server({ tools: "echo" }) } })
    if (where !== "here") {
      const started = await place.run(["servers", "start", "--detach"])
      assert.strictEqual(started.code, 0, started.stderr)
    }
    await run(place, where)
    if (where !== "here") await place.run(["servers", "stop", "--all"])
  }
}

describe("the built-in tools on the command line", () => {
  it("are listed and called, here and by the running host", () =>
    eachWay(async (place, where) => {
      withFile(place)
      const listed = await place.run(["tools", "list", "--server", "builtin", "--json"])
      assert.deepStrictEqual(
        [listed.code, listed.json().data.map((tool: { readonly name: string }) => tool.name)],
        [0, ["Read", "Write", "LS", "Bash"]],
        where
      )
      for (const words of [["Read"], ["builtin", "Read"], ["builtin__Read"]]) {
        const called = await place.run(["tools", "call", ...words, "file_path=a.txt"])
        assert.deepStrictEqual([called.code, called.stdout.includes("hello")], [0, true], `${where}: ${called.stderr}`)
      }
      const refused = await place.run(["tools", "call", "builtin", "Read", "file_path=../b.txt", "--json"])
      assert.deepStrictEqual([refused.code, refused.json().error_code], [1, "TOOL_FAILED"])
      assert.include(refused.json().error?.message, "PATH_REFUSED")
      const unknown = await place.run(["tools", "call", "builtin", "Raed", "--json"])
      assert.strictEqual(unknown.json().error_code, "TOOL_NOT_FOUND")
    }))

  it("end with 77 where somebody has to be asked and nobody is there, and run with --yes", () =>
    eachWay(async (place, where) => {
      const file = withFile(place)
      const asked = await place.run([...remove, "--json"])
      assert.deepStrictEqual([asked.code, asked.json().error_code], [77, "APPROVAL_REQUIRED"], where)
      assert.include(asked.json().error?.message, "rm is not among the allowed commands")
      assert.include(asked.json().error?.hint, "--yes")
      assert.isTrue(existsSync(file))
      const other = await place.run([...remove, "--approve", "Bash(command=ls *)"])
      assert.strictEqual(other.code, 77, where)
      const called = await place.run([...remove, "--yes"])
      assert.strictEqual(called.code, 0, `${where}: ${called.stderr}`)
      assert.isFalse(existsSync(file))
      const denied = await place.run(["tools", "call", "builtin", "Bash", "command=sudo ls", "--yes", "--json"])
      assert.deepStrictEqual([denied.code, denied.json().error_code], [1, "TOOL_FAILED"])
      assert.include(denied.json().error?.message, "COMMAND_REFUSED")
    }))

  it("ask the person at the terminal", () =>
    eachWay(async (place) => {
      const file = withFile(place)
      const refused = place.startOnTerminal(remove)
      await refused.sees("builtin · Bash needs your approval, because rm is not among the allowed commands")
      await refused.sees("command: rm a.txt")
      await refused.sees("Run it?")
      refused.press("n keep it\r")
      await refused.sees("keep it")
      assert.notStrictEqual((await refused.ended).code, 0)
      assert.isTrue(existsSync(file))
      const approved = place.startOnTerminal(remove)
      await approved.sees("Run it?")
      approved.press("y\r")
      assert.strictEqual((await approved.ended).code, 0)
      assert.isFalse(existsSync(file))
    }))

  it("are left with Ctrl-C at the question", async () => {
    await using place = await makePlace()
    place.configure({ tools: all })
    const file = withFile(place)
    const terminal = place.startOnTerminal(remove)
    await terminal.sees("Run it?")
    terminal.press("\u0003")
    assert.strictEqual((await terminal.ended).code, 130)
    assert.isTrue(existsSync(file))
  })

  it("are used by a chat, which asks once for a command that no list allows", async () => {
    await using place = await makePlace()
    const llm = await startFxLlm({
      script: [
        { toolCalls: [{ name: "Write", input: { file_path: "b.txt", content: "written" } }] },
        { toolCalls: [{ name: "Bash", input: { command: "rm a.txt" } }] },
        { text: "Done." }
      ]
    })
    const file = withFile(place)
    place.configure({
      ...upstream("claude", llm.url),
      tools: all,
      conversation: { approval: { mode: "auto-safe" } }
    })
    const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }
    const alone = await place.run(["chat", "go", "--approve", "Write"], { env })
    assert.strictEqual(alone.code, 77, alone.stderr)
    assert.strictEqual(readFileSync(place.file("b.txt"), "utf8"), "written")
    assert.isTrue(existsSync(file))
    const again = await startFxLlm({
      script: [{ toolCalls: [{ name: "Bash", input: { command: "rm a.txt" } }] }, { text: "Done." }]
    })
    place.configure({ ...upstream("claude", again.url), tools: all, conversation: { approval: { mode: "auto-safe" } } })
    const terminal = place.startOnTerminal(["chat", "go"], env)
    await terminal.sees("builtin · Bash needs your approval")
    await terminal.sees("Run it?")
    terminal.press("y\r")
    await terminal.sees("Done.")
    assert.strictEqual((await terminal.ended).code, 0)
    assert.strictEqual(terminal.stdout().split("Run it?").length, 2)
    assert.isFalse(existsSync(file))
    await llm.close()
    await again.close()
  })

  it("follow the configuration of a running host", async () => {
    await using place = await makePlace()
    const servers = { fx: place.server({ tools: "echo" }) }
    place.configure({ tools: { enabled: ["LS"] }, servers })
    await place.run(["servers", "start", "--detach"])
    place.configure({ tools: { enabled: ["Read"] }, servers })
    const reloaded = await place.run(["reload"])
    assert.strictEqual(reloaded.code, 0, reloaded.stderr)
    const listed = await place.run(["tools", "list", "--json"])
    assert.deepStrictEqual(
      listed.json().data.map((tool: { readonly name: string }) => tool.name),
      ["Read", "echo"]
    )
    await place.run(["servers", "stop", "--all"])
  })
})
