import { collectTurn, ConversationClient, EventStore, presetLimits } from "@signalbox/conversation"
import { emptyToolbox, LanguageModel, Toolbox } from "@signalbox/model"
import { scriptedModel } from "@signalbox/model/testing"
import { assert, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer } from "effect"
import { cutConnections, describeDatabase, emptySchema, storeIn } from "./support.ts"

/** A session of one conversation, as a process of its own has it. */
const sessionOf = Effect.fnUntraced(function* (url: string, model: LanguageModel["Service"]) {
  const store = Context.get(yield* Layer.build(storeIn(url)), EventStore)
  const clients = ConversationClient.layer({
    request: { system: [], maxTokens: 1000 },
    limits: presetLimits,
    maxSessions: 10,
    idleTimeout: Duration.minutes(30),
    store
  }).pipe(Layer.provide([LanguageModel.layer(model), Layer.succeed(Toolbox, emptyToolbox)]), Layer.fresh)
  return yield* Context.get(yield* Layer.build(clients), ConversationClient).start({ id: "c" })
})

describeDatabase("sessions of one conversation in several processes", () => {
  it.live("ask the model once for a request, however often and wherever it is sent", () =>
    Effect.gen(function* () {
      const url = yield* emptySchema
      const { model, requests } = yield* scriptedModel([{ text: "In Bern." }])
      const sessions = yield* Effect.forEach([1, 2, 3], () => sessionOf(url, model))
      const results = yield* Effect.forEach(
        [...sessions, ...sessions, ...sessions, ...sessions.slice(0, 1)],
        (session) => collectTurn(session.send("Where?", { requestId: "r" })),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(results, 10)
      assert.lengthOf(yield* requests, 1)
      assert.deepStrictEqual([...new Set(results.map(({ text }) => text))], ["In Bern."])
      for (const session of sessions) assert.lengthOf(yield* session.history, 2)
    })
  )

  it.live("take turns, and each goes on from what the others said", () =>
    Effect.gen(function* () {
      const url = yield* emptySchema
      const script = ["one", "two", "three", "four"].map((text) => ({ text }))
      const { model, requests } = yield* scriptedModel(script)
      const sessions = yield* Effect.forEach([1, 2], () => sessionOf(url, model))
      for (const [index, session] of [...sessions, ...sessions].entries()) {
        yield* collectTurn(session.send(`question ${index}`))
        // Between turns nothing depends on a connection.
        yield* cutConnections
      }
      assert.deepStrictEqual(
        (yield* requests).map(({ messages }) => messages.length),
        [1, 3, 5, 7]
      )
    })
  )
})
