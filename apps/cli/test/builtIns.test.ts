import { assert, describe, it } from "@effect/vitest"
import { startFxLlm, waitFor } from "@signalbox/testing"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll } from "vitest"
import { makePlace, type Place, upstream } from "./support.ts"

const all = { enabled: ["Read", "Write", "Bash", "LS", "Grep"] }
const remove = ["tools", "call", "builtin", "Bash", "command=rm a.txt"]

const withFile = (place: Place): string => {
  const file = place.file("a.txt")
  writeFileSync(file, "hello\n")
  return file
}

/** Without a host, and with one in the background that runs the configuration. */
const ways = ["here", "by the running host"] as const

const placeFor = async (where: (typeof ways)[number]): Promise<Place> => {
  const place = await makePlace()
  place.configure({ tools: all, servers: { fx: place.server({ tools: "echo" }) } })
  if (where === "by the running host") {
    const started = await place.run(["servers", "start", "--detach"])
    assert.strictEqual(started.code, 0, started.stderr)
  }
  return place
}

for (const where of ways) {
  describe(`the built-in tools on the command line, ${where}`, () => {
    // None of these changes anything of it but the file.
    let place: Place
    beforeAll(async () => {
      place = await placeFor(where)
    })
    afterAll(() => place[Symbol.asyncDispose]())

    it("are listed and called", async () => {
      withFile(place)
      const [listed, ...called] = await Promise.all([
        place.run(["tools", "list", "--server", "builtin", "--json"]),
        ...[["Read"], ["builtin", "Read"], ["builtin__Read"]].map((words) =>
          place.run(["tools", "call", ...words, "file_path=a.txt"])
        )
      ])
      assert.deepStrictEqual(
        [listed.code, listed.json().data.map((tool: { readonly name: string }) => tool.name)],
        [0, ["Read", "Write", "Grep", "LS", "Bash"]]
      )
      for (const { code, stderr, stdout } of called)
        assert.deepStrictEqual([code, stdout.includes("hello")], [0, true], stderr)
    })

    it("take arguments that begin with a dash", async () => {
      withFile(place)
      const input = ["tools", "call", "Grep", "output_mode=content", "path=a.txt"]
      const called = await Promise.all([
        place.run([...input, "pattern=L+", "-o=true", "-i=true", "-n=false"]),
        place.run([...input, "--", "pattern=L+", "-o=true", "-i=true", "-n=false"])
      ])
      for (const { code, stderr, stdout } of called)
        assert.deepStrictEqual([code, stdout.endsWith("a.txt:ll\n")], [0, true], `${stdout}${stderr}`)
    })

    it("say what they refuse, and who is not there", async () => {
      const [refused, unknown, unnamed] = await Promise.all([
        place.run(["tools", "call", "builtin", "Read", "file_path=../b.txt", "--json"]),
        place.run(["tools", "call", "builtin", "Raed", "--json"]),
        place.run(["tools", "call", "Read", "a.txt", "--json"])
      ])
      assert.deepStrictEqual([refused.code, refused.json().error_code], [1, "TOOL_FAILED"])
      assert.include(refused.json().error?.message, "PATH_REFUSED")
      const own = { error: { error_code: "PATH_REFUSED", details: { path: "../b.txt" } } }
      assert.containSubset(refused.json().error?.details, { data: own })
      // What it says itself is what to do.
      assert.isUndefined(refused.json().error?.hint)
      assert.deepStrictEqual([unnamed.code, unnamed.json().error_code], [2, "INVALID_USAGE"])
      assert.include(unnamed.json().error?.message, '"a.txt" is neither JSON nor key=value')
      assert.strictEqual(unknown.json().error_code, "TOOL_NOT_FOUND")
    })

    it("end with 77 where somebody has to be asked and nobody is there", async () => {
      const file = withFile(place)
      const [asked, other, denied] = await Promise.all([
        place.run([...remove, "--json"]),
        place.run([...remove, "--approve", "Bash(command=ls *)"]),
        place.run(["tools", "call", "builtin", "Bash", "command=sudo ls", "--yes", "--json"])
      ])
      assert.deepStrictEqual([asked.code, asked.json().error_code], [77, "APPROVAL_REQUIRED"])
      assert.include(asked.json().error?.message, "rm is not among the allowed commands")
      assert.include(asked.json().error?.hint, "--yes")
      assert.include(asked.json().error?.hint, "tools.commands")
      assert.strictEqual(other.code, 77)
      assert.deepStrictEqual([denied.code, denied.json().error_code], [1, "TOOL_FAILED"])
      assert.include(denied.json().error?.message, "COMMAND_REFUSED")
      assert.isTrue(existsSync(file))
    })

    it("run with --yes", async () => {
      const file = withFile(place)
      const called = await place.run([...remove, "--yes"])
      assert.strictEqual(called.code, 0, called.stderr)
      assert.isFalse(existsSync(file))
    })

    it("ask the person at the terminal", async () => {
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
    })
  })
}

