import * as Anthropic from "@anthropic-ai/sdk"
import * as Anthropic0 from "@anthropic-ai/sdk-0"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { APICallError } from "ai"
import * as OpenAI from "openai"
import { aiSdkClients } from "./aiSdkClients.ts"
import { anthropicClients } from "./anthropicClients.ts"
import type { SdkClient } from "./Client.ts"
import { openAiChatClient, openAiResponsesClient } from "./openAiClients.ts"
import { defaults, type MatrixServer, startOver, upstreams } from "./upstreams.ts"

/** Of each status of the upstream the class of each client, and the status that it shows. */
const cases = [
  [400, "BadRequestError", 400],
  [401, "AuthenticationError", 401],
  [403, "PermissionDeniedError", 403],
  [404, "NotFoundError", 404],
  [429, "RateLimitError", 429],
  [500, "InternalServerError", 500],
  [502, "InternalServerError", 502],
  // Its API has no 529.
  [529, "InternalServerError", 503]
] as const

type Classes = Readonly<Record<string, unknown>>

const families: ReadonlyArray<readonly [SdkClient | undefined, Classes, Readonly<Record<string, string>>]> = [
  [anthropicClients[0], Anthropic, { "529": "OverloadedError" }],
  [anthropicClients[1], Anthropic0, {}],
  [openAiChatClient, OpenAI, {}],
  [openAiResponsesClient, OpenAI, {}]
]

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail("expected a failure"),
    (error: unknown) => error
  )

for (const upstream of upstreams) {
  describe(`a refusal of an upstream that speaks ${upstream}`, () => {
    let server: MatrixServer
    beforeAll(async () => {
      server = await startOver(upstream)
    })
    afterAll(() => server[Symbol.asyncDispose]())

    const refusal = async (client: SdkClient, status: number, isStreamed: boolean) => {
      server.fxLlm.use({ fault: { kind: "status", status, message: `no: ${status}` } })
      return failureOf(client.open(server.url, { ...defaults, isStreamed }).say({ text: "Hi" }))
    }

    for (const [client, classes, own] of families) {
      assert.isDefined(client)
      const isOpenAi = client.name.startsWith("openai")
      it(`is an error of its class for ${client.name}`, async () => {
        for (const [status, name, shown] of cases) {
          for (const isStreamed of [false, true]) {
            const failure = await refusal(client, status, isStreamed)
            assert.instanceOf(failure, Error)
            assert.strictEqual<unknown>(failure.constructor, classes[own[status] ?? name], `${status} is ${name}`)
            assert.include<object>(failure, { status: isOpenAi ? shown : status })
            assert.include(failure.message, `no: ${status}`)
            assert.match(String("requestID" in failure && failure.requestID), /^req_/)
          }
        }
      })
    }

    for (const client of aiSdkClients) {
      it(`is an error of a call for ${client.name}, which knows whether to try again`, async () => {
        for (const [status, , shown] of cases) {
          const failure = await refusal(client, status, false)
          assert.isTrue(APICallError.isInstance(failure), String(failure))
          assert.include(failure, { isRetryable: status === 429 || status >= 500 })
          assert.include(failure, { statusCode: client.name.includes("openai") ? shown : status })
        }
      })
    }
  })
}
