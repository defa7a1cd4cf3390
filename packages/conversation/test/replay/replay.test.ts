import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { collectTurn, ConversationClient, EventStore, makeApproval, presetLimits } from "@signalbox/conversation"
import {
  firstDifference,
  makePlayer,
  makeRecorder,
  playedTools,
  playTurn,
  readCassette,
  readCassetteText,
  type RecordedTurn,
  recordConversations,
  recordedConversation,
  recordedTools,
  showDifference,
  turnsOf
} from "@signalbox/conversation/replay"
import {
  Interaction,
  type JsonObject,
  LanguageModel,
  textMessage,
  textResult,
  Toolbox,
  ToolNotFound
} from "@signalbox/model"
import { scriptedModel, type ScriptedReply } from "@signalbox/model/testing"
import { Clock, DateTime, Duration, Effect, FileSystem, Layer, Random, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type TestTool, toolboxOf } from "../support.ts"

/** Says the time, a random number and how often it was called. */
const makeOracle = () => {
  let calls = 0
  const oracle: TestTool = {
    name: "oracle",
    run: () =>
      Effect.gen(function* () {
        calls += 1
        return textResult(`call ${calls} at ${DateTime.formatIso(yield* DateTime.now)} draws ${yield* Random.next}`)
      })
  }
  const broken: TestTool = {
    name: "broken",
    run: () => Effect.fail(new ToolNotFound({ toolName: "inner", available: [] }))
  }
  return { toolbox: toolboxOf(oracle, broken), calls: () => calls }
}

const script: ReadonlyArray<ScriptedReply> = [
  {
    toolCalls: [
      { name: "oracle", input: { n: 1 } },
      { name: "broken", input: {} }
    ]
  },
  { text: "One." },
  { toolCalls: [{ name: "oracle", input: { n: 2 } }] },
  { text: "Two." }
]

const clientOver = (
  toolbox: Toolbox["Service"],
  replies: ReadonlyArray<ScriptedReply>,
  kept: { readonly store?: EventStore["Service"] } = {}
) =>
  Effect.gen(function* () {
    const { model } = yield* scriptedModel(replies)
    const conversations = ConversationClient.layer({
      ...kept,
      request: { system: [], maxTokens: 1000 },
      limits: presetLimits,
      maxSessions: 10,
      idleTimeout: Duration.minutes(30),
      approval: makeApproval({ mode: "ask", rules: [], sources: {} })
    }).pipe(Layer.provide([LanguageModel.layer(model), Layer.succeed(Toolbox, toolbox)]))
    return yield* Effect.provide(ConversationClient, conversations)
  })

/** Reads the clock and draws numbers, as one of files does for its locks. */
const readingClocks = (store: EventStore["Service"]): EventStore["Service"] => {
  const busy = Effect.all([Clock.currentTimeMillis, Clock.monotonicTimeNanos, Random.next])
  return EventStore.of({
    ...store,
    addEvent: (id, event) => Effect.andThen(busy, store.addEvent(id, event)),
    addEvents: (id, events) => Effect.andThen(busy, store.addEvents(id, events))
  })
}

/** How often the clock was read. */
const readings = ({ millis, nanos }: RecordedTurn) => [millis.length, nanos.length]

const yes: Interaction = {
  ...Interaction.decline,
  approve: () => Effect.succeed({ isApproved: true, remember: "once" })
}

/** Two turns, recorded. */
const recordOver = Effect.fnUntraced(function* (kept: {
  readonly id?: string
  readonly store?: EventStore["Service"]
}) {
  const fs = yield* FileSystem.FileSystem
  const file = `${yield* fs.makeTempDirectoryScoped()}/tape`
  const { calls, toolbox } = makeOracle()
  const results = yield* Effect.gen(function* () {
    const recorder = yield* makeRecorder({ file, program: "p", subject: {}, secrets: [] })
    const client = recordConversations(recorder, yield* clientOver(recordedTools(recorder)(toolbox), script, kept))
    const history = [textMessage("user", "before"), textMessage("assistant", "yes")]
    const session = yield* client.start(kept.id === undefined ? { history } : { id: kept.id })
    const ask = (text: string) => collectTurn(session.send(text, { interaction: yes }))
    return [yield* ask("first"), yield* ask("second")]
  }).pipe(Effect.scoped)
  assert.strictEqual(calls(), 2)
  return { cassette: yield* readCassette(file), results, text: yield* fs.readFileString(file) }
})

