import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import { fxMcpCommand, type Script } from "@signalbox/testing"
import { callerTool, question, startServer } from "./support.ts"

interface Sent {
  readonly tools?: ReadonlyArray<{ readonly name: string }>
  readonly messages: ReadonlyArray<{ readonly content: unknown }>
}

type Server = Awaited<ReturnType<typeof startServer>>

/** Requests of the Messages API, as fx-llm has seen them. */
const sent = (server: Server): ReadonlyArray<Sent> => server.fxLlm.requests.map(({ body }) => body as Sent)

const names = (request: Sent | undefined) => (request?.tools ?? []).map(({ name }) => name)

const entry = (tools: "echo,add" | "sleep,write") => ({
  enabled: true,
  transport: "stdio",
  env: {},
  ...fxMcpCommand({ tools })
})

const servers = { servers: { a: entry("echo,add"), b: entry("sleep,write") } }

const ask = (
  server: Server,
  messages: ReadonlyArray<Anthropic.MessageParam>,
  tools: ReadonlyArray<Anthropic.Tool> = []
) =>
  server.client.messages.create({
    model: "claude-sonnet-5-5",
    max_tokens: 100,
    messages: [...messages],
    tools: [...tools]
  })

const textOf = ({ content }: Anthropic.Message) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("")

const searchAndAdd: Script = [
  {
    when: { lastToolResultContains: "can be called now" },
    reply: { toolCalls: [{ name: "add", input: { a: 20, b: 22 } }] }
  },
  { when: { hasToolResults: true }, reply: { text: "Said: {{lastToolResult}}" } },
  { when: { lastUserTextContains: "again" }, reply: { text: "Once more." } },
  { when: {}, reply: { toolCalls: [{ name: "search_tools", input: { query: "add numbers" } }] } }
]

describe("a request to a server with too many tools", () => {
  it("gets one that finds the others beside its own, and what was found from then on", async () => {
    await using server = await startServer({
      mcp: false,
      script: searchAndAdd,
      config: { ...servers, "conversation.context.toolTokenBudget": 10 }
    })
    const own = [callerTool("read_file")]
    const first = await ask(server, [{ role: "user", content: "What is 20 + 22?" }], own)
    assert.include(textOf(first), "Said: 42")
    assert.deepStrictEqual(sent(server).map(names), [
      ["read_file", "search_tools"],
      ["read_file", "search_tools", "add"],
      ["read_file", "search_tools", "add"]
    ])
    // The client sends back what it got: the next request begins with the same list.
    const history: ReadonlyArray<Anthropic.MessageParam> = [
      { role: "user", content: "What is 20 + 22?" },
      // As the SDK itself says to send an answer back.
      { role: "assistant", content: first.content as Anthropic.ContentBlockParam[] },
      { role: "user", content: "And again?" }
    ]
    assert.include(textOf(await ask(server, history, own)), "Once more.")
    assert.deepStrictEqual(names(sent(server).at(-1)), ["read_file", "search_tools", "add"])
  })

  it("that brings many tools itself gets all of them: they are its own matter", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "Yes." },
      config: { "conversation.context.toolTokenBudget": 10 }
    })
    const own = Array.from({ length: 30 }, (_, index) => callerTool(`own_${index}`))
    await ask(server, [{ role: "user", content: "Hi" }], own)
    assert.lengthOf(names(sent(server)[0]), 30)
  })

  it("is sent with all that it says, however long: its client shortens it", async () => {
    await using server = await startServer({
      mcp: false,
      script: { text: "Yes." },
      config: { ...servers, "conversation.context.window": 300, "conversation.context.reserveTokens": 100 }
    })
    const messages = Array.from({ length: 21 }, (_, index): Anthropic.MessageParam => ({
      role: index % 2 === 0 ? "user" : "assistant",
      content: "word ".repeat(50)
    }))
    await ask(server, messages)
    assert.lengthOf(sent(server)[0]?.messages ?? [], 21)
  })
})

describe("a long result of a tool of the server", () => {
  const text = Array.from({ length: 300 }, (_, index) => `line ${index + 1}`).join(" ")

  it("is shown in part, and read on by a later request of the same client and no other", async () => {
    await using server = await startServer({
      keepsResults: true,
      mcp: { tools: "echo" },
      script: [
        { when: { hasToolResults: true }, reply: { text: "Got it." } },
        { when: {}, reply: { toolCalls: [{ name: "echo", input: { text } }] } }
      ],
      environment: { ADA: "key-of-ada-0123456789", BOB: "key-of-bob-0123456789" },
      config: {
        "conversation.context.maxResultTokens": 100,
        "server.auth": {
          mode: "keys",
          keys: [
            { name: "ada", key: "env:ADA" },
            { name: "bob", key: "env:BOB" }
          ]
        }
      }
    })
    const post = async (key: string, messages: ReadonlyArray<unknown>) => {
      const body = { ...question("go"), messages }
      const answer = await server.post(JSON.stringify(body), { "x-api-key": key })
      assert.strictEqual(answer.status, 200)
      // The answer of the Messages API.
      return (await answer.json()) as Anthropic.Message
    }
    const asked = { role: "user", content: "go" }
    const first = await post("key-of-ada-0123456789", [asked])
    assert.deepStrictEqual(sent(server).map(names), [["echo"], ["echo", "read_tool_result"]])
    const [, id] = /kept as \\?"(r_[a-z0-9-]+)\\?"/.exec(JSON.stringify(first.content)) ?? []
    assert.isString(id)
    const piece = { name: "read_tool_result", input: { id, offset: 1500 } }
    server.fxLlm.use([
      { when: { hasToolResults: true }, reply: { text: "Read: {{lastToolResult}}" } },
      { when: {}, reply: { toolCalls: [piece] } }
    ])
    const history = [asked, { role: "assistant", content: first.content }, { role: "user", content: "read on" }]
    const own = await post("key-of-ada-0123456789", history)
    assert.include(textOf(own), "[Characters 1500 to 1900 of")
    const other = await post("key-of-bob-0123456789", history)
    assert.include(textOf(other), `There is no result "${id}"`)
  })
})
