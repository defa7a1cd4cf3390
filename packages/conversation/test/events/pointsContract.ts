/** Going back and going two ways, as every store of conversations has it, tried on the one of the context. */
import {
  type ChatEvent,
  EventStore,
  type NewEvent,
  forkConversation,
  overviewOf,
  rewindConversation
} from "@signalbox/conversation"
import { textOf } from "@signalbox/model"
import { assert } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { shapeOf, userSays } from "./records.ts"

const note = (kind: string, requestId: string, index: number, data: object): NewEvent => ({
  type: "meta",
  role: "system",
  kind,
  data: { ...data },
  request_id: requestId,
  index
})

/** A turn of one call and an answer, as sessions write it. */
const turnOf = (requestId: string, index: number, isOver = true): ReadonlyArray<NewEvent> => [
  userSays(`ask ${requestId}`, requestId),
  note("turn_begun", requestId, index, { turn_id: `c/${requestId}/0`, counts: { assistant: 0, calls: 0, results: 0 } }),
  {
    type: "assistant_message",
    role: "assistant",
    content: [{ type: "tool_use", id: `call-${requestId}`, name: "Edit", input: {} }],
    request_id: requestId,
    index: 0
  },
  {
    type: "tool_call",
    role: "assistant",
    tool_call_id: `call-${requestId}`,
    name: "Edit",
    arguments: {},
    request_id: requestId,
    index: 0
  },
  { type: "tool_result", role: "tool", tool_call_id: `call-${requestId}`, request_id: requestId, index: 0 },
  {
    type: "assistant_message",
    role: "assistant",
    content: [{ type: "text", text: `told ${requestId}` }],
    request_id: requestId,
    index: 1
  },
  ...(isOver ? [note("turn_ended", requestId, index + 1, { turn_id: `c/${requestId}/0`, end: "finished" })] : [])
]

const saidIn = (events: ReadonlyArray<ChatEvent>): ReadonlyArray<string> =>
  events.map((event) =>
    event.type === "user_message" || event.type === "assistant_message"
      ? textOf(event.content) || event.type
      : event.type
  )

const twoTurns = Effect.gen(function* () {
  const store = yield* EventStore
  yield* store.addEvents("c", [...turnOf("a", 0), ...turnOf("b", 10)])
  return store
})

