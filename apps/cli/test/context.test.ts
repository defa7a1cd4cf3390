import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type FxLlm, type Script, startFxLlm } from "@signalbox/testing"
import { makePlace, type Place, upstream } from "./support.ts"

const env = { ANTHROPIC_API_KEY: "sk-canary-0123456789", OPENAI_API_KEY: "sk-canary-0123456789" }

interface Sent {
  readonly system?: ReadonlyArray<{ readonly text: string }>
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content: ReadonlyArray<Record<string, unknown>> }>
  readonly tools?: ReadonlyArray<{ readonly name: string }>
}

/** Requests of the Messages API, as fx-llm has seen them. */
const sent = (fxLlm: { readonly requests: ReadonlyArray<{ readonly body: unknown }> }) =>
  fxLlm.requests.map(({ body }) => body as Sent)

const names = ({ tools = [] }: Sent) => tools.map(({ name }) => name)

/** A window of so many tokens, without tools. */
const small = (window: number, more: object = {}) => ({
  conversation: { context: { window, reserveTokens: 100, preserveRecent: 2, ...more } }
})

const long = (word: string): string => `${word} `.repeat(100)

describe("a conversation that is longer than its model takes", () => {
  it("goes on without its oldest messages, and says so", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script: [{ when: {}, reply: { text: "Yes." } }] })
    place.configure({ ...upstream("claude", fxLlm.url), ...small(1000) })
    const words = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    const ended = await place.run(["chat"], { env, input: `${words.map(long).join("\n")}\n` })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.match(ended.stderr, /! The model is not shown the \d+ oldest messages any more/)
    const last = sent(fxLlm).at(-1)?.messages ?? []
    assert.isBelow(last.length, 15)
    assert.match(String(last[0]?.content[0]?.["text"]), /^\[\d+ earlier messages were left out/)
    assert.include(JSON.stringify(last.at(-1)), "eight eight")
  })

  it("goes on from a summary, which the next program has", async () => {
    await using place = await makePlace()
    const script: Script = [
      { when: { systemContains: "You write the memory of an assistant" }, reply: { text: "They counted." } },
      { when: {}, reply: { text: "Yes." } }
    ]
    await using fxLlm = await startFxLlm({ script })
    place.configure({
      ...upstream("claude", fxLlm.url),
      ...small(1000, { whenFull: "summary" }),
      history: { folder: "kept" }
    })
    const words = ["one", "two", "three", "four", "five", "six"]
    const ended = await place.run(["chat", "--session", "count"], { env, input: `${words.map(long).join("\n")}\n` })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.match(ended.stderr, /! The history was compacted: \d+ messages → 1 summary\./)
    const before = fxLlm.requests.length
    const next = await place.run(["chat", "--session", "count", "and now?"], { env })
    assert.strictEqual(next.code, 0, next.stderr)
    assert.strictEqual(fxLlm.requests.length, before + 1)
    assert.include(JSON.stringify(sent(fxLlm).at(-1)?.messages[0]), "They counted.")
    assert.notInclude(JSON.stringify(sent(fxLlm).at(-1)), "one one")
    const shown = await place.run(["sessions", "show", "count"])
    assert.include(shown.stdout, "one one")
    assert.match(shown.stdout, /summary They counted\./)
  })

  it("leaves out its oldest messages where no summary can be had", async () => {
    await using place = await makePlace()
    const script: Script = [
      { when: { systemContains: "You write the memory" }, reply: { fault: { kind: "status", status: 400 } } },
      { when: {}, reply: { text: "Yes." } }
    ]
    await using fxLlm = await startFxLlm({ script })
    place.configure({ ...upstream("claude", fxLlm.url), ...small(1000, { whenFull: "summary" }) })
    const words = ["one", "two", "three", "four", "five", "six", "seven"]
    const ended = await place.run(["chat"], { env, input: `${words.map(long).join("\n")}\n` })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.include(ended.stderr, "The history could not be summarised")
    assert.match(JSON.stringify(sent(fxLlm).at(-1)?.messages[0]), /earlier messages were left out/)
  })
})

const configure = (place: Place, fxLlm: FxLlm) =>
  place.configure({
    ...upstream("claude", fxLlm.url),
    servers: { fx: place.server({ tools: "echo" }) },
    history: { folder: "kept" },
    conversation: { approval: { mode: "auto" }, context: { maxResultTokens: 100 } }
  })

describe("a long result of a tool", () => {
  const text = Array.from({ length: 300 }, (_, index) => `line ${index + 1}`).join(" ")
  const script: Script = [
    { when: { hasToolResults: true }, reply: { text: "Got it." } },
    { when: {}, reply: { toolCalls: [{ name: "echo", input: { text } }] } }
  ]

  it("is kept with the conversation, for its user alone, until that is removed", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script })
    configure(place, fxLlm)
    const ended = await place.run(["chat", "--session", "log", "go"], { env })
    assert.strictEqual(ended.code, 0, ended.stderr)
    const [first, second] = sent(fxLlm)
    assert.deepStrictEqual(first === undefined ? [] : names(first), ["echo"])
    assert.deepStrictEqual(second === undefined ? [] : names(second), ["echo", "read_tool_result"])
    const shown = JSON.stringify(second?.messages.at(-1))
    assert.include(shown, "are left out here")
    assert.notInclude(shown, "line 150 ")
    const folder = place.file("kept/log.results")
    const [file = ""] = readdirSync(folder)
    assert.strictEqual(statSync(join(folder, file)).mode & 0o777, 0o600)
    assert.include(readFileSync(join(folder, file), "utf8"), "line 150 ")
    assert.strictEqual((await place.run(["sessions", "delete", "log", "--yes"])).code, 0)
    assert.deepStrictEqual(
      readdirSync(place.file("kept")).filter((name) => name.startsWith("log.")),
      []
    )
  })

  it("of a conversation without a name goes with it", async () => {
    await using place = await makePlace()
    await using fxLlm = await startFxLlm({ script })
    configure(place, fxLlm)
    const ended = await place.run(["chat", "go"], { env })
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.include(JSON.stringify(sent(fxLlm).at(-1)), "The whole result is kept as")
    assert.deepStrictEqual(readdirSync(place.file("kept")), [])
  })
})

describe("tools that are too many for their budget", () => {
  it("are found by a tool, over a real server", async () => {
    await using place = await makePlace()
    const script: Script = [
      {
        when: { lastToolResultContains: "can be called now" },
        reply: { toolCalls: [{ name: "add", input: { a: 20, b: 22 } }] }
      },
      { when: { hasToolResults: true }, reply: { text: "Said: {{lastToolResult}}" } },
      { when: {}, reply: { toolCalls: [{ name: "search_tools", input: { query: "add numbers" } }] } }
    ]
    await using fxLlm = await startFxLlm({ script })
    place.configure({
      ...upstream("claude", fxLlm.url),
      servers: { fx: place.server({ tools: "echo,add,sleep,write" }) },
      conversation: {
        approval: { mode: "deny", rules: [{ tool: "add", decision: "allow" }] },
        context: { toolTokenBudget: 10, pinnedTools: ["ech*"] }
      }
    })
    const ended = await place.run(["chat", "go"], { env })
    assert.include(ended.stdout, "Said: 42", ended.stderr)
    const offered = sent(fxLlm).map(names)
    assert.deepStrictEqual(offered[0], ["echo", "search_tools"])
    assert.deepStrictEqual(offered[1]?.slice(0, 3), ["echo", "search_tools", "add"])
    assert.deepStrictEqual(offered[2], offered[1])
  })
})
