import { type Message, ProviderOverloaded, textMessage, textOf } from "@signalbox/model"
import { type ScriptedModel, type ScriptedReply, scriptedModel } from "@signalbox/model/testing"
import {
  collectTurn,
  type ConversationSession,
  EventStore,
  Journal,
  makeContextWindow,
  type TurnContext
} from "@signalbox/conversation"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { openKept } from "../events/kept.ts"
import { ofType, sessionOf, strayResults, type TestTool, toolboxOf, unanswered } from "../support.ts"
import { total } from "./histories.ts"

const window = makeContextWindow({
  tokensFor: () => 1600,
  reserve: 600,
  preserveRecent: 2,
  countTokens: ({ messages }) => Effect.succeed(total(messages))
})

const tools: ReadonlyArray<TestTool> = [{ name: "look" }]

/** So many turns of about 220 tokens. */
const turns = (count: number): ReadonlyArray<ScriptedReply> =>
  Array.from({ length: count }, (_, index) => ({ text: `a${index}`.padEnd(90, ".") }))

const withTool = (index: number): ReadonlyArray<ScriptedReply> => [
  { toolCalls: [{ name: "look", input: {}, id: `c${index}` }] },
  { text: `a${index}`.padEnd(200, ".") }
]

/** The first text of each request. */
const firstTextsOf = ({ requests }: ScriptedModel) =>
  Effect.map(requests, (all) => all.map(({ messages }) => firstText(messages)))

const ask = (session: ConversationSession, text: string) =>
  Effect.map(Stream.runCollect(session.send(text.padEnd(90, "."))), (events) => ({
    notices: ofType(events, "notice").map((notice) => `${notice.code}: ${notice.text}`),
    result: ofType(events, "turn_end")[0]?.result
  }))

const askAll = (session: ConversationSession, count: number) =>
  Effect.forEach(Array.from({ length: count }), (_, index) => ask(session, `q${index}`))

const firstText = ([first]: ReadonlyArray<Message>) => textOf(first?.content ?? [])

const summary = "[Summary of the conversation before this message, which is not shown any more:\nAda likes tea.]"

/** Two writers: who answers, and who sums up. */
const makeModels = Effect.fnUntraced(function* (
  answers: ReadonlyArray<ScriptedReply>,
  summaries: ReadonlyArray<ScriptedReply>
) {
  const speaker = yield* scriptedModel(answers)
  const writer = yield* scriptedModel(summaries)
  const context: TurnContext = { window, summary: { model: writer.model, modelName: "small", maxTokens: 200 } }
  return { speaker, writer, context }
})

