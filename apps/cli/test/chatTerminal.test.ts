import { assert, describe, it } from "@effect/vitest"
import { startFxLlm, waitFor } from "@signalbox/testing"
import { readFileSync, writeFileSync } from "node:fs"
import { makePlace, type Place, type Terminal, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }
const up = "\u001b[A"
const altEnter = "\u001b\r"
const paste = (text: string): string => `\u001b[200~${text}\u001b[201~`
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64"
)

type Script = NonNullable<Parameters<typeof startFxLlm>[0]>["script"]

const answering: Script = [{ when: {}, reply: { text: "Well said." } }]

/** A person who talks to a model with a script; what the model was asked is given along. */
const inChat = async (
  script: Script,
  talk: (
    terminal: Terminal,
    place: Place,
    asked: () => ReadonlyArray<{ readonly text: string; readonly body: string }>
  ) => Promise<void>,
  config: Readonly<Record<string, unknown>> = {}
) => {
  await using place = await makePlace()
  await using fxLlm = await startFxLlm(script === undefined ? {} : { script })
  place.configure({ ...upstream("claude", fxLlm.url), ...config })
  const terminal = place.startOnTerminal(["chat"], env)
  await terminal.sees("you ›")
  const asked = () => fxLlm.requests.map(({ lastUserText, rawBody }) => ({ text: lastUserText, body: rawBody }))
  await talk(terminal, place, asked)
  await terminal.sees("you ›")
  assert.strictEqual((await terminal.leave()).code, 0)
}

/** Says something and waits for the answer. */
const say = async (terminal: Terminal, keys: string) => {
  terminal.press(keys)
  await terminal.sees("Well said.")
}

describe("a person who types", () => {
  it("sends several rows as one message, by a key, a backslash, quotation marks, or pasted", () =>
    inChat(answering, async (terminal, _, asked) => {
      await say(terminal, `one${altEnter}two\r`)
      await terminal.sees("you ›")
      terminal.press("three \\\r")
      await terminal.sees("  …")
      await say(terminal, "four\r")
      await terminal.sees("you ›")
      terminal.press('"""\r')
      await terminal.sees("  …")
      terminal.press("five\r")
      await terminal.sees("  …")
      terminal.press("six\r")
      await terminal.sees("  …")
      await say(terminal, '"""\r')
      await terminal.sees("you ›")
      const long = Array.from({ length: 42 }, (_line, index) => `\trow ${index}`).join("\r")
      terminal.press(`read ${paste(long)}`)
      await terminal.sees("read [pasted 42 lines]")
      await say(terminal, "\r")
      assert.deepStrictEqual(
        asked().map(({ text }) => text),
        ["one\ntwo", "three \nfour", "five\nsix", `read ${long.replaceAll("\r", "\n")}`]
      )
    }))

  it("finds what was typed in an earlier chat, but no secret and nothing behind a blank", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: answering ?? [] })
    place.configure(upstream("claude", fxLlm.url))
    const first = place.startOnTerminal(["chat"], env)
    await first.sees("you ›")
    for (const keys of [`one${altEnter}two\r`, " hidden\r", "my key is sk-ant-REDACTED\r"]) {
      await say(first, keys)
      await first.sees("you ›")
    }
    await first.leave()
    const second = place.startOnTerminal(["chat"], env)
    await second.sees("you ›")
    second.press(up)
    await second.sees("one⏎two")
    await say(second, " again\r")
    assert.strictEqual(fxLlm.requests.at(-1)?.lastUserText, "one\ntwo again")
    const kept = place.file(".local/share/signalbox/conversations/prompt.history")
    assert.notInclude(readFileSync(kept, "utf8"), "sk-ant")
    await second.sees("you ›")
    await second.leave()
  })

  it("completes commands, takes back a line with Ctrl-C, and leaves only when that is meant", () =>
    inChat(answering, async (terminal, _, asked) => {
      terminal.press("/stat\t")
      await terminal.sees("/status")
      terminal.press("\r")
      await terminal.sees("claude/fx-model")
      await terminal.sees("you ›")
      terminal.press("not this\u0003")
      await terminal.sees("you ›")
      await say(terminal, "this\r")
      assert.deepStrictEqual(
        asked().map(({ text }) => text),
        ["this"]
      )
    }))

  it("sends pictures by their paths; one that is not there is told, and the message stays", () =>
    inChat(answering, async (terminal, place, asked) => {
      writeFileSync(place.file("my pic.png"), picture)
      await say(terminal, "what is 'my pic.png'\r")
      assert.include(asked()[0]?.body, picture.toString("base64"))
      await terminal.sees("you ›")
      terminal.press("and /nowhere/x.png\r")
      await terminal.sees("there is no such file")
      await terminal.sees("and /nowhere/x.png")
      assert.lengthOf(asked(), 1)
      await say(terminal, "\r")
      assert.strictEqual(asked()[1]?.text, "and /nowhere/x.png")
      await terminal.sees("you ›")
      // Whoever pastes a text has not named what stands in it.
      await say(terminal, `${paste("see\n'my pic.png'\nthere")}\r`)
      assert.strictEqual(asked()[2]?.body.split(picture.toString("base64")).length, 2)
    }))
})

