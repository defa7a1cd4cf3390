import { assert, describe, it } from "@effect/vitest"
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import { waitFor } from "@signalbox/testing"
import { existsSync, writeFileSync } from "node:fs"
import { get } from "node:http"
import { afterAll, beforeAll } from "vitest"
import { main } from "./program.ts"
import { makePlace, type Place } from "./support.ts"

const eras = {
  legacy: "legacy",
  modern: { pin: "2026-07-28" }
} as const

/** The official client over the program as its server. */
const connected = async (
  place: Place,
  era: keyof typeof eras,
  { args = [], ...options }: ClientOptions & { readonly args?: ReadonlyArray<string> } = {}
) => {
  const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode: eras[era] }, ...options })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main, "mcp", "serve", ...args],
    cwd: place.path,
    // Where a person's own data is must not matter.
    env: { PATH: process.env["PATH"] ?? "", HOME: place.path, XDG_RUNTIME_DIR: place.path, XDG_DATA_HOME: place.path },
    stderr: "inherit"
  })
  const noise: Array<string> = []
  Object.assign(client, { onerror: (error: Error) => noise.push(error.message) })
  await client.connect(transport)
  return {
    client,
    transport,
    /** What was on standard output and is no message, among other things. */
    noise,
    [Symbol.asyncDispose]: () => client.close()
  }
}

/** The official client at an address. */
const connectedTo = async (
  url: string,
  era: keyof typeof eras,
  { token, ...options }: ClientOptions & { readonly token?: string } = {}
) => {
  const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode: eras[era] }, ...options })
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  return { client, [Symbol.asyncDispose]: () => client.close() }
}