export const pointsContract: Readonly<Record<string, Effect.Effect<void, unknown, EventStore>>> = {
  "knows the turns and steps that one can go back to": Effect.gen(function* () {
    const store = yield* twoTurns
    const { isCutOff, title, turns } = overviewOf(yield* store.getEvents("c", { include: "all" }))
    assert.strictEqual(title, "ask a")
    assert.isFalse(isCutOff)
    assert.deepStrictEqual(
      turns.map(({ end, number, said, steps, turnId }) => ({ end, number, said, steps, turnId })),
      ["a", "b"].map((id, index) => ({
        end: "finished" as const,
        number: index + 1,
        said: `ask ${id}`,
        steps: [
          { number: 1, text: "", calls: ["Edit"] },
          { number: 2, text: `told ${id}`, calls: [] }
        ],
        turnId: `c/${id}/0`
      }))
    )
  }),

  "goes back to the end of a turn, and keeps the records of what came later": Effect.gen(function* () {
    const store = yield* twoTurns
    const before = yield* store.getEvents("c")
    const trial = yield* rewindConversation(store, "c", { turn: 1 }, { isTrial: true })
    assert.deepStrictEqual(trial, { point: { turn: 1 }, turns: 1, messages: 3, calls: ["Edit"] })
    assert.deepStrictEqual(yield* store.getEvents("c"), before)
    assert.deepStrictEqual(yield* rewindConversation(store, "c", { turn: 1 }), trial)
    assert.deepStrictEqual(yield* store.getEvents("c"), before.slice(0, 5))
    assert.isFalse(yield* store.eventExists("c", "user_message", "b"))
    assert.isUndefined(yield* store.getLastAssistantReplyId("c", "b"))
    // Nothing is later than what is there now.
    const count = (yield* store.getEvents("c", { include: "all" })).length
    assert.strictEqual((yield* rewindConversation(store, "c", { turn: 1 })).messages, 0)
    assert.lengthOf(yield* store.getEvents("c", { include: "all" }), count)
    yield* store.compact("c")
    assert.deepStrictEqual(yield* store.getEvents("c"), before.slice(0, 5))
  }),

  "takes what was taken out when it is said again": Effect.gen(function* () {
    const store = yield* twoTurns
    yield* rewindConversation(store, "c", { turn: 1 })
    assert.notInclude(yield* store.addEvents("c", turnOf("b", 10)), false)
    assert.deepStrictEqual(
      yield* store.addEvents("c", turnOf("b", 10)),
      turnOf("b", 10).map(() => false)
    )
    assert.deepStrictEqual(
      overviewOf(yield* store.getEvents("c", { include: "all" })).turns.map(({ said }) => said),
      ["ask a", "ask b"]
    )
  }),

  "goes back to a step, after which the turn is over": Effect.gen(function* () {
    const store = yield* twoTurns
    assert.deepStrictEqual((yield* rewindConversation(store, "c", { turn: 2, step: 1 })).calls, [])
    const all = yield* store.getEvents("c", { include: "all" })
    assert.deepStrictEqual(saidIn(yield* store.getEvents("c")).slice(-4), [
      "ask b",
      "assistant_message",
      "tool_call",
      "tool_result"
    ])
    assert.strictEqual(overviewOf(all).turns.at(-1)?.end, "cut")
    yield* rewindConversation(store, "c", { turn: 2, step: 0 })
    assert.deepStrictEqual(saidIn(yield* store.getEvents("c")).slice(-2), ["told a", "ask b"])
    yield* rewindConversation(store, "c", { turn: 0 })
    assert.deepStrictEqual(yield* store.getEvents("c"), [])
  }),

  "has no points that are not there": Effect.gen(function* () {
    const store = yield* twoTurns
    for (const point of [{ turn: 3 }, { turn: -1 }, { turn: 2, step: 3 }, { turn: 0, step: 1 }, { turn: 1.5 }]) {
      const error = yield* Effect.flip(rewindConversation(store, "c", point))
      assert.strictEqual(error._tag, "PointNotFound", JSON.stringify(point))
    }
  }),

  "makes two conversations of one, each of which goes on by itself": Effect.gen(function* () {
    const store = yield* twoTurns
    assert.deepStrictEqual(yield* forkConversation(store, "c", { at: { turn: 1 }, model: "m" }), {
      id: "c-2",
      from: "c",
      at: { turn: 1 },
      leavesRunning: false
    })
    assert.deepStrictEqual(saidIn(yield* store.getEvents("c-2")), saidIn((yield* store.getEvents("c")).slice(0, 5)))
    const { forkedFrom } = overviewOf(yield* store.getEvents("c-2", { include: "all" }))
    assert.deepStrictEqual(forkedFrom, { conversationId: "c", turn: 1, model: "m" })
    yield* store.addEvents("c-2", turnOf("b", 10))
    yield* rewindConversation(store, "c", { turn: 0 })
    assert.lengthOf(yield* store.getEvents("c-2"), 10)
    assert.strictEqual((yield* forkConversation(store, "c-2")).id, "c-2-2")
    assert.strictEqual((yield* Effect.flip(forkConversation(store, "c-2", { id: "c" })))._tag, "SessionExists")
    assert.strictEqual((yield* Effect.flip(forkConversation(store, "none")))._tag, "SessionNotFound")
  }),

  "forks within a turn": Effect.gen(function* () {
    const store = yield* twoTurns
    yield* forkConversation(store, "c", { at: { turn: 2, step: 1 }, id: "d" })
    const all = yield* store.getEvents("d", { include: "all" })
    assert.deepStrictEqual(saidIn(yield* store.getEvents("d")).slice(-3), [
      "assistant_message",
      "tool_call",
      "tool_result"
    ])
    assert.strictEqual(overviewOf(all).turns.at(-1)?.end, "cut")
  }),

  "goes on with a fork that a crash has cut short": Effect.gen(function* () {
    const store = yield* twoTurns
    const [first, second] = yield* store.getEvents("c", { include: "all" })
    assert.isDefined(first && second)
    if (first === undefined || second === undefined) return
    const { conversation_id: _id, schema_version: _version, seq: _seq, ...copied } = first
    yield* store.addEvent("d", copied)
    yield* forkConversation(store, "c", { id: "d" })
    assert.lengthOf(yield* store.getEvents("d"), 10)
    assert.strictEqual((yield* Effect.flip(forkConversation(store, "c", { id: "d" })))._tag, "SessionExists")
  }),

  "gives a fork the finished turns alone, while one runs": Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.addEvents("c", [...turnOf("a", 0), ...turnOf("b", 10, false)])
    const forked = yield* Effect.scoped(
      Effect.andThen(store.lockTurn("c", "1 minute"), forkConversation(store, "c", { id: "while" }))
    )
    assert.isTrue(forked.leavesRunning)
    assert.lengthOf(yield* store.getEvents("while"), 5)
    // Nobody has it: its program has ended, and who opens the conversation is told so.
    assert.isFalse((yield* forkConversation(store, "c", { id: "after" })).leavesRunning)
    assert.isTrue(overviewOf(yield* store.getEvents("after", { include: "all" })).isCutOff)
  }),

  "waits for a turn before it goes back": Effect.gen(function* () {
    const store = yield* twoTurns
    const locked = yield* Deferred.make<void>()
    const over = yield* Deferred.make<void>()
    const turn = yield* store
      .lockTurn("c", "1 minute")
      .pipe(
        Effect.andThen(Deferred.succeed(locked, undefined)),
        Effect.andThen(Deferred.await(over)),
        Effect.scoped,
        Effect.forkChild
      )
    yield* Deferred.await(locked)
    const error = yield* Effect.flip(rewindConversation(store, "c", { turn: 0 }, { timeout: 0 }))
    assert.strictEqual(error._tag, "LockTimeout")
    yield* Deferred.succeed(over, undefined)
    yield* Fiber.join(turn)
    yield* rewindConversation(store, "c", { turn: 0 }, { timeout: 0 })
    assert.deepStrictEqual(shapeOf(yield* store.getEvents("c")), [])
  })
}
