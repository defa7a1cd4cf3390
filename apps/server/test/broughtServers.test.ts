import { assert, describe, it } from "@effect/vitest"
import { readFxMcpLog, startFxMcpHttp, tempDirectory, waitFor } from "@signalbox/testing"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { apis, post } from "./requests.ts"
import { question, shape, startServer } from "./support.ts"

const token = "token-canary-42"

/** An MCP server over HTTP that a request can bring, with its log. */
const startRemote = async (flags: Parameters<typeof startFxMcpHttp>[0] = {}) => {
  const directory = await tempDirectory()
  const log = directory.file("remote.log")
  const server = await startFxMcpHttp({ tools: "echo,add", log, ...flags })
  return {
    ...server,
    log: () => readFxMcpLog(log),
    opened: () => readFxMcpLog(log).filter(({ event, outcome }) => event === "session" && outcome === "opened").length,
    [Symbol.asyncDispose]: async () => {
      await server.close()
      await directory[Symbol.asyncDispose]()
    }
  }
}

const portOf = (url: string): number => Number(new URL(url).port)

const keys = [
  { name: "may", key: "key-of-may", mcpUrls: true },
  { name: "too", key: "key-of-too", mcpUrls: true, tools: "none" },
  { name: "not", key: "key-of-not" }
]

const localUrls = (...urls: ReadonlyArray<string>) => ({
  allowAddresses: ["127.0.0.0/8"],
  ports: [80, ...urls.map(portOf)],
  keepFor: "5 minutes"
})

type Setup = NonNullable<Parameters<typeof startServer>[0]>

/** A server for those keys, that may connect to these URLs. */
const start = (urls: ReadonlyArray<string>, setup: Setup = {}) =>
  startServer({
    mcp: { tools: "write" },
    ...setup,
    server: { auth: { mode: "keys", keys }, mcpUrls: localUrls(...urls) }
  })

type Server = Awaited<ReturnType<typeof start>>

const docs = (url: string, more: object = {}) => ({
  type: "url",
  url,
  name: "docs",
  authorization_token: token,
  ...more
})

const ask = (server: Server, more: object, key = "may", headers: Readonly<Record<string, string>> = {}) =>
  post(server, "/v1/messages", { ...question("Hi"), ...more }, { "x-api-key": `key-of-${key}`, ...headers })

const echoing = [
  { text: "I look.", toolCalls: [{ name: "echo", input: { text: "from afar" } }] },
  { text: "It says {{toolResults}}." }
] as const

const offered = (server: Server): ReadonlyArray<string> =>
  // A request of the Messages API, as fx-llm has seen it.
  ((server.fxLlm.requests.at(-1)?.body as { tools?: ReadonlyArray<{ name: string }> } | undefined)?.tools ?? []).map(
    ({ name }) => name
  )

