import { createAnthropic } from "@ai-sdk/anthropic"
import { createOpenAI } from "@ai-sdk/openai"
import Anthropic from "@anthropic-ai/sdk"
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema"
import Anthropic0 from "@anthropic-ai/sdk-0"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { generateText, isStepCount, jsonSchema, type LanguageModel, streamText, tool } from "ai"
import OpenAI from "openai"
import { describe as said, model, pathSchema } from "./Client.ts"
import { type MatrixServer, startOver, upstreams } from "./upstreams.ts"

const name = "read_file"

/** That helper reads the type of the input from a schema that is constant. */
const strictSchema = { type: "object", properties: { path: { type: "string" } }, required: ["path"] } as const

/** One tool of the caller, run by the client. */
type ReadFile = (given: { readonly path: string }) => string

/** Runs a whole task, and gives its last words. */
type Runner = (url: string, readFile: ReadFile, isStreamed: boolean) => Promise<string>

const anthropicRunner =
  (Sdk: typeof Anthropic): Runner =>
  async (url, readFile, isStreamed) => {
    const client = new Sdk({ baseURL: url, apiKey: "any", maxRetries: 0 })
    const ours = betaTool({ name, description: said(name), inputSchema: strictSchema, run: readFile })
    // Version 1 tries to keep the conversation at the server, and goes on without when told to.
    const request = { model, max_tokens: 100, messages: [{ role: "user" as const, content: "Go" }], tools: [ours] }
    const { messages } = client.beta
    const runner = isStreamed ? messages.toolRunner({ ...request, stream: true }) : messages.toolRunner(request)
    const { content, stop_reason } = await runner.runUntilDone()
    assert.strictEqual(stop_reason, "end_turn")
    const last = content.at(-1)
    return last?.type === "text" ? last.text : ""
  }

const openAiRunner: Runner = async (url, readFile, isStreamed) => {
  const { completions } = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 }).chat
  const ours = {
    type: "function" as const,
    function: {
      name,
      description: said(name),
      parameters: pathSchema,
      // Its schema has been checked by then.
      parse: (text: string) => JSON.parse(text) as { readonly path: string },
      function: readFile
    }
  }
  const request = { model, messages: [{ role: "user" as const, content: "Go" }], tools: [ours] }
  const runner = isStreamed ? completions.runTools({ ...request, stream: true }) : completions.runTools(request)
  return (await runner.finalContent()) ?? ""
}

const aiSdkRunner =
  (modelAt: (url: string) => LanguageModel): Runner =>
  async (url, readFile, isStreamed) => {
    const ours = tool({
      description: said(name),
      inputSchema: jsonSchema<{ readonly path: string }>(pathSchema),
      execute: readFile
    })
    const request = {
      model: modelAt(url),
      prompt: "Go",
      maxRetries: 0,
      tools: { [name]: ours },
      stopWhen: isStepCount(10),
      providerOptions: { openai: { store: false } }
    }
    return isStreamed ? streamText(request).text : (await generateText(request)).text
  }

const openAiAt = (url: string) => createOpenAI({ baseURL: `${url}/v1`, apiKey: "any" })

const runners: Readonly<Record<string, Runner>> = {
  "@anthropic-ai/sdk 1, which prefers threads": anthropicRunner(Anthropic),
  // What is used here is alike in both.
  "@anthropic-ai/sdk 0": anthropicRunner(Anthropic0 as unknown as typeof Anthropic),
  "openai chat": openAiRunner,
  "ai + anthropic": aiSdkRunner((url) => createAnthropic({ baseURL: `${url}/v1`, apiKey: "any" })(model)),
  "ai + openai chat": aiSdkRunner((url) => openAiAt(url).chat(model)),
  "ai + openai responses": aiSdkRunner((url) => openAiAt(url).responses(model))
}

const script = [
  {
    text: "Both.",
    toolCalls: [
      { name: "add", input: { a: 1, b: 2 } },
      { name, input: { path: "a.txt" } }
    ]
  },
  { toolCalls: [{ name: "echo", input: { text: "{{lastToolResult}}" } }] },
  { toolCalls: [{ name, input: { path: "b.txt" } }] },
  { text: "Read: {{lastToolResult}}" }
]

for (const upstream of upstreams) {
  describe(`a client that runs tools itself, over ${upstream}`, () => {
    let server: MatrixServer
    beforeAll(async () => {
      server = await startOver(upstream)
    })
    afterAll(() => server[Symbol.asyncDispose]())

    for (const [client, run] of Object.entries(runners)) {
      for (const isStreamed of [false, true]) {
        it(`leaves ours to the server: ${client}, ${isStreamed ? "streamed" : "whole"}`, async () => {
          server.fxLlm.use(script)
          const asked = server.fxLlm.requests.length
          const logged = server.mcpLog().length
          const read: Array<string> = []
          const words = await run(
            server.url,
            ({ path }) => {
              read.push(path)
              return `the text of ${path}`
            },
            isStreamed
          )
          assert.match(words, /Read: the text of b\.txt$/)
          assert.deepStrictEqual(read, ["a.txt", "b.txt"])
          assert.deepStrictEqual(
            server
              .mcpLog()
              .slice(logged)
              .flatMap(({ event, tool }) => (event === "call_start" ? [tool] : [])),
            ["add", "echo"]
          )
          assert.strictEqual(server.fxLlm.requests.length - asked, script.length)
        })
      }
    }

    it("is told to send what it has where it counts on stored answers", async () => {
      server.fxLlm.use(script)
      const failing = generateText({
        model: openAiAt(server.url).responses(model),
        prompt: "Go",
        maxRetries: 0,
        tools: { [name]: tool({ inputSchema: jsonSchema<object>(pathSchema), execute: () => "the text" }) },
        stopWhen: isStepCount(10)
      })
      const failure = await failing.then(() => undefined, String)
      assert.include(failure, "store: false")
    })
  })
}