describe("a session that is compacted by summaries", () => {
  it.effect("shows both ends of a summary that is as long as what it stands for, and leaves out nothing else", () =>
    Effect.gen(function* () {
      const long = `The beginning${".".repeat(900)}the end`
      const { context, speaker } = yield* makeModels(turns(9), [{ text: long }])
      const session = yield* sessionOf(speaker.model, tools, [], toolboxOf(...tools), Journal.none, undefined, context)
      const told = yield* askAll(session, 5)
      assert.deepStrictEqual(
        told.flatMap(({ notices }) => notices),
        ["CONTEXT_COMPACTED: The history was compacted: 4 messages → 1 summary."]
      )
      const shown = (yield* firstTextsOf(speaker)).at(-1) ?? ""
      assert.match(shown, /The beginning\.+ \[…\] \.+the end/)
      assert.isBelow(shown.length, long.length)
    })
  )

  it.effect("goes on from a summary of its oldest turns, and says so", () =>
    Effect.gen(function* () {
      const { context, speaker, writer } = yield* makeModels(turns(9), [
        { text: "Ada likes tea." },
        { text: "Tea again." }
      ])
      const session = yield* sessionOf(speaker.model, tools, [], toolboxOf(...tools), Journal.none, undefined, context)
      const told = yield* askAll(session, 4)
      assert.deepStrictEqual(
        told.flatMap(({ notices }) => notices),
        []
      )
      const { notices } = yield* ask(session, "the fifth")
      assert.deepStrictEqual(notices, ["CONTEXT_COMPACTED: The history was compacted: 4 messages → 1 summary."])
      const [asked] = yield* writer.requests
      assert.deepInclude(asked, { model: "small", maxTokens: 200, tools: [] })
      const [read = ""] = yield* firstTextsOf(writer)
      assert.match(read, /^user: q0\.+\n\nassistant: a0\.+\n\nuser: q1\.+\n\nassistant: a1\.+$/)
      const sent = (yield* speaker.requests).at(-1)?.messages ?? []
      assert.isTrue(firstText(sent).startsWith(`${summary}q2`))
      assert.lengthOf(sent, 5)
      assert.lengthOf(yield* session.history, 6)
      // What was summed up is summed up again with what came after it.
      yield* askAll(session, 3)
      assert.include((yield* firstTextsOf(writer)).at(1), "Ada likes tea.")
      assert.include((yield* firstTextsOf(speaker)).at(-1), "Tea again.")
    })
  )

  it.effect("leaves out its oldest messages where no summary can be had, and says why", () =>
    Effect.gen(function* () {
      const busy = new ProviderOverloaded({ provider: "p", reason: "busy", httpStatus: 529 })
      const { context, speaker } = yield* makeModels(turns(8), [
        { error: busy },
        { text: "" },
        { error: busy },
        { error: busy }
      ])
      const session = yield* sessionOf(speaker.model, tools, [], toolboxOf(...tools), Journal.none, undefined, context)
      yield* askAll(session, 4)
      const fifth = yield* ask(session, "the fifth")
      assert.match(fifth.notices[0] ?? "", /^CONTEXT_SUMMARY_FAILED: The history could not be summarised \(.*busy.*\)/)
      const sixth = yield* ask(session, "the sixth")
      assert.match(sixth.notices[0] ?? "", /the model wrote nothing/)
      assert.strictEqual(sixth.result?.finishReason, "end_turn")
      const sent = (yield* speaker.requests).at(-1)?.messages ?? []
      assert.isAtMost(total(sent), 1050)
      assert.match(firstText(sent), /^\[\d+ earlier messages were left out/)
    })
  )

  it.effect("asks for no summary that would stand for next to nothing", () =>
    Effect.gen(function* () {
      const { context, speaker, writer } = yield* makeModels([{ text: "yes" }, { text: "done" }], [])
      const session = yield* sessionOf(speaker.model, tools, [], toolboxOf(...tools), Journal.none, undefined, context)
      yield* Stream.runDrain(session.send("hi"))
      yield* Stream.runDrain(session.send("x".repeat(900)))
      assert.lengthOf(yield* writer.requests, 0)
    })
  )

  it.effect("can be closed while one is written", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const waitFor = Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
      const { context, speaker } = yield* makeModels(turns(4), [{ waitFor, text: "never" }])
      const session = yield* sessionOf(speaker.model, tools, [], toolboxOf(...tools), Journal.none, undefined, context)
      yield* askAll(session, 4)
      const fiber = yield* Effect.forkChild(Effect.flip(collectTurn(session.send("x".repeat(90)))))
      yield* Deferred.await(started)
      yield* session.close
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "SessionClosed")
    })
  )

  it.effect("keeps the summary: the next process goes on from it, and does not write it again", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const { context, speaker, writer } = yield* makeModels(turns(6), [{ text: "Ada likes tea." }])
      const session = yield* openKept(store, speaker.model, tools, undefined, context)
      yield* askAll(session, 5)
      const next = yield* openKept(store, speaker.model, tools, undefined, context)
      const shown = yield* next.history
      assert.isTrue(firstText(shown).startsWith(`${summary}q2`))
      assert.deepStrictEqual(shown, yield* session.history)
      const events = yield* Stream.runCollect(next.send("six"))
      assert.deepStrictEqual(ofType(events, "notice"), [])
      assert.lengthOf(yield* writer.requests, 1)
      // Nothing that was said is gone from the records.
      const said = (yield* store.getEvents("c")).filter(({ type }) => type === "user_message")
      assert.lengthOf(said, 6)
    }).pipe(Effect.provide(EventStore.layerMemory))
  )

  it.effect("is not compacted for a request that was answered before", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const { context, speaker, writer } = yield* makeModels(turns(4), [])
      const session = yield* openKept(store, speaker.model, tools, undefined, context)
      yield* askAll(session, 3)
      yield* Stream.runDrain(session.send("x".repeat(90), { requestId: "r" }))
      const again = yield* collectTurn(session.send("x".repeat(90), { requestId: "r" }))
      assert.match(again.text, /^a3/)
      assert.lengthOf(yield* writer.requests, 0)
    }).pipe(Effect.provide(EventStore.layerMemory))
  )

  it.effect("stays valid for every provider with tools in all turns, kept and read again", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const answers = Array.from({ length: 12 }, (_, index) => withTool(index)).flat()
      const { context, speaker, writer } = yield* makeModels(
        answers,
        Array.from({ length: 12 }, (_, index) => ({ text: `Summary ${index}.` }))
      )
      for (let index = 0; index < 12; index++) {
        const session = yield* openKept(store, speaker.model, tools, undefined, context)
        yield* ask(session, `q${index}`)
        const history = yield* session.history
        assert.deepStrictEqual([...unanswered(history), ...strayResults(history)], [])
      }
      assert.isAbove((yield* writer.requests).length, 2)
      for (const { messages } of yield* speaker.requests) {
        assert.deepStrictEqual([...unanswered(messages), ...strayResults(messages)], [])
        assert.strictEqual(messages[0]?.role, "user")
      }
      assert.deepStrictEqual(
        textMessage("user", "q11".padEnd(90, ".")),
        (yield* speaker.requests).at(-2)?.messages.at(-1)
      )
    }).pipe(Effect.provide(EventStore.layerMemory))
  )
})