describe("a person who reads", () => {
  it("sees Markdown without its marks, and in one line what the turn has used", () =>
    inChat(
      [{ when: {}, reply: { text: "# Title\n\nA **bold** word.\n", usage: { inputTokens: 12, outputTokens: 7 } } }],
      async (terminal) => {
        terminal.press("go\r")
        await terminal.sees("\u001b[1m\u001b[4mTitle\u001b[24m\u001b[22m")
        await terminal.sees("A \u001b[1mbold\u001b[22m word.")
        await terminal.sees("tokens in")
      }
    ))

  it("sees what goes on while nothing else is printed, and no trace of it", () =>
    inChat([{ when: {}, reply: { text: "Well said.", firstByteDelayMs: 1500 } }], async (terminal) => {
      terminal.press("go\r")
      await terminal.sees("the model · ")
      await terminal.sees("\r\u001b[KWell said.")
    }))

  it("sees what an edit would change before saying yes, and the change of one that was not asked about", () =>
    inChat(
      [
        { toolCalls: [{ name: "Edit", input: { file_path: "a.txt", old_string: "two", new_string: "2" } }] },
        { text: "Well said." },
        {
          toolCalls: [
            {
              name: "Write",
              input: { file_path: "b.txt", content: Array.from({ length: 60 }, (_, row) => `row ${row}`).join("\n") }
            }
          ]
        },
        { text: "Well said." }
      ],
      async (terminal, place) => {
        writeFileSync(place.file("a.txt"), "one\ntwo\nthree\n")
        terminal.press("edit\r")
        await terminal.sees("-two")
        await terminal.sees("+2")
        await terminal.sees("Run it?")
        assert.strictEqual(readFileSync(place.file("a.txt"), "utf8"), "one\ntwo\nthree\n")
        await say(terminal, "y\r")
        assert.strictEqual(readFileSync(place.file("a.txt"), "utf8"), "one\n2\nthree\n")
        await terminal.sees("you ›")
        terminal.press("write\r")
        await terminal.sees("new, +60 -0")
        await terminal.sees("… 22 more")
        await terminal.sees("Run it?")
        terminal.press("d\r")
        await terminal.sees("+row 59")
        await terminal.sees("Run it?")
        await say(terminal, "y\r")
        await terminal.sees("you ›")
        terminal.press("/undo\r")
        await waitFor(() => terminal.stdout().includes("is gone again"), { description: "the undo" })
      },
      { tools: { enabled: ["Write", "Edit"] }, conversation: { approval: { mode: "ask" } } }
    ))
})
