import Anthropic from "@anthropic-ai/sdk"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { waitFor } from "@signalbox/testing"
import OpenAI from "openai"
import { question } from "../support.ts"
import { model } from "./Client.ts"
import { type MatrixServer, startOver } from "./upstreams.ts"

interface Leaving {
  readonly url: string
  readonly isStreamed: boolean
  readonly signal: AbortSignal
}

const openAi = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 })

/** A question over each API, which is given up by its signal. */
const clients: Readonly<Record<string, (leaving: Leaving) => PromiseLike<object>>> = {
  "@anthropic-ai/sdk": ({ isStreamed, signal, url }) =>
    new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0 }).messages.create(
      { ...question("Sleep"), stream: isStreamed },
      { signal }
    ),
  "openai chat": ({ isStreamed, signal, url }) =>
    openAi(url).chat.completions.create(
      { model, messages: [{ role: "user", content: "Sleep" }], stream: isStreamed },
      { signal }
    ),
  "openai responses": ({ isStreamed, signal, url }) =>
    openAi(url).responses.create({ model, input: "Sleep", stream: isStreamed }, { signal })
}

/** Reading is what keeps the connection of a stream. */
const readAll = async (answer: object): Promise<void> => {
  if (Symbol.asyncIterator in answer) {
    // A stream of any of the clients.
    for await (const event of answer as AsyncIterable<unknown>) void event
  }
}

describe("a client that leaves in the middle of a tool of the server", () => {
  let server: MatrixServer
  beforeAll(async () => {
    server = await startOver("claude")
  })
  afterAll(() => server[Symbol.asyncDispose]())

  for (const [name, ask] of Object.entries(clients)) {
    for (const isStreamed of [false, true]) {
      it(`stops the tool, and the model is not asked again: ${name}, ${isStreamed ? "streamed" : "whole"}`, async () => {
        server.fxLlm.use({ text: "Wait.", toolCalls: [{ name: "sleep", input: { milliseconds: 300_000 } }] })
        const asked = server.fxLlm.requests.length
        const from = server.mcpLog().length
        const event = (expected: string) =>
          waitFor(
            () =>
              server
                .mcpLog()
                .slice(from)
                .find(({ event: seen }) => seen === expected),
            {
              description: expected,
              state: () => JSON.stringify(server.mcpLog().slice(from))
            }
          )
        const leaving = new AbortController()
        const left = Promise.resolve(ask({ url: server.url, isStreamed, signal: leaving.signal }))
          .then(readAll)
          .then(
            () => "answered",
            () => "left"
          )
        await event("call_start")
        leaving.abort()
        await event("cancelled")
        assert.include(await event("call_end"), { outcome: "cancelled", tool: "sleep" })
        await left
        assert.strictEqual(server.fxLlm.requests.length - asked, 1)
      })
    }
  }
})