/** The program as it listens, and where. */
const startHttp = async (place: Place, args: ReadonlyArray<string> = []) => {
  const program = place.start(["mcp", "serve", "--http", "--port", "0", ...args])
  await program.says("Listening on ")
  const url = /Listening on (\S+)/.exec(program.stdout())?.[1] ?? ""
  const stop = async () => {
    program.child.kill("SIGINT")
    return program.ended
  }
  return { url, stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

/** Options of a client that notes the names of the tools whenever it is told that they are others. */
const watching = () => {
  const seen: Array<string> = []
  const onChanged: NonNullable<NonNullable<ClientOptions["listChanged"]>["tools"]>["onChanged"] = (_, tools) =>
    void seen.push((tools ?? []).map(({ name }) => name).join(" "))
  return { seen, options: { listChanged: { tools: { onChanged } } } satisfies ClientOptions }
}

const textOf = (result: unknown): string => {
  // What `tools/call` answers is this.
  const [block] = (result as { readonly content: ReadonlyArray<{ readonly text?: string }> }).content
  return block?.text ?? ""
}

/** Asks under another name than that of the address: `fetch` sends no name of one's own. */
const statusAt = (url: string, host: string): Promise<number> =>
  new Promise((resolve, reject) =>
    get(url, { headers: { host } }, (response) => resolve(response.resume().statusCode ?? 0)).on("error", reject)
  )

const remove = { name: "Bash", arguments: { command: "rm a.txt" } }

const withFile = (place: Place): string => {
  const file = place.file("a.txt")
  writeFileSync(file, "hello\n")
  return file
}

/** Of two calls that run for long, one is cancelled, and the client leaves during the other: their commands end. */
const stopsItsCommands = async (place: Place, client: Client) => {
  const running = () =>
    waitFor(async () => (await place.servers()).length >= 2 || undefined, { description: "a command" })
  const over = () =>
    waitFor(async () => (await place.servers()).length === 0 || undefined, { description: "no command any more" })
  const sleeping = { name: "Bash", arguments: { command: "sleep 600 | sleep 601" } }
  const giveUp = new AbortController()
  const call = client.callTool(sleeping, { signal: giveUp.signal }).then(
    () => "answered",
    () => "cancelled"
  )
  await running()
  giveUp.abort()
  assert.strictEqual(await call, "cancelled")
  await over()
  const last = client.callTool(sleeping).catch(() => "closed")
  await running()
  await client.close()
  await last
  await over()
}

describe("signalbox mcp serve", () => {
  for (const era of ["legacy", "modern"] as const) {
    it(`offers the built-in tools to the official client (${era})`, async () => {
      await using place = await makePlace()
      withFile(place)
      place.configure({
        tools: { enabled: ["Read", "Bash"] },
        servers: { fx: place.server({ tools: "echo" }) },
        logging: { level: "debug" }
      })
      await using server = await connected(place, era)
      const { tools } = await server.client.listTools()
      assert.deepStrictEqual(
        tools.map(({ annotations, name }) => [name, annotations?.readOnlyHint]),
        [
          ["Read", true],
          ["Bash", false]
        ]
      )
      assert.strictEqual(server.client.getServerVersion()?.name, "signalbox")
      const read = await server.client.callTool({ name: "Read", arguments: { file_path: "a.txt" } })
      assert.include(textOf(read), "hello")
      const outside = await server.client.callTool({ name: "Read", arguments: { file_path: "../b.txt" } })
      assert.deepStrictEqual([outside.isError, textOf(outside).includes("PATH_REFUSED")], [true, true])
      const wrong = await server.client.callTool({ name: "Read", arguments: { path: 1 } })
      assert.include(textOf(wrong), "INVALID_PARAMS")
      const unknown = await server.client.callTool({ name: "echo", arguments: { text: "hi" } }).catch(String)
      assert.include(unknown, "There is no tool")
      assert.deepStrictEqual(server.noise, [])
      assert.deepStrictEqual(await place.servers(), [])
    })

    it(`asks the person behind the client, where it can (${era})`, async () => {
      await using place = await makePlace()
      const file = withFile(place)
      place.configure({ tools: { enabled: ["Bash"] } })
      {
        await using server = await connected(place, era)
        const refused = await server.client.callTool(remove)
        assert.include(textOf(refused), "APPROVAL_REQUIRED")
        assert.isTrue(existsSync(file))
      }
      await using server = await connected(place, era, { capabilities: { elicitation: { form: {} } } })
      for (const approve of [false, true]) {
        const asked: Array<string> = []
        server.client.setRequestHandler("elicitation/create", ({ params }) => {
          asked.push(params.message)
          return { action: "accept", content: { approve } }
        })
        const result = await server.client.callTool(remove)
        assert.lengthOf(asked, 1)
        assert.include(asked[0], "rm is not among the allowed commands")
        assert.include(asked[0], "rm a.txt")
        assert.strictEqual(result.isError ?? false, !approve, textOf(result))
        assert.strictEqual(existsSync(file), !approve)
        if (!approve) assert.include(textOf(result), "APPROVAL_REFUSED")
      }
    })

    it(`stops a command when its call is cancelled, and when the client leaves (${era})`, async () => {
      await using place = await makePlace()
      const { env } = place.server() as { readonly env: Readonly<Record<string, string>> }
      place.configure({
        tools: { enabled: ["Bash"], commands: { environment: env } },
        runtime: { shutdownTimeout: "100 millis" }
      })
      await using server = await connected(place, era)
      await stopsItsCommands(place, server.client)
    })
  }

  for (const era of ["legacy", "modern"] as const) {
    it(`tells of other tools once the configuration has some (${era})`, async () => {
      await using place = await makePlace()
      place.configure({ tools: { enabled: ["Read"] } })
      await using http = await startHttp(place)
      const overHttp = watching()
      const overStdio = watching()
      await using remote = await connectedTo(http.url, era, overHttp.options)
      await using local = await connected(place, era, overStdio.options)
      for (const { client } of [remote, local]) assert.lengthOf((await client.listTools()).tools, 1)
      const isTold = () => [overHttp, overStdio].every(({ seen }) => seen.includes("Read LS"))
      // A client of today's era begins to listen some time after it is connected, and is not told of what was before.
      for (let change = 0; change < 20 && !isTold(); change++) {
        place.configure({ tools: { enabled: change % 2 === 0 ? ["Read", "LS"] : ["Read"] } })
        await waitFor(isTold, { description: "the other tools", limitMs: 2000 }).catch(() => undefined)
      }
      assert.isTrue(isTold())
    })
  }

  it("lets in over HTTP who shows the token, and no page of another origin or name", async () => {
    await using place = await makePlace()
    withFile(place)
    place.configure({ tools: { enabled: ["Read"] } })
    writeFileSync(place.file("token"), "canary-token\n")
    writeFileSync(place.file("empty"), "\n")
    const alone = await place.run(["mcp", "serve", "--http", "--host", "0.0.0.0"])
    assert.deepStrictEqual([alone.code, alone.stdout], [78, ""])
    assert.include(alone.stderr, "MCP_TOKEN_MISSING")
    assert.strictEqual((await place.run(["mcp", "serve", "--http", "--token-file", "empty"])).code, 78)
    await using http = await startHttp(place, ["--host", "0.0.0.0", "--token-file", "token"])
    const url = http.url.replace("0.0.0.0", "127.0.0.1")
    for (const token of [undefined, "other"])
      assert.include(
        await connectedTo(url, "legacy", token === undefined ? {} : { token }).then(() => "let in", String),
        "Show the token of this server"
      )
    await using server = await connectedTo(url, "legacy", { token: "canary-token" })
    assert.lengthOf((await server.client.listTools()).tools, 1)
    const page = { authorization: "Bearer canary-token", origin: "https://page.example" }
    assert.strictEqual((await fetch(url, { method: "POST", headers: page })).status, 403)
    await using here = await startHttp(place)
    assert.strictEqual(await statusAt(here.url, "page.example"), 403)
    assert.notStrictEqual(await statusAt(here.url, "localhost"), 403)
  })

  it("has the tools of servers with --all, and approves by its flags", async () => {
    await using place = await makePlace()
    const file = withFile(place)
    place.configure({ tools: { enabled: ["Bash"] }, servers: { fx: place.server({ tools: "echo" }) } })
    await using server = await connected(place, "legacy", { args: ["--all", "--approve", "Bash(command=rm *)"] })
    const { tools } = await server.client.listTools()
    assert.deepStrictEqual(
      tools.map(({ name }) => name),
      ["Bash", "echo"]
    )
    assert.strictEqual(textOf(await server.client.callTool({ name: "echo", arguments: { text: "hi" } })), "hi")
    await server.client.callTool(remove)
    assert.isFalse(existsSync(file))
  })

  it("ends when its client closes its input, after the answers to what was asked before", async () => {
    await using place = await makePlace()
    place.configure({ tools: { enabled: ["Bash"] } })
    const asked = [
      {
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "pipe", version: "1.0.0" } }
      },
      { id: 2, method: "tools/call", params: { name: "Bash", arguments: { command: "sleep 0.2; echo done" } } }
    ]
    const input = asked.map((request) => `${JSON.stringify({ jsonrpc: "2.0", ...request })}\n`).join("")
    const ended = await place.run(["mcp", "serve"], { input })
    assert.strictEqual(ended.code, 0, ended.stderr)
    const answers = ended.stdout.trimEnd().split("\n")
    assert.lengthOf(answers, 2)
    assert.include(answers[1], "done")
  })

  it("says on standard error what is wrong with the configuration", async () => {
    await using place = await makePlace()
    place.configure({ tools: { enabled: ["Reed"] } })
    const ended = await place.run(["mcp", "serve"])
    assert.deepStrictEqual([ended.code, ended.stdout], [78, ""])
    assert.include(ended.stderr, "tools.enabled.0")
  })
})

