import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, startFxLlm, waitFor } from "@signalbox/testing"
import { makePlace, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }
const up = "\u001b[A"
const controlC = "\u0003"
const controlD = "\u0004"

// oxlint-disable-next-line no-control-regex -- a colour is exactly what is looked for
const colour = /\u001b\[\d+m/

const script = [
  { when: { lastUserTextContains: "hello" }, reply: { text: "Good day." } },
  { when: {}, reply: { toolCalls: [{ name: "echo", input: { text: "x" } }] } }
]

describe("a person at a terminal", () => {
  it("goes back in the history, stops an answer with Ctrl-C and goes on, and leaves with two more", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script })
    const log = place.file("log")
    place.configure({
      ...upstream("claude", fxLlm.url),
      servers: { fx: place.server({ tools: "echo", callDelay: 60_000, log }) }
    })
    const terminal = place.startOnTerminal(["chat"], env)
    await terminal.sees("is ready")
    await terminal.sees("you ›")
    terminal.press("hello one\r")
    await terminal.sees("Good day.")
    await terminal.sees("you ›")
    terminal.press(up)
    await terminal.sees("hello one")
    terminal.press(" more\r")
    await terminal.sees("Good day.")
    assert.strictEqual(fxLlm.requests[1]?.lastUserText, "hello one more")
    await terminal.sees("you ›")
    terminal.press("go\r")
    await waitFor(() => readFxMcpLog(log).some(({ event }) => event === "call_start"), { description: "the call" })
    terminal.press(controlC)
    await terminal.sees("stopped: echo of fx")
    await terminal.sees("you ›")
    await waitFor(() => readFxMcpLog(log).some(({ event }) => event === "cancelled"), { description: "its end" })
    terminal.press("hello again\r")
    await terminal.sees("Good day.")
    await terminal.sees("you ›")
    assert.include(fxLlm.requests.at(-1)?.rawBody, "hello one more")
    // Lines that are pasted together are one message each.
    const before = fxLlm.requests.length
    terminal.press("hello first\rhello second\r")
    await terminal.sees("Good day.")
    await terminal.sees("Good day.")
    await terminal.sees("you ›")
    const asked = fxLlm.requests.slice(before).map(({ lastUserText }) => lastUserText)
    assert.deepStrictEqual(asked, ["hello first", "hello second"])
    assert.strictEqual((await terminal.leave()).code, 0)
    assert.deepStrictEqual(await place.servers(), [])
  })

  it("is told once of a server that was lost, above the line being typed", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script })
    place.configure({ ...upstream("claude", fxLlm.url), servers: { fx: place.server({ tools: "echo" }) } })
    const terminal = place.startOnTerminal(["chat"], { ...env, NO_COLOR: "1" })
    await terminal.sees("is ready")
    await terminal.sees("you ›")
    terminal.press("hel")
    await terminal.sees("hel")
    const [pid] = await place.servers()
    process.kill(pid ?? 0, "SIGKILL")
    await terminal.sees("✗ lost fx:")
    await terminal.sees("It is started again in")
    await terminal.sees("you › hel")
    await terminal.sees("fx is back")
    await terminal.sees("you › hel")
    terminal.press("lo\r")
    await terminal.sees("Good day.")
    assert.strictEqual(fxLlm.requests[0]?.lastUserText, "hello")
    await terminal.sees("you ›")
    terminal.press(controlD)
    const ended = await terminal.ended
    assert.strictEqual(ended.code, 0)
    assert.notInclude(ended.stdout, "WARN")
    assert.notMatch(ended.stdout, colour)
  })

  it("sees colours and tables that fit", async () => {
    await using place = await makePlace()
    place.configure({ servers: { fx: place.server() } })
    const terminal = place.startOnTerminal(["tools", "list"])
    const { code, stdout } = await terminal.ended
    assert.strictEqual(code, 0)
    assert.include(stdout, "\u001b[1mecho\u001b[22m")
    // oxlint-disable-next-line no-control-regex -- colours take no room
    for (const line of stdout.replace(/\u001b\[\d+m/g, "").split("\r\n")) assert.isAtMost(line.length, 80, line)
  })

  it("sees the help in colours, or without where they were declined", async () => {
    await using place = await makePlace()
    const help = async (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
      const { code, stdout } = await place.startOnTerminal(args, env).ended
      assert.strictEqual(code, 0)
      assert.include(stdout, "USAGE")
      return stdout
    }
    assert.match(await help(["--help"]), colour)
    for (const plain of [
      await help(["--no-color", "--help"]),
      await help(["tools", "call", "--help", "--no-color"]),
      await help(["--help"], { NO_COLOR: "1" }),
      await help(["--help"], { TERM: "dumb" })
    ]) {
      assert.notMatch(plain, colour)
    }
  })
})
