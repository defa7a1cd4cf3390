import { EventStore, openStepsOf, type StoreError } from "@signalbox/conversation"
import { textMessage, textResult } from "@signalbox/model"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { strayResults, unanswered } from "../support.ts"
import { shapeOf } from "@signalbox/conversation/testing"
import { makeCountingTools, makeObedientModel, openKept, sendTo } from "./kept.ts"

/** A store that stands still for ever at one of its writes: the program has ended there, before or after it. */
const dyingAt = (store: EventStore["Service"], write: number, isAfter: boolean, died: Deferred.Deferred<void>) => {
  let writes = 0
  const dying = <A>(effect: Effect.Effect<A, StoreError>) =>
    Effect.suspend(() => {
      const number = writes++
      if (number < write) return effect
      const end = Effect.andThen(Deferred.succeed(died, undefined), Effect.never)
      return number === write && isAfter ? Effect.andThen(effect, end) : end
    })
  return EventStore.of({
    ...store,
    addEvent: (id, event) => dying(store.addEvent(id, event)),
    addEvents: (id, events) => dying(store.addEvents(id, events)),
    // The next program finds no lock of a dead one.
    lockTurn: () => Effect.void
  })
}

const texts = (messages: ReadonlyArray<unknown>) => JSON.stringify(messages)

describe("a conversation that is kept", () => {
  it.effect("goes on in another session with what was said and done", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const { tools, written } = makeCountingTools()
      const first = yield* openKept(store, makeObedientModel().model, tools)
      yield* sendTo(first, "run 2")
      const { asked, model } = makeObedientModel()
      const second = yield* openKept(store, model, tools)
      assert.deepStrictEqual(yield* second.history, yield* first.history)
      const result = yield* sendTo(second, "hello")
      assert.strictEqual(result.text, "did hello")
      assert.deepStrictEqual(asked[0], [...(yield* first.history), textMessage("user", "hello")])
      assert.deepStrictEqual([...written.values()], [1, 1])
      // What the other session has said is there at the next turn.
      yield* sendTo(first, "once more")
      assert.include(texts(yield* first.history), "did hello")
    }).pipe(Effect.provide(EventStore.layerMemory))
  )

  it.effect("has a record of each thing, and no notes of what is over", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const session = yield* openKept(store, makeObedientModel().model, makeCountingTools().tools)
      yield* sendTo(session, "run 1", "r")
      const events = yield* store.getEvents("c")
      assert.deepStrictEqual(
        events.map(({ type }) => type),
        [
          "user_message",
          "assistant_message",
          "tool_call",
          "tool_call",
          "tool_result",
          "tool_result",
          "assistant_message"
        ]
      )
      const last = events.at(-1)
      assert.deepInclude(last, { usage: { input_tokens: 20, output_tokens: 10 }, model: "obedient" })
      assert.strictEqual(yield* store.getLastAssistantReplyId("c", "r"), last?.id)
      const notes = shapeOf(yield* store.getEvents("c", { include: "all" })).map((text) => text.split(" ")[1])
      assert.notInclude(notes, "step_begun")
      assert.notInclude(notes, "step_done")
      assert.notInclude(notes, "assistant_delta")
    }).pipe(Effect.provide(EventStore.layerMemory))
  )

  it.effect("answers a request again with the same answer, and asks no model", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const { asked, model } = makeObedientModel()
      const { tools, written } = makeCountingTools()
      const session = yield* openKept(store, model, tools)
      const other = yield* openKept(store, model, tools)
      const send = (at: number) => sendTo(at % 2 === 0 ? session : other, "run 1", "r")
      const results = yield* Effect.forEach(
        Array.from({ length: 10 }, (_, at) => at),
        send,
        {
          concurrency: "unbounded"
        }
      )
      assert.lengthOf(asked, 2)
      assert.deepStrictEqual([...written.values()], [1])
      assert.strictEqual(new Set(results.map(({ text }) => text)).size, 1)
      assert.strictEqual(new Set(results.map(({ messages }) => texts(messages.map(({ role }) => role)))).size, 1)
      const events = yield* Stream.runCollect(session.send("run 1", { requestId: "r" }))
      const end = events.find((event) => event.type === "turn_end")
      assert.isTrue(end?.type === "turn_end" && end.isCached)
      assert.deepInclude(end, { isCached: true })
      assert.strictEqual(end?.type === "turn_end" && end.result.usage.input_tokens, 20)
      yield* sendTo(session, "hello", "other")
      assert.lengthOf(asked, 3)
    }).pipe(Effect.provide(EventStore.layerMemory))
  )

  it.effect("runs one turn at a time, whichever session it is sent to", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const { model } = makeObedientModel()
      const sessions = yield* Effect.forEach([1, 2, 3], () => openKept(store, model, makeCountingTools().tools))
      yield* Effect.forEach(sessions, (session, at) => sendTo(session, `run 1 of ${at}`), { concurrency: "unbounded" })
      const turns = (yield* store.getEvents("c")).map(({ request_id }) => request_id)
      assert.strictEqual(turns.filter((id, at) => id !== turns[at - 1]).length, 3)
    }).pipe(Effect.provide(EventStore.layerMemory))
  )

  it.effect("is whole and true wherever its program ended, and no unsafe call is made twice", () =>
    Effect.gen(function* () {
      let point = 0
      let unknown = 0
      for (let isOver = false; !isOver; point++) {
        for (const isAfter of [false, true]) {
          for (const again of ["hello", "run 2"]) {
            const { lost, over } = yield* dieAndGoOn(point, isAfter, again)
            isOver = over
            unknown += lost
          }
        }
      }
      assert.isAbove(point, 8)
      assert.isAbove(unknown, 0)
    })
  )

  it.effect("keeps what a stopped turn did, and goes on with the request", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const started = yield* Deferred.make<void>()
      let runs = 0
      const hanging = {
        name: "write",
        run: () =>
          Effect.suspend(() =>
            ++runs === 1
              ? Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
              : Effect.succeed(textResult("ok"))
          )
      }
      const tools = [hanging, ...makeCountingTools().tools.slice(1)]
      const session = yield* openKept(store, makeObedientModel().model, tools)
      const fiber = yield* Effect.forkChild(sendTo(session, "run 1", "r"))
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(unanswered(yield* session.history), [])
      assert.include(texts(yield* session.history), "It may have taken effect")
      const next = yield* openKept(store, makeObedientModel().model, tools)
      assert.deepStrictEqual(yield* next.history, yield* session.history)
      const result = yield* sendTo(next, "run 1", "r")
      assert.strictEqual(result.text, "did run 1")
      assert.strictEqual(runs, 1)
      const said = (yield* store.getEvents("c")).filter(({ type }) => type === "user_message")
      assert.lengthOf(said, 1)
      assert.strictEqual((yield* sendTo(next, "run 1", "r")).text, "did run 1")
    }).pipe(Effect.provide(EventStore.layerMemory))
  )

  it.effect("shows a model no more than its window", () =>
    Effect.gen(function* () {
      const store = yield* EventStore
      const { asked, model } = makeObedientModel()
      const session = yield* openKept(store, model, [], { maxEvents: 4, maxAge: Duration.hours(1) })
      for (const text of ["a", "b", "c", "d"]) yield* sendTo(session, text)
      assert.deepStrictEqual(
        asked.map(({ length }) => length),
        [1, 3, 5, 5]
      )
      assert.lengthOf(yield* store.getEvents("c"), 8)
    }).pipe(Effect.provide(EventStore.layerMemory))
  )
})

