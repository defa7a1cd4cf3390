import { assert, describe, it } from "@effect/vitest"
import { isJsonObject } from "@signalbox/model"
import { readFxMcpLog, startFxLlm } from "@signalbox/testing"
import { existsSync, statSync } from "node:fs"
import { makePlace, type Place, type Terminal, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }
const controlC = "\u0003"

const echo = (...texts: ReadonlyArray<string>) => ({
  toolCalls: texts.map((text) => ({ name: "echo", input: { text } }))
})

/** The texts with which the tool was called, in order. */
const ran = (place: Place): ReadonlyArray<unknown> =>
  existsSync(place.file("log"))
    ? readFxMcpLog(place.file("log")).flatMap(({ arguments: given, event }) =>
        event === "call_start" && isJsonObject(given) ? [given["text"]] : []
      )
    : []

type Script = NonNullable<Parameters<typeof startFxLlm>[0]>["script"]

interface Settings {
  readonly approval?: object
  readonly trusted?: boolean
}

/** A place whose model follows a script and whose one server has `echo`. */
const scripted = async (
  script: NonNullable<Script>,
  work: (place: Place, asked: () => number) => Promise<void>,
  { approval = {}, trusted = false }: Settings = {}
) => {
  await using place = await makePlace()
  await using fxLlm = await startFxLlm({ script })
  const server = place.server({ tools: "echo", log: place.file("log") })
  place.configure({
    ...upstream("claude", fxLlm.url),
    servers: { fx: { ...server, trusted } },
    conversation: { approval }
  })
  await work(place, () => fxLlm.requests.length)
}

const inChat = (script: NonNullable<Script>, talk: (terminal: Terminal, place: Place) => Promise<void>) =>
  scripted(script, async (place) => {
    const terminal = place.startOnTerminal(["chat"], env)
    await terminal.sees("you ›")
    await talk(terminal, place)
    await terminal.sees("you ›")
    assert.strictEqual((await terminal.leave()).code, 0)
  })

describe("a person at a terminal", () => {
  it("sees what is to run and why it is asked, and says yes, or no with a reason that the model is told", () =>
    inChat(
      [echo("one"), { text: "First." }, echo("two"), { text: "Second: {{toolResults}}" }],
      async (terminal, place) => {
        terminal.press("go\r")
        await terminal.sees(
          'fx · echo needs your approval, because it says that it is read-only, but "fx" is not trusted'
        )
        await terminal.sees("text: one")
        await terminal.sees("Run it?")
        assert.deepStrictEqual(ran(place), [])
        terminal.press("why\r")
        await terminal.sees("readOnlyHint: true")
        await terminal.sees("conversation.approval")
        await terminal.sees("Run it?")
        terminal.press("y\r")
        await terminal.sees("First.")
        assert.deepStrictEqual(ran(place), ["one"])
        await terminal.sees("you ›")
        terminal.press("again\r")
        await terminal.sees("text: two")
        await terminal.sees("Run it?")
        terminal.press("n not on Sundays\r")
        await terminal.sees("not on Sundays")
        assert.deepStrictEqual(ran(place), ["one"])
      }
    ))

  it("says no in words, which the model is told, and is asked again after what is neither a yes nor a no", () =>
    inChat([echo("one"), { text: "I hear: {{toolResults}}" }], async (terminal, place) => {
      terminal.press("go\r")
      await terminal.sees("[n]o or words that the model is told")
      for (const unclear of ["x", "yse", "yes but not there", "ok then", "alwyas", "/help", "diff"]) {
        terminal.press(`${unclear}\r`)
        await terminal.sees("Type y, n, t, a or w, or words")
        await terminal.sees("Run it?")
      }
      assert.deepStrictEqual(ran(place), [])
      terminal.press("please no, use another name\r")
      await terminal.sees("I hear:")
      await terminal.sees("please no, use another name")
      assert.deepStrictEqual(ran(place), [])
    }))

  it("is asked one question at a time, and not again about a tool that was approved for the conversation", () =>
    inChat([echo("one", "two"), { text: "First." }, echo("three"), { text: "Second." }], async (terminal, place) => {
      terminal.press("go\r")
      await terminal.sees("Run it?")
      assert.strictEqual(terminal.stdout().split("Run it?").length, 2)
      terminal.press("\r")
      await terminal.sees("Run it?")
      assert.deepStrictEqual(ran(place), [])
      terminal.press("t\r")
      await terminal.sees("First.")
      assert.strictEqual(ran(place).length, 1)
      await terminal.sees("you ›")
      terminal.press("again\r")
      await terminal.sees("Second.")
      assert.strictEqual(ran(place)[1], "three")
    }))

  it("stops the answer with Ctrl-C at a question: nothing runs, and the model is not asked again", () =>
    inChat([echo("one", "two"), { text: "Well." }], async (terminal, place) => {
      terminal.press("go\r")
      await terminal.sees("Run it?")
      terminal.press(controlC)
      await terminal.sees("stopped: the approval of echo of fx")
      await terminal.sees("you ›")
      assert.deepStrictEqual(ran(place), [])
      assert.strictEqual(terminal.stdout().split("Run it?").length, 2)
      terminal.press("go on\r")
      await terminal.sees("Well.")
    }))

  it("approves arguments for good, in a file of theirs, lists that and takes it back", async () => {
    const script = [echo("one"), { text: "First." }, echo("one"), { text: "Second." }, echo("one"), { text: "Third." }]
    await scripted(script, async (place) => {
      const first = place.startOnTerminal(["chat", "go"], env)
      await first.sees("Run it?")
      first.press("a\r")
      await first.sees("First.")
      assert.strictEqual((await first.ended).code, 0)
      const file = place.file(".local/share/signalbox/approvals.json")
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
      // Nobody is there, and nobody need be.
      const second = await place.run(["chat", "go"], { env })
      assert.strictEqual(second.code, 0, second.stderr)
      assert.deepStrictEqual(ran(place), ["one", "one"])
      const listed = (await place.run(["approvals", "list", "--json"])).json()
      assert.deepInclude(listed.data[0], { server: "fx", tool: "echo", arguments: { text: "one" } })
      const { id } = listed.data[0]
      assert.include((await place.run(["approvals", "list"])).stdout, id)
      assert.strictEqual((await place.run(["approvals", "remove", "nosuch"])).code, 1)
      assert.strictEqual((await place.run(["approvals", "remove", id])).code, 0)
      assert.deepStrictEqual((await place.run(["approvals", "list", "--json"])).json().data, [])
      const third = await place.run(["chat", "go"], { env })
      assert.strictEqual(third.code, 77)
      assert.deepStrictEqual(ran(place), ["one", "one"])
    })
  })
})

