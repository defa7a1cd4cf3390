import { assert, describe, it } from "@effect/vitest"
import { nodePlatform } from "@signalbox/host/node"
import { type CaseResult, conformanceCases, issueOf, runConformance } from "@signalbox/server/conformance"
import { Effect, Redacted } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { startServer } from "./support.ts"

const ask = (url: string, model: string, apiKey?: string) =>
  Effect.runPromise(
    runConformance({
      url,
      model,
      apis: ["messages", "chat", "responses"],
      concurrency: 4,
      apiKey: apiKey === undefined ? undefined : Redacted.make(apiKey)
    }).pipe(Effect.provide(nodePlatform))
  )

const wrong = (results: ReadonlyArray<CaseResult>) => results.filter(({ issue }) => issue !== undefined)

describe("the cases of conformance", () => {
  for (const upstream of ["claude", "chat", "responses"] as const) {
    it(`are all answered as they have to be, over ${upstream}`, async () => {
      await using server = await startServer({
        mcp: false,
        provider: upstream === "claude" ? "claude" : "openai",
        script: { thinking: "Hm.", text: "Bern." },
        config: upstream === "responses" ? { "providers.openai.api": "responses" } : {}
      })
      const model = `${upstream === "claude" ? "claude" : "openai"}/any`
      const results = await ask(server.url, model)
      assert.deepStrictEqual(wrong(results), [])
      assert.lengthOf(results, conformanceCases.length)
      assert.isAbove(results.length, 80)
    })
  }

  it("bring a key where one is asked for", async () => {
    const auth = { mode: "keys", keys: [{ name: "a", key: "env:A_KEY" }] }
    await using server = await startServer({
      mcp: false,
      script: { text: "Bern." },
      config: { "server.auth": auth },
      environment: { A_KEY: "sk-canary-conformance" }
    })
    assert.deepStrictEqual(wrong(await ask(server.url, "claude/any", "sk-canary-conformance")), [])
    const refused = wrong(await ask(server.url, "claude/any"))
    const keyless = conformanceCases.filter(({ expected }) => expected.is === "not found")
    assert.lengthOf(refused, conformanceCases.length - keyless.length)
    assert.isTrue(refused.every(({ issue }) => issue?.startsWith("the status is 401") === true))
  })

  it("find a server wrong in each of them that answers them all alike, or not at all", async () => {
    const server = createServer((_request, response) => response.end('{"data":[{}]}')).listen(0, "127.0.0.1")
    await once(server, "listening")
    // A listening TCP server has an address with a port.
    const { port } = server.address() as AddressInfo
    assert.lengthOf(wrong(await ask(`http://127.0.0.1:${port}`, "any")), conformanceCases.length)
    server.close()
    await once(server, "close")
    const gone = await ask(`http://127.0.0.1:${port}`, "any")
    assert.isTrue(gone.every(({ issue }) => issue?.startsWith("there is no answer") === true))
  })
})

const event = (data: { readonly type: string; readonly [field: string]: unknown }) =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

const start = (index: number, type = "text") => event({ type: "content_block_start", index, content_block: { type } })
const words = (index: number) =>
  event({ type: "content_block_delta", index, delta: { type: "text_delta", text: "Bern." } })
const stop = (index: number) => event({ type: "content_block_stop", index })
const message = { type: "message", role: "assistant", id: "msg_1", model: "m", content: [] }
const begin = event({ type: "message_start", message: { ...message, usage: { input_tokens: 1, output_tokens: 0 } } })
const end = `${event({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } })}${event({ type: "message_stop" })}`

describe("a stream of the Messages API", () => {
  const streamed = conformanceCases.find(({ api, expected }) => api === "messages" && expected.is === "stream")
  const issue = (text: string) =>
    streamed === undefined
      ? assert.fail("there is no such case")
      : issueOf(streamed, { status: 200, headers: { "content-type": "text/event-stream" }, text }, "m")

  it("is right with one block after the other, and pings between them", () => {
    const ping = event({ type: "ping" })
    assert.isUndefined(issue(`${begin}${ping}${start(0)}${words(0)}${stop(0)}${start(1)}${words(1)}${stop(1)}${end}`))
  })

  for (const [what, text, reason] of [
    ["a block inside another", `${begin}${start(0)}${start(1)}${end}`, "before the one before it has ended"],
    ["a number left out", `${begin}${start(1)}${words(1)}${stop(1)}${end}`, "should have the number 0"],
    ["a delta of another kind", `${begin}${start(0, "thinking")}${words(0)}${end}`, "a text_delta stands in a block"],
    ["a delta of no block", `${begin}${words(0)}${end}`, "of no block that is open"],
    ["a block without an end", `${begin}${start(0)}${words(0)}${end}`, "the last block has no end"],
    ["nothing said", `${begin}${start(0)}${stop(0)}${end}`, "neither text nor a call"],
    ["an error in it", `${begin}${event({ type: "error", error: {} })}${end}`, "it has an error"],
    ["two beginnings", `${begin}${begin}${end}`, "several beginnings"],
    ["no end", `${begin}${start(0)}${words(0)}${stop(0)}`, "several beginnings or ends"],
    ["unnamed events", `${begin}${words(0)}${end}`.replaceAll(/event: .*\n/g, ""), "not named after its type"]
  ] as const) {
    it(`is wrong with ${what}`, () => {
      assert.include(issue(text), reason)
    })
  }
})