describe("the built-in tools on the command line", () => {
  it("are not there until they are switched on, and the error says where", async () => {
    await using place = await makePlace()
    place.configure({ tools: { enabled: ["Read"] } })
    for (const words of [["Edit"], ["builtin", "Edit"]]) {
      const off = await place.run(["tools", "call", ...words, "--json"])
      assert.deepStrictEqual([off.code, off.json().error_code], [1, "TOOL_NOT_FOUND"])
      assert.include(off.json().error?.hint, "tools.enabled")
    }
  })

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

  it("are shown once by a chat where a rule allows the tool and no list the command", async () => {
    await using place = await makePlace()
    withFile(place)
    await using llm = await startFxLlm({
      script: [{ toolCalls: [{ name: "Bash", input: { command: "rm a.txt" } }] }, { text: "Done." }]
    })
    const rules = [{ tool: "Bash", decision: "allow" }]
    place.configure({ ...upstream("claude", llm.url), tools: all, conversation: { approval: { rules } } })
    const refused = await place.run(["chat", "go"], { env: { ANTHROPIC_API_KEY: "sk-canary-0123456789" } })
    assert.strictEqual(refused.code, 77, refused.stderr)
    assert.include(refused.stderr, "APPROVAL_REQUIRED")
    assert.lengthOf(refused.stderr.match(/▸ builtin · Bash/g) ?? [], 1, refused.stderr)
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
    assert.lengthOf(alone.stderr.match(/▸ builtin · Bash/g) ?? [], 1, alone.stderr)
    assert.strictEqual(readFileSync(place.file("b.txt"), "utf8"), "written")
    // A configuration is there, so that none has to be written.
    assert.include(alone.stderr, "No servers are configured.")
    assert.notInclude(alone.stderr, "signalbox init")
    assert.isTrue(existsSync(file))
    const again = await startFxLlm({
      script: [
        { text: "I remove it.", toolCalls: [{ name: "Bash", input: { command: "rm a.txt" } }] },
        { text: "Done." }
      ]
    })
    place.configure({ ...upstream("claude", again.url), tools: all, conversation: { approval: { mode: "auto-safe" } } })
    const terminal = place.startOnTerminal(["chat", "go"], env)
    await terminal.sees("builtin · Bash needs your approval")
    await terminal.sees("Run it?")
    // Where it takes a moment, the line that says what goes on was drawn and erased in between.
    // oxlint-disable-next-line no-control-regex -- this is how a line is erased
    const left = terminal.stdout().replace(/(?:\r\u001b\[K[^\r\n]*)*\r\u001b\[K/g, "")
    assert.match(left, /I remove it\.\r?\nbuiltin · Bash needs/)
    terminal.press("y\r")
    await terminal.sees("Done.")
    assert.strictEqual((await terminal.ended).code, 0)
    assert.strictEqual(terminal.stdout().split("Run it?").length, 2)
    assert.isFalse(existsSync(file))
    await llm.close()
    await again.close()
  })

  it("leave no command behind, however the program ended", async () => {
    await using place = await makePlace()
    // It carries the marker of this place, too.
    const { env } = Object(place.server())
    place.configure({ tools: { ...all, commands: { environment: env } } })
    const sleeping = ["tools", "call", "builtin", "Bash", "command=sleep 600 | sleep 601"]
    const running = async () =>
      waitFor(async () => (await place.servers()).length >= 2, { description: "a command that runs" })
    const over = async () =>
      waitFor(async () => (await place.servers()).length === 0, { description: "no command any more" })
    const stopped = place.start(sleeping)
    await running()
    stopped.child.kill("SIGINT")
    assert.strictEqual((await stopped.ended).code, 130)
    await over()
    const killed = place.start(sleeping)
    await running()
    killed.child.kill("SIGKILL")
    await killed.ended
    // Whoever comes next clears up.
    await place.run(["tools", "list"])
    await over()
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
  })

  it("run nothing in the background of a program that ends, and in that of a host that goes on", async () => {
    await using place = await makePlace()
    place.configure({ tools: { enabled: ["Bash"] }, servers: { fx: place.server({ tools: "echo" }) } })
    const job = ["tools", "call", "builtin", "Bash", "command=sleep 600", "run_in_background=true"]
    const alone = await place.run(job)
    assert.strictEqual(alone.code, 2, alone.stderr)
    assert.include(alone.stderr, "JOB_NEEDS_HOST")
    assert.include(alone.stderr, "signalbox serve")
    await place.run(["servers", "start", "--detach"])
    const started = await place.run(job)
    assert.include(started.stdout, "as job 1", started.stderr)
    const ended = await place.run(["tools", "call", "builtin", "Bash", "job=1", "stop=true"])
    assert.include(ended.stdout, "Ended by SIGTERM", ended.stderr)
    await place.run(["tools", "call", "builtin", "Bash", "command=sudo ls"])
    const [numbers, shown] = await Promise.all([place.run(["metrics", "--json"]), place.run(["metrics"])])
    const { average_ms: _, ...bash } = numbers.json().data.built_in_tools.Bash
    assert.deepStrictEqual(bash, {
      calls: 3,
      success_rate: 2 / 3,
      refused: 1,
      outcomes: { ok: 2, COMMAND_REFUSED: 1 },
      limits: { max_concurrent: 3, timeout_ms: 600_000 }
    })
    assert.match(shown.stdout, /^Bash +3 +66\.7% +1 /m)
  })
})