/** Calls of a turn that was closed are dated when they began, and not when somebody came back. */
const keepTheirTimes = (
  open: ReturnType<typeof openStepsOf>[number]["calls"],
  events: Parameters<typeof openStepsOf>[0],
  where: string
) => {
  for (const { begunAt, call } of open) {
    const kept = events.find((event) => event.type === "tool_call" && event.tool_call_id === call.id)
    if (begunAt !== undefined) assert.deepStrictEqual(kept?.timestamp, begunAt, where)
  }
}

/** Runs a turn whose program ends at a write, then another one in a program that goes on. */
const dieAndGoOn = Effect.fnUntraced(
  function* (point: number, isAfter: boolean, again: string) {
    const store = yield* EventStore
    const died = yield* Deferred.make<void>()
    const { tools, written } = makeCountingTools()
    const dying = yield* openKept(dyingAt(store, point, isAfter, died), makeObedientModel().model, tools)
    // Nothing of this program runs on: it stands still.
    const turn = yield* Effect.forkDetach(sendTo(dying, "run 2", "r"))
    const over = yield* Effect.raceFirst(Effect.as(Deferred.await(died), false), Effect.as(Fiber.await(turn), true))
    const where = `at write ${point}, ${isAfter ? "after" : "before"}, then ${again}`

    const open = openStepsOf(yield* store.getEvents("c", { include: "all" })).flatMap(({ calls }) => calls)
    yield* TestClock.adjust("1 second")
    const { asked, model } = makeObedientModel()
    const next = yield* openKept(store, model, tools)
    const result = yield* sendTo(next, again, again === "run 2" ? "r" : undefined)
    assert.strictEqual(result.text, `did ${again}`, where)
    const history = yield* next.history
    assert.deepStrictEqual(unanswered(history), [], where)
    assert.deepStrictEqual(strayResults(history), [], where)
    for (const messages of asked) {
      assert.deepStrictEqual([...unanswered(messages), ...strayResults(messages)], [], where)
    }
    for (const [key, count] of written) assert.isAtMost(count, 1, `${key} ${where}`)
    const events = yield* store.getEvents("c")
    assert.strictEqual(new Set(events.map(({ seq }) => seq)).size, events.length, where)
    if (again === "run 2") {
      const said = events.filter(({ type }) => type === "user_message")
      assert.lengthOf(said, 1, where)
      assert.strictEqual((yield* sendTo(next, "run 2", "r")).text, "did run 2", where)
    }
    // Each call was written, or the model was told that nobody knows.
    const told = texts(history)
    const lost = told.split("JOURNAL_OUTCOME_UNKNOWN").length - 1
    if (again === "run 2") assert.isAtLeast(written.size + lost, 2, where)
    else assert.strictEqual(open.filter(({ state }) => state === "begun").length, lost, where)
    assert.notInclude(told, "The step", where)
    if (again === "hello") keepTheirTimes(open, events, where)
    return { over, lost }
  },
  Effect.provide(EventStore.layerMemory, { local: true })
)
