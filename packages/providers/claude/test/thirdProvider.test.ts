/** Another vendor is one encoder, one decoder and `makeLanguageModel`. */
import { assert, describe, it } from "@effect/vitest"
import {
  collectReply,
  eventsOf,
  makeLanguageModel,
  type ModelReply,
  type ModelRequest,
  ProviderUnreachable,
  textOf
} from "@signalbox/model"
import { Effect, Stream } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { ask } from "./support.ts"

const encode = ({ messages }: ModelRequest) =>
  messages.map(({ content, role }) => `${role}: ${textOf(content)}`).join("\n")

const decode = (line: string): ModelReply => ({
  id: "reply",
  model: "telegraph-1",
  content: [{ type: "text", text: line }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
})

const makeTelegraph = Effect.map(HttpClient.HttpClient, (client) => {
  const generate = (request: ModelRequest) =>
    client
      .execute(HttpClientRequest.post("http://telegraph.test/").pipe(HttpClientRequest.bodyText(encode(request))))
      .pipe(
        Effect.flatMap((response) => Effect.map(response.text, decode)),
        Effect.mapError(
          (error) =>
            new ProviderUnreachable({ provider: "telegraph", url: "http://telegraph.test/", reason: error.message })
        )
      )
  return makeLanguageModel({
    provider: "telegraph",
    defaultModel: "telegraph-1",
    generate,
    stream: (request) => Stream.unwrap(Effect.map(generate(request), (reply) => Stream.fromIterable(eventsOf(reply))))
  })
})

const echo = HttpClient.make((request) =>
  Effect.sync(() => {
    const text = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
    return HttpClientResponse.fromWeb(request, new Response(`STOP ${text} STOP`))
  })
)

describe("a third provider", () => {
  it.effect("answers like the others, streamed and whole", () =>
    Effect.gen(function* () {
      const model = yield* makeTelegraph
      const whole = yield* model.generate(ask("all clear"))
      assert.strictEqual(textOf(whole.content), "STOP user: all clear STOP")
      assert.deepStrictEqual(yield* collectReply("telegraph", model.stream(ask("all clear"))), whole)
    }).pipe(Effect.provideService(HttpClient.HttpClient, echo))
  )
})