const told = (index: number): ScriptedReply => ({ text: `a${index}`.padEnd(300, ".") })

describe("a session that is compacted because somebody wants it", () => {
  for (const isKept of [false, true]) {
    it.effect(
      `has a summary in the place of its older turns, ${isKept ? "kept" : "not kept"}, and says what that saved`,
      () =>
        Effect.gen(function* () {
          const { context, speaker, writer } = yield* makeModels(
            [told(0), told(1), told(2)],
            [{ text: "Ada likes tea." }]
          )
          const session = isKept
            ? yield* openKept(yield* EventStore, speaker.model, tools, undefined, context)
            : yield* sessionOf(speaker.model, tools, [], toolboxOf(...tools), Journal.none, undefined, context)
          assert.deepStrictEqual(yield* session.compact(), {
            _tag: "NotCompacted",
            reason: "there is nothing before the newest 2 messages, which are kept"
          })
          yield* askAll(session, 2)
          const before = yield* session.history
          const compacted = yield* session.compact()
          if (compacted._tag === "NotCompacted") return assert.fail(compacted.reason)
          const after = yield* session.history
          assert.deepStrictEqual(compacted, {
            _tag: "Compacted",
            summary: "Ada likes tea.",
            replaced: 2,
            turnsLeft: 1,
            tokensBefore: total(before),
            // Each block counts by itself, and the summary is one.
            tokensAfter: total(after) + 10
          })
          assert.isBelow(compacted.tokensAfter, compacted.tokensBefore)
          assert.isTrue(firstText(after).startsWith(summary))
          assert.lengthOf(yield* writer.requests, 1)
          yield* ask(session, "q2")
          assert.include((yield* firstTextsOf(speaker)).at(-1), "Ada likes tea.")
        }).pipe(Effect.provide(EventStore.layerMemory, { local: true }))
    )
  }

  it.effect("takes the summary back when it goes back to before it", () =>
    Effect.gen(function* () {
      const { context, speaker } = yield* makeModels([told(0), told(1)], [{ text: "Ada likes tea." }])
      const session = yield* openKept(yield* EventStore, speaker.model, tools, undefined, context)
      yield* askAll(session, 2)
      const before = yield* session.history
      assert.strictEqual((yield* session.compact())._tag, "Compacted")
      assert.notDeepEqual(yield* session.history, before)
      yield* session.rewind({ turn: 2 })
      assert.deepStrictEqual(yield* session.history, before)
    }).pipe(Effect.provide(EventStore.layerMemory, { local: true }))
  )

  it.effect("asks no model where nothing would be gained, and says so", () =>
    Effect.gen(function* () {
      const { context, speaker, writer } = yield* makeModels([{ text: "a" }, { text: "b" }], [])
      const session = yield* sessionOf(speaker.model, tools, [], toolboxOf(...tools), Journal.none, undefined, context)
      yield* askAll(session, 2)
      const result = yield* session.compact()
      assert.include(result._tag === "NotCompacted" ? result.reason : "", "a summary may have 200")
      assert.deepStrictEqual(yield* writer.requests, [])
      const plain = yield* sessionOf(speaker.model)
      assert.deepStrictEqual(yield* plain.compact(), { _tag: "NotCompacted", reason: "summaries are switched off" })
    })
  )
})