describe("a request that brings an MCP server by its URL", () => {
  for (const streams of [false, true]) {
    it(`has its tools called there, with its token, and shows them under its name (${streams ? "streamed" : "whole"})`, async () => {
      await using remote = await startRemote()
      await using server = await start([remote.url], { script: echoing })
      const client = server.client.withOptions({ apiKey: "key-of-may" }).beta.messages
      const body = {
        ...question("Hi"),
        mcp_servers: [{ type: "url" as const, url: remote.url, name: "docs", authorization_token: token }],
        tools: [{ type: "mcp_toolset" as const, mcp_server_name: "docs" }],
        betas: ["mcp-client-2025-11-20" as const]
      }
      const message = streams ? await client.stream(body).finalMessage() : await client.create(body)
      assert.deepStrictEqual(shape(message.content), ["text", "mcp_tool_use", "mcp_tool_result", "text"])
      assert.deepInclude(message.content[1], { name: "echo", server_name: "docs", input: { text: "from afar" } })
      assert.deepInclude(message.content[3], { text: "It says from afar." })
      // Naming a server means its tools and no others.
      assert.deepStrictEqual(offered(server), ["echo", "add"])
      const reached = remote.log().filter(({ headers }) => headers !== undefined)
      assert.isNotEmpty(reached)
      for (const { headers } of reached) assert.strictEqual(headers?.["authorization"], `Bearer ${token}`)
      // What the model's provider and the log get has nothing of it.
      assert.notInclude(JSON.stringify([server.fxLlm.requests, server.logged]), token)
      assert.notInclude(JSON.stringify(server.fxLlm.requests), "mcp_servers")
    })
  }

  it("gets those of its tools that it wants, in the words of both revisions, and beside a server of the configuration", async () => {
    await using remote = await startRemote()
    await using server = await start([remote.url], { script: { text: "Yes." } })
    const some = { enabled: true, allowed_tools: ["add"] }
    await ask(server, { mcp_servers: [docs(remote.url, { tool_configuration: some })] })
    assert.deepStrictEqual(offered(server), ["add"])
    const toolset = {
      type: "mcp_toolset",
      mcp_server_name: "docs",
      default_config: { enabled: false },
      configs: { echo: { enabled: true } }
    }
    await ask(server, { mcp_servers: [docs(remote.url), { type: "url", name: "fx", url: "x" }], tools: [toolset] })
    assert.deepStrictEqual(offered(server), ["write", "echo"])
    // A key without tools of the host has its own all the same.
    await ask(server, { mcp_servers: [docs(remote.url)] }, "too")
    assert.deepStrictEqual(offered(server), ["echo", "add"])
  })

  it("shares one connection with the next requests of its client and credentials, and with nobody else", async () => {
    await using remote = await startRemote({ era: "2025" })
    await using server = await start([remote.url], { script: { text: "Yes." } })
    const body = { mcp_servers: [docs(remote.url)] }
    for (const _ of [1, 2, 3]) assert.strictEqual((await ask(server, body)).status, 200)
    assert.strictEqual(remote.opened(), 1)
    await ask(server, { mcp_servers: [docs(remote.url, { authorization_token: "another" })] })
    assert.strictEqual(remote.opened(), 2)
    await ask(server, body, "too")
    assert.strictEqual(remote.opened(), 3)
  })

  it("is refused where its key may not, with the setting that says so", async () => {
    await using remote = await startRemote()
    await using server = await start([remote.url])
    const { body, status } = await ask(server, { mcp_servers: [docs(remote.url)] }, "not")
    assert.strictEqual(status, 400)
    assert.strictEqual(body.error.type, "invalid_request_error")
    assert.include(body.error.message, 'Its URL is not connected to without mcpUrls of "not" under server.auth.keys.')
    const none = await ask(server, { mcp_servers: [docs(remote.url)] }, "may", { "x-tool-execution": "passthrough" })
    assert.strictEqual(none.status, 400)
    await using open = await startServer({ mcp: false, server: { mcpUrls: localUrls(remote.url) } })
    const local = await post(open, "/v1/messages", { ...question("Hi"), mcp_servers: [docs(remote.url)] })
    assert.include(local.body.error.message, "without server.mcpUrls.allowed.")
    assert.isEmpty(remote.log().filter(({ event }) => event !== "start"))
    assert.lengthOf([...server.fxLlm.requests, ...open.fxLlm.requests], 0)
  })

  it("is refused by its port or address with the key of the configuration that decides", async () => {
    await using remote = await startRemote()
    const refusalOf = async (mcpUrls: object) => {
      await using server = await startServer({ mcp: false, server: { mcpUrls: { ...mcpUrls, allowed: true } } })
      const { body, status } = await post(server, "/v1/messages", {
        ...question("Hi"),
        mcp_servers: [docs(remote.url)]
      })
      assert.strictEqual(status, 400)
      return body.error.message
    }
    assert.include(await refusalOf(localUrls()), "is not allowed (see server.mcpUrls.ports in the configuration).")
    const nowhere = { ...localUrls(remote.url), allowAddresses: [] }
    assert.include(await refusalOf(nowhere), "(see server.mcpUrls.allowAddresses in the configuration).")
    assert.isEmpty(remote.log().filter(({ event }) => event !== "start"))
  })

  it("reaches no server under a name that rules of the configuration are about", async () => {
    await using remote = await startRemote()
    const off = { enabled: false, transport: "stdio", command: "none", args: [], env: {} }
    await using server = await start([remote.url], { config: { "servers.off": off } })
    for (const name of ["off", "builtin", "fx__write", "fx_", "a b", "x".repeat(65)]) {
      const { body, status } = await ask(server, { mcp_servers: [docs(remote.url, { name })] })
      assert.strictEqual(status, 400, name)
      assert.include(body.error.message, name)
    }
    // This is the server of the configuration, whatever the URL says.
    server.fxLlm.use({ text: "Yes." })
    await ask(server, { mcp_servers: [docs(remote.url, { name: "fx" })] })
    assert.deepStrictEqual(offered(server), ["write"])
    assert.isEmpty(remote.log().filter(({ event }) => event !== "start"))
  })

  it("is connected to no address of this machine or its network that is not allowed, by whatever way", async () => {
    await using remote = await startRemote()
    const elsewhere = createServer((_, response) => void response.writeHead(307, { location: remote.url }).end())
    await new Promise<void>((resolve) => void elsewhere.listen(0, "127.0.0.1", resolve))
    // A server answers with the address that it listens at.
    const redirecting = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/mcp`
    await using server = await start([redirecting])
    const port = portOf(redirecting)
    for (const [url, reason] of [
      ["http://10.0.0.1/mcp", "10.0.0.1 is an address of this machine or of a private network"],
      [`http://localhost:${port}/mcp`, "localhost is a name of this machine"],
      ["http://[::1]/mcp", "::1 is an address"],
      ["http://169.254.169.254/latest/meta-data", "169.254.169.254 is an address"],
      [remote.url, `port ${portOf(remote.url)} is not allowed`],
      ["file:///etc/passwd", "only http and https"],
      [`http://user:secret@127.0.0.1:${port}/mcp`, "a user name or a password"],
      ["env:FX_KEY", "only http and https"],
      [redirecting, "Connection error while communicating with MCP server"]
    ] as const) {
      const { body, status } = await ask(server, { mcp_servers: [docs(url)] })
      assert.strictEqual(status, 400, url)
      assert.strictEqual(body.error.type, "invalid_request_error")
      assert.include(body.error.message, reason)
    }
    assert.isEmpty(remote.log().filter(({ event }) => event !== "start"))
    assert.notInclude(JSON.stringify(server.logged), token)
    elsewhere.close()
  })

  it("that does not answer is told in the words of the API, and is not tried again by itself", async () => {
    await using gone = await startRemote()
    await gone.close()
    await using wants = await startRemote({ oauth: true })
    await using silent = await startRemote({ hangInit: true })
    const config = { "runtime.connectTimeout": "1 second" }
    await using server = await start([gone.url, wants.url, silent.url], { config })
    for (const streams of [false, true]) {
      const failure = async (url: string) => {
        const { body, status } = await ask(server, { stream: streams, mcp_servers: [docs(url)] })
        assert.strictEqual(status, 400)
        assert.strictEqual(body.error.type, "invalid_request_error")
        return String(body.error.message)
      }
      assert.include(await failure(gone.url), 'Connection error while communicating with MCP server "docs": ')
      assert.include(await failure(wants.url), 'Invalid authorization token for MCP server "docs".')
      assert.include(await failure(silent.url), "did not complete the handshake")
    }
    assert.lengthOf(server.fxLlm.requests, 0)
    assert.notInclude(JSON.stringify(server.logged), token)
  })

  it("gives it up when its client leaves", async () => {
    await using silent = await startRemote({ hangInit: true, era: "2025" })
    await using server = await start([silent.url])
    const leaving = new AbortController()
    const asked = fetch(`${server.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "key-of-may" },
      body: JSON.stringify({ ...question("Hi"), mcp_servers: [docs(silent.url)] }),
      signal: leaving.signal
    }).catch(() => "left")
    await waitFor(() => silent.log().find(({ event }) => event === "initialize"), { description: "the handshake" })
    leaving.abort()
    await waitFor(() => silent.log().find(({ event }) => event === "disconnected"), { description: "its end" })
    assert.strictEqual(await asked, "left")
  })

  it("keeps no connection for longer than the configuration says", async () => {
    await using remote = await startRemote({ era: "2025" })
    await using server = await start([remote.url], {
      script: { text: "Yes." },
      config: { "server.mcpUrls.keepFor": "1 millis" }
    })
    assert.strictEqual((await ask(server, { mcp_servers: [docs(remote.url)] })).status, 200)
    await waitFor(() => remote.log().find(({ event, outcome }) => event === "session" && outcome === "ended"), {
      description: "the end of the session"
    })
  })

  it("stops a call there when its client leaves", async () => {
    await using remote = await startRemote({ tools: "sleep" })
    const call = { name: "sleep", input: { milliseconds: 300_000 } }
    await using server = await start([remote.url], { script: [{ text: "Wait.", toolCalls: [call] }] })
    const leaving = new AbortController()
    const asked = fetch(`${server.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "key-of-may" },
      body: JSON.stringify({ ...question("Hi"), mcp_servers: [docs(remote.url)] }),
      signal: leaving.signal
    }).catch(() => "left")
    await waitFor(() => remote.log().find(({ event }) => event === "call_start"), { description: "the call" })
    leaving.abort()
    const ended = await waitFor(() => remote.log().find(({ event }) => event === "call_end"), {
      description: "its end"
    })
    assert.strictEqual(ended.outcome, "cancelled")
    assert.strictEqual(await asked, "left")
  })

  it("is counted without its servers, whose tokens go nowhere", async () => {
    await using server = await start([])
    const { max_tokens: _none, ...counted } = question("Hi")
    const { status } = await post(
      server,
      "/v1/messages/count_tokens",
      { ...counted, mcp_servers: [docs("http://127.0.0.1:9/mcp")] },
      { "x-api-key": "key-of-not" }
    )
    assert.strictEqual(status, 200)
    assert.notInclude(JSON.stringify(server.fxLlm.otherRequests), token)
  })

  it("can do so over Responses, too, which shows no credentials again", async () => {
    await using remote = await startRemote()
    await using server = await start([remote.url], { script: echoing })
    const entry = { type: "mcp", server_label: "docs", server_url: remote.url, authorization: token }
    const body = {
      ...apis[2].ask("any"),
      tools: [{ ...entry, allowed_tools: ["echo"], headers: { "X-More": "more-canary" } }]
    }
    const answer = await post(server, "/v1/responses", body, { "x-api-key": "key-of-may" })
    assert.strictEqual(answer.status, 200)
    const call = answer.body.output.find(({ type }: { readonly type: string }) => type === "mcp_call")
    assert.deepInclude(call, { name: "echo", server_label: "docs", output: "from afar" })
    assert.deepStrictEqual(offered(server), ["echo"])
    const headers = remote.log().find((event) => event.headers !== undefined)?.headers
    assert.deepInclude(headers, { authorization: `Bearer ${token}`, "x-more": "more-canary" })
    const elsewhere = JSON.stringify([answer.body, server.fxLlm.requests, server.logged])
    for (const secret of [token, "more-canary"]) assert.notInclude(elsewhere, secret)
    const refused = await post(server, "/v1/responses", body, { "x-api-key": "key-of-not" })
    assert.strictEqual(refused.status, 400)
    assert.include(refused.body.error.message, 'mcpUrls of "not"')
  })
})
