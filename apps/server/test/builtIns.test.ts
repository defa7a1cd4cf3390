import { assert, describe, it } from "@effect/vitest"
import { Host } from "@signalbox/host"
import { Effect } from "effect"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import OpenAI from "openai"
import { apis, post } from "./requests.ts"
import { question, startServer } from "./support.ts"

const notebook = (source: string) =>
  JSON.stringify({
    cells: [{ cell_type: "markdown", id: "one", metadata: {}, source: [source] }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5
  })

/** A page, and a search engine that finds it. */
const startWeb = async () => {
  const server = createServer((request, response) => {
    const isSearch = request.url?.startsWith("/search") ?? false
    response.writeHead(200, { "content-type": isSearch ? "application/json" : "text/html" })
    const found = { title: "The page", url: "https://example.com/page", content: "about signals" }
    response.end(isSearch ? JSON.stringify({ results: [found] }) : "<h1>Signals</h1><p>They are <b>red</b>.</p>")
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  // It listens on a port.
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    }
  }
}

/** Every built-in tool in an order in which each has something to work on, with a part of its answer. */
const callsOf = (url: string): ReadonlyArray<readonly [name: string, input: object, answer: string]> => [
  ["Write", { file_path: "notes/a.txt", content: "one\ntwo\n" }, "notes/a.txt"],
  ["Read", { file_path: "notes/a.txt" }, "two"],
  ["Edit", { file_path: "notes/a.txt", old_string: "two", new_string: "2" }, "notes/a.txt"],
  ["MultiEdit", { file_path: "notes/a.txt", edits: [{ old_string: "one", new_string: "1" }] }, "notes/a.txt"],
  ["Glob", { pattern: "**/*.txt" }, "a.txt"],
  ["Grep", { pattern: "^2$", output_mode: "content" }, "2"],
  ["LS", { path: "." }, "notes"],
  ["NotebookRead", { notebook_path: "book.ipynb" }, "before"],
  ["NotebookEdit", { notebook_path: "book.ipynb", cell_id: "one", new_source: "after" }, "book.ipynb"],
  ["TodoWrite", { todos: [{ content: "look around", status: "pending", priority: "high" }] }, "look around"],
  ["TodoRead", {}, "look around"],
  ["Bash", { command: "cat notes/a.txt" }, "1\n2"],
  ["Task", { description: "count", prompt: "Count to three" }, "one two three"],
  ["WebFetch", { url: `${url}/page` }, "Signals"],
  ["WebSearch", { query: "signals" }, "https://example.com/page"]
]

const folderOf = (server: Awaited<ReturnType<typeof startServer>>) =>
  server.runtime.runPromise(Effect.map(Host, ({ config }) => config.directory))

/** Lets the tools reach the pages of the test, which are private. */
const webConfig = ({ port, url }: { readonly port: number; readonly url: string }) => ({
  "tools.urls.allowAddresses": ["127.0.0.0/8"],
  "tools.urls.ports": [port],
  "tools.search.provider": "searxng",
  "tools.search.url": url
})

describe("the built-in tools over HTTP", () => {
  it("are called in one conversation, each of the fifteen", async () => {
    await using web = await startWeb()
    const calls = callsOf(web.url)
    const replies = calls.flatMap(([name, input]) => [
      { toolCalls: [{ name, input }] },
      // The task is given to a conversation of its own.
      ...(name === "Task" ? [{ text: "one two three" }] : [])
    ])
    await using server = await startServer({
      mcp: false,
      script: [...replies, { text: "All done." }],
      config: {
        "server.tools": "all",
        "tools.enabled": calls.map(([name]) => name),
        "conversation.maxHops": 20,
        ...webConfig(web)
      }
    })
    const folder = await folderOf(server)
    await writeFile(`${folder}/book.ipynb`, notebook("before"))
    const message = await server.client.beta.messages.create(question("Use all of them"))
    const results = message.content.flatMap((block) => (block.type === "mcp_tool_result" ? [block] : []))
    assert.deepStrictEqual(
      results.map((result) => result.is_error),
      calls.map(() => false),
      JSON.stringify(results)
    )
    for (const [index, [name, , answer]] of calls.entries())
      assert.include(JSON.stringify(results[index]?.content), JSON.stringify(answer).slice(1, -1), name)
    const uses = message.content.flatMap((block) => (block.type === "mcp_tool_use" ? [block] : []))
    assert.deepStrictEqual(
      uses.map(({ name, server_name }) => [name, server_name]),
      calls.map(([name]) => [name, "builtin"])
    )
    assert.strictEqual(await readFile(`${folder}/notes/a.txt`, "utf8"), "1\n2\n")
    assert.include(await readFile(`${folder}/book.ipynb`, "utf8"), "after")
  })

  const removing = {
    mcp: false,
    script: [
      { when: { hasToolResults: false }, reply: { toolCalls: [{ name: "Bash", input: { command: "rm a.txt" } }] } },
      { when: { hasToolResults: true }, reply: { text: "{{lastToolResult}}" } }
    ],
    config: { "server.tools": "all", "tools.enabled": ["Bash"] }
  } as const

  it("run a command that no list allows only when the request approves it, over every API", async () => {
    for (const { ask, name, path } of apis) {
      await using server = await startServer(removing)
      const file = `${await folderOf(server)}/a.txt`
      await writeFile(file, "x")
      const refused = await post(server, path, ask("claude-any"))
      assert.strictEqual(refused.status, 200, name)
      const told = JSON.stringify(refused.body)
      // Where the API has an item for it, that is shown instead of an error.
      if (name === "Responses") assert.include(told, "mcp_approval_request")
      else assert.include(told, "x-tool-approval", name)
      // The turn ends there: the model could do nothing else.
      assert.lengthOf(server.fxLlm.requests, 1, name)
      assert.strictEqual(await readFile(file, "utf8"), "x")
      const approved = await post(server, path, ask("claude-any"), { "x-tool-approval": "Bash(command=rm *)" })
      assert.notInclude(JSON.stringify(approved.body), "APPROVAL_REQUIRED", name)
      assert.isTrue(
        await readFile(file, "utf8").then(
          () => false,
          () => true
        ),
        name
      )
    }
  })

  it("have a command wait that a person is to be asked about, and run it once that is approved (Responses)", async () => {
    for (const approve of [false, true]) {
      await using server = await startServer(removing)
      const file = `${await folderOf(server)}/a.txt`
      await writeFile(file, "x")
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "any", maxRetries: 0 })
      const input: Array<OpenAI.Responses.ResponseInputItem> = [{ role: "user", content: "Remove it." }]
      const first = await client.responses.create({ model: "claude-any", input })
      const request = first.output.find((item) => item.type === "mcp_approval_request")
      assert.deepInclude(request, { name: "Bash", server_label: "builtin", arguments: '{"command":"rm a.txt"}' })
      assert.strictEqual(await readFile(file, "utf8"), "x")
      const second = await client.responses.create({
        model: "claude-any",
        input: [
          ...input,
          // What the client sends back is what it got: the SDK's types of the two differ in fields that are not there.
          ...(first.output as typeof input),
          { type: "mcp_approval_response", approval_request_id: request?.id ?? "", approve }
        ]
      })
      assert.strictEqual(existsSync(file), !approve)
      assert.include(JSON.stringify(second.output), approve ? "mcp_call" : "APPROVAL_REFUSED")
    }
  })

  it("are for keys that may use them, by the name builtin", async () => {
    const keys = [
      { name: "tools", key: "key-of-tools", tools: ["builtin"] },
      { name: "fx", key: "key-of-fx", tools: ["fx"] },
      { name: "none", key: "key-of-none", tools: "none" },
      { name: "all", key: "key-of-all", tools: "all" },
      { name: "usual", key: "key-of-usual" }
    ]
    await using server = await startServer({
      script: { text: "Well." },
      mcp: { tools: "echo" },
      config: { "server.auth": { mode: "keys", keys }, "tools.enabled": ["Read", "LS"] }
    })
    const offered: Record<string, ReadonlyArray<string>> = {}
    for (const { name } of keys) {
      await server.post(JSON.stringify(question("Well?")), { "x-api-key": `key-of-${name}` })
      offered[name] = server.fxLlm.requests.at(-1)?.offeredTools ?? []
    }
    assert.deepStrictEqual(offered, {
      tools: ["Read", "LS"],
      fx: ["echo"],
      none: [],
      all: ["Read", "LS", "echo"],
      // Who says nothing of them shows nobody what this machine has.
      usual: ["echo"]
    })
  })

  it("are chosen by a request, which cannot have them where its key may not", async () => {
    await using server = await startServer({
      script: { text: "Well." },
      mcp: { tools: "echo" },
      config: { "tools.enabled": ["Read", "LS"], "server.tools": ["builtin"] }
    })
    const wish = (name: string) =>
      server.post(
        JSON.stringify({
          ...question("Well?"),
          mcp_servers: [{ type: "url", name, url: "https://signalbox.invalid" }]
        }),
        { "anthropic-beta": "mcp-client-2025-11-20" }
      )
    assert.strictEqual((await wish("builtin")).status, 200)
    assert.deepStrictEqual(server.fxLlm.requests.at(-1)?.offeredTools, ["Read", "LS"])
    assert.notStrictEqual((await wish("fx")).status, 200)
  })
})
