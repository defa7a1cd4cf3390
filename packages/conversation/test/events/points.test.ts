import {
  type ChatEvent,
  collectTurn,
  ConversationClient,
  EventStore,
  forkConversation,
  type HistoryPoint,
  type NewEvent,
  nextName,
  overviewOf,
  presetLimits,
  rewindConversation,
  type TurnPoint
} from "@signalbox/conversation"
import { LanguageModel, type Message, textOf, Toolbox } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Layer, Option, Schema, Stream } from "effect"
import { toolboxOf } from "../support.ts"
import { historyOf, Step } from "../context/histories.ts"
import { assertTaken } from "../context/takenByProviders.ts"
import { makeCountingTools, makeObedientModel, openKept, sendTo } from "./kept.ts"

const said = (messages: ReadonlyArray<Message>): ReadonlyArray<string> =>
  messages.flatMap(({ content }) => (textOf(content) === "" ? [] : [textOf(content)]))

/** A client over an obedient model and tools that count, with a store or without. */
const withClient = <A, E>(
  store: EventStore["Service"] | undefined,
  work: (
    client: ConversationClient["Service"],
    test: ReturnType<typeof makeObedientModel> & ReturnType<typeof makeCountingTools>
  ) => Effect.Effect<A, E>
) => {
  const test = { ...makeObedientModel(), ...makeCountingTools() }
  const layer = ConversationClient.layer({
    request: { system: [], maxTokens: 100 },
    limits: presetLimits,
    maxSessions: 5,
    idleTimeout: Duration.infinity,
    ...(store === undefined ? {} : { store })
  }).pipe(
    Layer.provide(Layer.succeed(LanguageModel, test.model)),
    Layer.provide(Layer.succeed(Toolbox, toolboxOf(...test.tools)))
  )
  return ConversationClient.use((client) => work(client, test)).pipe(Effect.provide(layer, { local: true }))
}

const memory = Effect.provide(EventStore, EventStore.layerMemory, { local: true })

const inClient = <A, E>(
  makeStore: Effect.Effect<EventStore["Service"] | undefined>,
  work: Parameters<typeof withClient<A, E>>[1]
) => Effect.flatMap(makeStore, (store) => withClient(store, work))

/** What holds of sessions that are kept and of those that are not. */
const kinds: ReadonlyArray<readonly [string, Effect.Effect<EventStore["Service"] | undefined>]> = [
  ["that is kept", memory],
  ["that ends with its program", Effect.succeed(undefined)]
]

const begun = Effect.fnUntraced(function* (client: ConversationClient["Service"]) {
  const session = yield* client.start({ id: "c" })
  for (const text of ["one", "run 2 two", "three"]) yield* sendTo(session, text)
  return session
})