const record = recordOver({})

const replay = Effect.fnUntraced(function* (
  cassette: Effect.Success<typeof record>["cassette"],
  mode: "strict" | "lenient",
  replies = script
) {
  const { calls, toolbox } = makeOracle()
  const player = makePlayer(cassette, { mode })
  const client = yield* clientOver(playedTools(player)(toolbox), replies)
  const turns = turnsOf(cassette)
  const session = yield* client.start(recordedConversation(cassette, turns[0]?.conversation ?? ""))
  const results = yield* Effect.forEach(turns, (turn) => collectTurn(playTurn(player, session, turn)))
  assert.strictEqual(calls(), 0, "no tool is run")
  return { results, player }
})

const named = (name: string, input: JsonObject): ScriptedReply => ({ toolCalls: [{ name, input }] })

layer(NodeServices.layer)("a replay", (it) => {
  it.effect("gives the same results: ids, times, durations, failures, and what was approved", () =>
    Effect.gen(function* () {
      const { cassette, results } = yield* record
      const again = yield* replay(cassette, "strict")
      assert.deepStrictEqual(again.results, results)
      assert.deepStrictEqual(again.player.differences(), [])
      assert.deepStrictEqual(again.player.leftOver(), [])
      assert.strictEqual(results[0]?.steps[0]?.outcomes[1]?.code, "TOOL_NOT_FOUND")
    }).pipe(Effect.scoped)
  )

  it.effect("has no reading of a clock that keeping the conversation took, for nothing is kept of it", () =>
    Effect.gen(function* () {
      const store = readingClocks(yield* Effect.provide(EventStore, EventStore.layerMemory))
      const kept = yield* recordOver({ id: "trip", store })
      assert.isAbove((yield* store.getEvents("trip")).length, 0)
      const passing = yield* record
      assert.deepStrictEqual(turnsOf(kept.cassette).map(readings), turnsOf(passing.cassette).map(readings))
      const again = yield* replay(kept.cassette, "strict")
      assert.deepStrictEqual(again.results, kept.results)
    }).pipe(Effect.scoped)
  )

  it.effect("ends where a tool is called otherwise, and says where and how", () =>
    Effect.gen(function* () {
      const { cassette } = yield* record
      const changed = [...script.slice(0, 2), named("oracle", { n: 3 }), ...script.slice(3)]
      const error = yield* Effect.flip(replay(cassette, "strict", changed))
      assert.deepInclude(error, { code: "REPLAY_DIVERGED", place: "turn 2" })
      assert.include(error.message, "n: recorded 2, now 3")
    }).pipe(Effect.scoped)
  )

  it.effect("notes all differences where that is wanted, and goes on with what comes nearest", () =>
    Effect.gen(function* () {
      const { cassette } = yield* record
      const changed = [...script.slice(0, 1), { text: "Another." }, named("oracle", { n: 3 }), { text: "Two." }]
      const { player, results } = yield* replay(cassette, "lenient", changed)
      const found = player.differences().map(({ kind, now, place }) => [place, kind, now])
      assert.deepInclude(found, ["turn 1", "event", "Another."])
      assert.deepInclude(found, ["turn 2", "tool", 3])
      assert.strictEqual(results[1]?.text, "Two.")
    }).pipe(Effect.scoped)
  )

  it.effect("knows what is not asked for any more", () =>
    Effect.gen(function* () {
      const { cassette } = yield* record
      const { player } = yield* replay(cassette, "lenient", [...script.slice(0, 2), { text: "Two." }])
      assert.deepStrictEqual(
        player.leftOver().map(({ place, subject }) => `${place}: ${subject}`),
        ["turn 2: the call of oracle", "turn 2: the question (approve)"]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("shows what there is, whatever the line where the recording ends", () =>
    Effect.gen(function* () {
      const { results, text } = yield* record
      const lines = text.trimEnd().split("\n")
      const told = yield* Effect.forEach(
        lines.map((_, index) => `${lines.slice(0, index + 1).join("\n")}\n`),
        (part, index) =>
          Effect.gen(function* () {
            const place = `up to line ${index + 1}`
            const cassette = yield* Effect.fromResult(readCassetteText("tape", part))
            const { toolbox } = makeOracle()
            const player = makePlayer(cassette, { mode: index % 2 === 0 ? "strict" : "lenient" })
            const session = yield* (yield* clientOver(playedTools(player)(toolbox), script)).start(
              recordedConversation(cassette, turnsOf(cassette)[0]?.conversation ?? "")
            )
            const turns = yield* Effect.forEach(turnsOf(cassette), (turn) =>
              Effect.map(Stream.runCollect(playTurn(player, session, turn)), (events) => ({ turn, events }))
            )
            assert.deepStrictEqual([...player.differences(), ...player.leftOver()], [], place)
            for (const { events, turn } of turns) {
              const last = events.at(-1)
              if (turn.ending !== undefined) assert.strictEqual(last?.type, "turn_end", place)
              const types = events.map(({ type }) => type).filter((type) => type !== "model")
              const known = turn.events.map((event) => Reflect.get(Object(event), "type"))
              assert.sameMembers(
                types,
                known.filter((type) => type !== "model"),
                place
              )
            }
            return turns.flatMap(({ events }) => events).flatMap((event) => (event.type === "turn_end" ? [event] : []))
          }).pipe(Effect.scoped),
        { concurrency: 8 }
      ).pipe(TestClock.withLive)
      assert.deepStrictEqual(
        told.at(-1)?.map(({ result }) => result.text),
        results.map((result) => result.text)
      )
    }).pipe(Effect.scoped)
  )

  it.effect("stops a turn where it was stopped", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = `${yield* fs.makeTempDirectoryScoped()}/tape`
      const { toolbox } = makeOracle()
      const replies = [{ text: "never told to its end" }, { text: "One." }]
      yield* Effect.gen(function* () {
        const recorder = yield* makeRecorder({ file, program: "p", subject: {}, secrets: [] })
        const client = recordConversations(recorder, yield* clientOver(recordedTools(recorder)(toolbox), replies))
        const session = yield* client.start()
        yield* Stream.runDrain(Stream.take(session.send("first", { interaction: yes }), 3))
        yield* collectTurn(session.send("second", { interaction: yes }))
      }).pipe(Effect.scoped)
      const cassette = yield* readCassette(file)
      const [stopped, whole] = turnsOf(cassette)
      assert.isDefined(stopped)
      assert.isDefined(whole)
      assert.strictEqual(stopped.ending?.ending, "stopped")
      assert.strictEqual(stopped.count, 3)
      assert.strictEqual(whole.ending?.ending, "finished")
      const player = makePlayer(cassette, { mode: "strict" })
      const session = yield* (yield* clientOver(playedTools(player)(toolbox), replies)).start()
      const events = yield* Stream.runCollect(playTurn(player, session, stopped))
      assert.lengthOf(events, 3)
      assert.strictEqual((yield* collectTurn(playTurn(player, session, whole))).text, "One.")
    }).pipe(Effect.scoped)
  )
})

layer(NodeServices.layer)("a difference", (it) => {
  it("is the first one, with its path", () => {
    const before = { messages: [{ role: "user", content: [{ text: "a" }] }], "odd key": 1 }
    assert.deepStrictEqual(
      firstDifference(before, { ...before, messages: [{ role: "user", content: [{ text: "b" }] }] }),
      {
        path: "messages[0].content[0].text",
        recorded: "a",
        now: "b"
      }
    )
    assert.deepInclude(firstDifference(before, { messages: before.messages }), { path: '["odd key"]', now: undefined })
    assert.deepInclude(firstDifference([1], [1, 2]), { path: "[1]", recorded: undefined, now: 2 })
    assert.isUndefined(firstDifference({ a: 1, b: undefined }, { a: 1 }))
    assert.deepInclude(firstDifference([], {}), { path: "" })
  })

  it("of long texts is shown where they part", () => {
    const long = "x".repeat(500)
    const shown = showDifference({ path: "text", recorded: `${long}A${long}`, now: `${long}B${long}` })
    assert.isBelow(shown.length, 500)
    assert.match(shown, /^text: recorded …x+Ax+…, now …x+Bx+…$/)
  })
})