describe("signalbox mcp serve --http", () => {
  let place: Place
  let http: Awaited<ReturnType<typeof startHttp>>
  beforeAll(async () => {
    place = await makePlace()
    const { env } = place.server() as { readonly env: Readonly<Record<string, string>> }
    place.configure({ tools: { enabled: ["Read", "Bash"], commands: { environment: env } } })
    http = await startHttp(place)
  })
  afterAll(() => place[Symbol.asyncDispose]())
  for (const era of ["legacy", "modern"] as const) {
    it(`answers, and asks the person behind the client (${era})`, async () => {
      const file = withFile(place)
      await using server = await connectedTo(http.url, era, { capabilities: { elicitation: { form: {} } } })
      const asked: Array<string> = []
      server.client.setRequestHandler("elicitation/create", ({ params }) => {
        asked.push(params.message)
        return { action: "accept", content: { approve: true } }
      })
      assert.include(textOf(await server.client.callTool({ name: "Read", arguments: { file_path: "a.txt" } })), "hello")
      await server.client.callTool(remove)
      assert.isFalse(existsSync(file))
      assert.lengthOf(asked, 1)
    })

    it(`stops a command when its call is cancelled, and when the client leaves (${era})`, async () => {
      await using server = await connectedTo(http.url, era)
      await stopsItsCommands(place, server.client)
    })
  }

  it("ends when it is told to, with clients of both eras connected", async () => {
    await using old = await connectedTo(http.url, "legacy")
    await using current = await connectedTo(http.url, "modern")
    for (const { client } of [old, current]) assert.lengthOf((await client.listTools()).tools, 2)
    assert.strictEqual((await http.stop()).code, 130)
  })
})