for (const [kind, makeStore] of kinds) {
  describe(`a session ${kind}`, () => {
    it.effect("has points, and goes back to each", () =>
      inClient(makeStore, (client, { asked }) =>
        Effect.gen(function* () {
          const session = yield* begun(client)
          const turns = yield* session.turns
          assert.deepStrictEqual(
            turns.map(({ number, said, steps }) => [number, said, steps.map(({ calls }) => calls.length)]),
            [
              [1, "one", [0]],
              [2, "run 2 two", [2, 2, 0]],
              [3, "three", [0]]
            ]
          )
          const rewound = yield* session.rewind({ turn: 2, step: 1 })
          assert.deepStrictEqual(rewound, {
            point: { turn: 2, step: 1 },
            turns: 1,
            messages: 4,
            calls: ["write", "look"]
          })
          assert.deepStrictEqual((yield* session.turns).at(-1)?.steps.length, 1)
          yield* sendTo(session, "other")
          assert.deepStrictEqual(said(asked.at(-1) ?? []), ["one", "did one", "run 2 two", "other"])
          yield* session.rewind({ turn: 1, step: 0 })
          yield* sendTo(session, "")
          assert.deepStrictEqual(said(yield* session.history), ["one", "did one"])
          yield* session.rewind({ turn: 0 })
          assert.deepStrictEqual(yield* session.history, [])
          assert.strictEqual((yield* Effect.flip(session.rewind({ turn: 1 })))._tag, "PointNotFound")
        })
      )
    )

    it.effect("goes two ways", () =>
      inClient(makeStore, (client) =>
        Effect.gen(function* () {
          const session = yield* begun(client)
          const other = yield* client.fork("c", { at: { turn: 1 }, id: "d" })
          yield* sendTo(other, "another way")
          assert.deepStrictEqual(said(yield* other.history), ["one", "did one", "another way", "did another way"])
          assert.strictEqual((yield* session.turns).length, 3)
          const whole = yield* client.fork("c")
          assert.deepStrictEqual(yield* whole.history, yield* session.history)
          assert.notStrictEqual(whole.id, "c")
          assert.strictEqual((yield* Effect.flip(client.fork("c", { id: "d" })))._tag, "SessionExists")
          assert.strictEqual((yield* Effect.flip(client.fork("none")))._tag, "SessionNotFound")
        })
      )
    )

    it.effect("waits for its turn before it goes back, and forks without it", () =>
      inClient(makeStore, (client, { tools }) =>
        Effect.gen(function* () {
          const session = yield* client.start({ id: "c" })
          yield* sendTo(session, "one")
          const started = yield* Deferred.make<void>()
          const over = yield* Deferred.make<void>()
          assert.isAbove(tools.length, 0)
          const turn = yield* session.send("run 1 two").pipe(
            Stream.tap((event) =>
              event.type === "tool_start"
                ? Effect.andThen(Deferred.succeed(started, undefined), Deferred.await(over))
                : Effect.void
            ),
            Stream.runDrain,
            Effect.forkChild
          )
          yield* Deferred.await(started)
          const fork = yield* client.fork("c", { id: "d" })
          assert.deepStrictEqual(said(yield* fork.history), ["one", "did one"])
          const back = yield* Effect.forkChild(session.rewind({ turn: 1 }))
          yield* Effect.yieldNow
          assert.isUndefined(back.pollUnsafe())
          yield* Deferred.succeed(over, undefined)
          yield* Fiber.join(turn)
          assert.deepStrictEqual((yield* Fiber.join(back)).calls, ["write", "look"])
          assert.deepStrictEqual(said(yield* session.history), ["one", "did one"])
        })
      )
    )
  })
}

const asNew = ({ conversation_id: _id, schema_version: _version, seq: _seq, ...event }: ChatEvent): NewEvent => event

/** What a session writes down that has so many rounds of tools in each of its turns. */
const recordsOf = Effect.fnUntraced(function* (rounds: ReadonlyArray<number>) {
  const store = yield* memory
  const session = yield* openKept(store, makeObedientModel().model, makeCountingTools().tools)
  for (const [index, count] of rounds.entries()) yield* sendTo(session, `run ${count} ${index}`)
  return (yield* store.getEvents("c", { include: "all" })).map(asNew)
})

/** Records that came from elsewhere: they belong to no request. */
const importedFrom = (steps: ReadonlyArray<typeof Step.Type>): ReadonlyArray<NewEvent> =>
  historyOf(steps).flatMap(({ content, role }): ReadonlyArray<NewEvent> => {
    if (role === "user") return [{ type: "user_message", role, content }]
    return role === "assistant" ? [{ type: "assistant_message", role, content }] : []
  })

const isThere = (turns: ReadonlyArray<TurnPoint>, { step = 0, turn }: HistoryPoint): boolean => {
  if (turn === 0) return step === 0
  const found = turns[turn - 1]
  return found !== undefined && step <= found.steps.length
}

