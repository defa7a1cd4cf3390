import { assert, it } from "@effect/vitest"
import { ConversationClient, presetLimits } from "@signalbox/conversation"
import { eventsOf, LanguageModel, makeLanguageModel, noUsage, textOf, textResult, Toolbox } from "@signalbox/model"
import { Duration, Effect, Layer, Stream } from "effect"

/** The words of a vendor that nobody here has heard of. */
const vendor = (heard: ReadonlyArray<string>): { readonly say: string } | { readonly use: string } =>
  heard.some((text) => text.startsWith("result:")) ? { say: heard.join(" / ").toUpperCase() } : { use: "clock" }

/** All that its provider is: the vocabulary into its words, and its answer back. */
const provider = makeLanguageModel({
  provider: "shouting",
  defaultModel: "loud-1",
  stream: ({ messages, model }) => {
    const heard = messages.flatMap(({ content }) =>
      content.flatMap((block) => {
        if (block.type === "text") return [block.text]
        if (block.type !== "tool_result") return []
        return [`result:${typeof block.content === "string" ? block.content : textOf(block.content ?? [])}`]
      })
    )
    const answer = vendor(heard)
    const isCall = "use" in answer
    const block = isCall
      ? { type: "tool_use" as const, id: "1", name: answer.use, input: {} }
      : { type: "text" as const, text: answer.say }
    const stop = { stop_reason: isCall ? "tool_use" : "end_turn", stop_sequence: null }
    return Stream.fromIterable(eventsOf({ id: "m", model, content: [block], ...stop, usage: noUsage }))
  }
})

const clock: Toolbox["Service"] = {
  list: Effect.succeed([
    {
      name: "clock",
      originalName: "clock",
      description: "The time",
      inputSchema: { type: "object" },
      annotations: { readOnlyHint: true },
      runBy: { _tag: "Host", source: "test" },
      isTrusted: true
    }
  ]),
  call: () => Effect.succeed(textResult("noon"))
}

it.effect("another provider is one value, and the loop runs tools for it as for the others", () => {
  const limits = { request: { system: [], maxTokens: 9 }, limits: presetLimits, maxSessions: 1 }
  const layer = ConversationClient.layer({ ...limits, idleTimeout: Duration.minutes(1) }).pipe(
    Layer.provide(Layer.merge(LanguageModel.layer(provider), Layer.succeed(Toolbox, clock)))
  )
  return Effect.gen(function* () {
    const session = yield* (yield* ConversationClient).start()
    const events = yield* Stream.runCollect(session.send("how late is it?"))
    const end = events.at(-1)
    assert.strictEqual(end?.type === "turn_end" ? end.result.text : "", "HOW LATE IS IT? / RESULT:NOON")
  }).pipe(Effect.provide(layer))
})
