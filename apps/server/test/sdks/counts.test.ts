import Anthropic from "@anthropic-ai/sdk"
import Anthropic0 from "@anthropic-ai/sdk-0"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import OpenAI, { NotFoundError } from "openai"
import { callerTool, question } from "../support.ts"
import { type MatrixServer, startOver, upstreams } from "./upstreams.ts"

const sdks = {
  "@anthropic-ai/sdk 1": Anthropic,
  // What is used here is alike in both.
  "@anthropic-ai/sdk 0": Anthropic0 as unknown as typeof Anthropic
}

for (const upstream of upstreams) {
  describe(`what is there over ${upstream}`, () => {
    let server: MatrixServer
    beforeAll(async () => {
      server = await startOver(upstream)
    })
    afterAll(() => server[Symbol.asyncDispose]())

    for (const [name, Sdk] of Object.entries(sdks)) {
      it(`is counted and listed for ${name}`, async () => {
        const client = new Sdk({ baseURL: server.url, apiKey: "any", maxRetries: 0 })
        const { max_tokens: _limit, ...asked } = question("How many?")
        const few = await client.messages.countTokens(asked)
        const more = await client.messages.countTokens({ ...asked, tools: [callerTool("read_file")] })
        assert.isAbove(few.input_tokens, 0)
        assert.isAbove(more.input_tokens, few.input_tokens)

        const listed: Array<string> = []
        for await (const { id, type } of client.models.list({ limit: 1 })) listed.push(`${type} ${id}`)
        assert.isNotEmpty(listed)
        assert.strictEqual(new Set(listed).size, listed.length)
        const id = listed[0]?.replace("model ", "") ?? ""
        assert.deepInclude(await client.models.retrieve(id), { id, type: "model" })
        const failure = await client.models.retrieve("nobody").then(
          () => undefined,
          (error: unknown) => error
        )
        assert.instanceOf(failure, Sdk.NotFoundError)
      })
    }

    it("is listed for openai", async () => {
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "any", maxRetries: 0 })
      const { data } = await client.models.list()
      const [first] = data
      assert.isDefined(first)
      assert.deepStrictEqual({ ...(await client.models.retrieve(first.id)) }, { ...first })
      const failure = await client.models.retrieve("nobody").then(
        () => undefined,
        (error: unknown) => error
      )
      assert.instanceOf(failure, NotFoundError)
      assert.include(failure, { code: "model_not_found" })
    })
  })
}