describe("a conversation that went back", () => {
  it("gives copies the name that follows, and takes no year for the number of one", () => {
    const after = ["trip", "trip-2", "trip-99", "trip-0", "notes-2026", "x-999", "-3"].map(nextName)
    assert.deepStrictEqual(after, ["trip-2", "trip-3", "trip-100", "trip-0-2", "notes-2026-2", "x-1000", "-3-2"])
  })

  it.effect("answers a request that was taken out anew, and one that stayed with what was answered", () =>
    Effect.gen(function* () {
      const store = yield* memory
      const { asked, model } = makeObedientModel()
      const session = yield* openKept(store, model)
      yield* sendTo(session, "one", "r1")
      yield* sendTo(session, "two", "r2")
      yield* rewindConversation(store, "c", { turn: 1 })
      yield* sendTo(session, "one", "r1")
      assert.lengthOf(asked, 2)
      yield* sendTo(session, "two", "r2")
      assert.lengthOf(asked, 3)
      assert.deepStrictEqual(said(yield* session.history), ["one", "did one", "two", "did two"])
    })
  )

  it.effect("goes on with the same request where a turn was cut, without making its calls again", () =>
    Effect.gen(function* () {
      const store = yield* memory
      const { model } = makeObedientModel()
      const { tools, written } = makeCountingTools()
      const session = yield* openKept(store, model, tools)
      yield* sendTo(session, "run 2 a", "r")
      yield* session.rewind({ turn: 1, step: 1 })
      yield* sendTo(session, "run 2 a", "r")
      assert.deepStrictEqual([...written.values()], [1, 2])
      assert.deepStrictEqual(
        (yield* session.turns).map(({ steps }) => steps.length),
        [3]
      )
    })
  )

  it.effect("keeps what the caller gave to calls of the turn that stays", () =>
    Effect.gen(function* () {
      const store = yield* memory
      const { asked, model } = makeObedientModel()
      const callers = ["write", "look"].map((name) => ({ name, runBy: { _tag: "Caller" } as const }))
      const session = yield* openKept(store, model, callers)
      const first = yield* sendTo(session, "run 1 a")
      const results = first.pendingCalls.map(({ id }) => ({
        type: "tool_result" as const,
        tool_use_id: id,
        content: "given"
      }))
      yield* collectTurn(session.send([...results, { type: "text", text: "and now?" }]))
      yield* session.rewind({ turn: 1 })
      yield* sendTo(session, "next")
      const shown = JSON.stringify(asked.at(-1))
      assert.include(shown, "given")
      assert.notInclude(shown, "not run")
      assert.notInclude(shown, "and now?")
    })
  )

  it.effect("says of a turn that its program did not end which calls may have been made", () =>
    Effect.gen(function* () {
      const store = yield* memory
      const { model } = makeObedientModel()
      const { tools } = makeCountingTools()
      const started = yield* Deferred.make<void>()
      const hanging = tools.map((tool) => ({
        ...tool,
        run: () => Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
      }))
      const session = yield* openKept(store, model, hanging)
      const turn = yield* Effect.forkChild(sendTo(session, "run 1 a", "r"))
      yield* Deferred.await(started)
      const copy = yield* memory
      // As another program finds it that comes after a crash.
      const left = yield* store.getEvents("c", { include: "all" })
      yield* copy.addEvents(
        "c",
        left.map(({ conversation_id: _id, schema_version: _version, seq: _seq, ...event }) => event)
      )
      yield* Fiber.interrupt(turn)
      assert.sameMembers([...(yield* rewindConversation(copy, "c", { turn: 0 })).calls], ["write", "look"])
      assert.deepStrictEqual(yield* copy.getEvents("c"), [])
    })
  )

  const Place = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8 }))

  it.effect.prop(
    "has a history that every provider takes, wherever it went back to, and whatever was missing",
    {
      steps: Schema.Array(Step).check(Schema.isMaxLength(6)),
      scripts: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))).check(
        Schema.isMaxLength(3)
      ),
      missing: Schema.Array(Schema.Boolean).check(Schema.isMaxLength(40)),
      turn: Place,
      step: Schema.Option(Place),
      forks: Schema.Boolean
    },
    ({ forks, missing, scripts, step, steps, turn }) =>
      Effect.gen(function* () {
        const written = yield* recordsOf(scripts)
        const kept = [...written, ...importedFrom(steps)].filter((_, index) => missing[index] !== true)
        const store = yield* memory
        yield* store.addEvents("c", kept)
        const point = { turn, ...(Option.isNone(step) ? {} : { step: step.value }) }
        const { turns } = overviewOf(yield* store.getEvents("c", { include: "all" }))
        const exit = yield* Effect.exit(
          forks
            ? Effect.asVoid(forkConversation(store, "c", { at: point, id: "d" }))
            : Effect.asVoid(rewindConversation(store, "c", point))
        )
        assert.strictEqual(Exit.isSuccess(exit), isThere(turns, point) && !(forks && kept.length === 0))
        if (Exit.isFailure(exit)) return
        const { asked, model } = makeObedientModel()
        const { tools } = makeCountingTools()
        const session = yield* openKept(store, model, tools, undefined, undefined, forks ? "d" : "c")
        yield* sendTo(session, "hello")
        yield* assertTaken(asked[0] ?? [])
        yield* assertTaken(yield* session.history)
      })
  )
})