describe("a chat where nobody can be asked", () => {
  it("runs nothing that needs approval, tells the model, and ends with 77 and the flag that helps", () =>
    scripted([echo("one"), { text: "I may not." }], async (place, asked) => {
      const ended = await place.run(["chat", "go"], { env })
      assert.strictEqual(ended.code, 77)
      assert.include(ended.stdout, "I may not.")
      assert.include(ended.stderr, "APPROVAL_REQUIRED")
      assert.strictEqual(asked(), 2)
      assert.deepStrictEqual(ran(place), [])
    }))

  it("says so in its JSON, for one question and for each line of a pipe, which answers no question", async () => {
    await scripted([echo("one"), { text: "I may not." }], async (place) => {
      const ended = await place.run(["chat", "go", "--json"], { env })
      assert.strictEqual(ended.code, 77)
      const { data, error, error_code, status } = ended.json()
      assert.deepStrictEqual([status, error_code], ["failed", "APPROVAL_REQUIRED"])
      assert.include(error?.hint, "--approve echo")
      assert.deepInclude(data.tool_calls[0], { tool: "echo", status: "refused", error_code: "APPROVAL_REQUIRED" })
      assert.strictEqual(data.text, "I may not.")
    })
    await scripted([echo("one"), { text: "I may not." }, { text: "Yes?" }], async (place) => {
      const ended = await place.run(["chat", "--json"], { env, input: "go\ny\n" })
      const [first, second] = ended.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
      assert.strictEqual(first.error_code, "APPROVAL_REQUIRED")
      assert.strictEqual(second.status, "success")
      assert.deepStrictEqual(ran(place), [])
    })
  })

  it("ends a pipe with 77, too, once all of its lines are answered", async () => {
    for (const flags of [[], ["--json"]]) {
      await scripted(
        [{ text: "One." }, echo("one"), { text: "I may not." }, { text: "Three." }],
        async (place, asked) => {
          const ended = await place.run(["chat", ...flags], { env, input: "one\ngo\nthree\n" })
          assert.strictEqual(ended.code, 77, ended.stderr)
          assert.include(ended.stdout, "Three.")
          assert.strictEqual(asked(), 4)
          assert.deepStrictEqual(ran(place), [])
          // A line of input has one object, and the end has none.
          if (flags.length > 0) assert.lengthOf(ended.stdout.trim().split("\n"), 3)
        }
      )
    }
    await scripted([echo("one"), { text: "Done." }], async (place) => {
      const ended = await place.run(["chat", "--yes"], { env, input: "go\n" })
      assert.strictEqual(ended.code, 0, ended.stderr)
    })
  })

  it("runs what --yes or --approve allows, and nothing that is denied", async () => {
    const script = [echo("one"), { text: "Done." }]
    const cases: ReadonlyArray<readonly [flags: ReadonlyArray<string>, code: number, rules?: ReadonlyArray<object>]> = [
      [["--yes"], 0],
      [["--approve", "echo(text=o*)"], 0],
      [["--approve", "other", "--approve", "fx__echo"], 0],
      [["--approve", "echo(text=t*)"], 77],
      [["--yes", "--approve", "*"], 0, [{ tool: "fx__echo", decision: "deny" }]]
    ]
    for (const [flags, code, rules = []] of cases) {
      await scripted(
        script,
        async (place) => {
          const ended = await place.run(["chat", "go", ...flags], { env })
          assert.strictEqual(ended.code, code, ended.stderr)
          assert.strictEqual(ran(place).length, code === 0 && rules.length === 0 ? 1 : 0, flags.join(" "))
          if (rules.length > 0) assert.include(ended.stderr, "TOOL_DENIED")
        },
        { approval: { rules } }
      )
    }
  })

  it("refuses a rule that cannot be read", () =>
    scripted([{ text: "no" }], async (place) => {
      const ended = await place.run(["chat", "go", "--approve", "echo(text"], { env })
      assert.strictEqual(ended.code, 2)
      assert.include(ended.stderr, "--approve")
    }))

  it("asks about nothing that a trusted server calls read-only", () =>
    scripted(
      [echo("one"), { text: "Done." }],
      async (place) => {
        assert.strictEqual((await place.run(["chat", "go"], { env })).code, 0)
        assert.deepStrictEqual(ran(place), ["one"])
      },
      { trusted: true }
    ))
})
