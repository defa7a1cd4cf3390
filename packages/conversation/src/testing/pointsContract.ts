/** Going back and going two ways, as every store of conversations has it, tried on the one of the context. */
import { textOf } from "@signalbox/model"
import { same } from "@signalbox/model/testing"
import { Deferred, Effect, Fiber } from "effect"
import type { ChatEvent, NewEvent } from "../events/ChatEvent.ts"
import { overviewOf } from "../events/conversationOverview.ts"
import { EventStore } from "../events/EventStore.ts"
import { forkConversation } from "../events/fork.ts"
import { rewindConversation } from "../events/rewind.ts"
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

/** A part of `eventStoreContract`. */
export const pointsContract: Readonly<Record<string, Effect.Effect<void, unknown, EventStore>>> = {
  "knows the turns and steps that one can go back to": Effect.gen(function* () {
    const store = yield* twoTurns
    const { isCutOff, title, turns } = overviewOf(yield* store.getEvents("c", { include: "all" }))
    yield* same("the title", title, "ask a")
    yield* same("it is cut off", isCutOff, false)
    yield* same(
      "its turns",
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
    yield* same("what a trial says", trial, { point: { turn: 1 }, turns: 1, messages: 3, calls: ["Edit"] })
    yield* same("after a trial", yield* store.getEvents("c"), before)
    yield* same("what going back says", yield* rewindConversation(store, "c", { turn: 1 }), trial)
    yield* same("what is left", yield* store.getEvents("c"), before.slice(0, 5))
    yield* same("the question that is gone exists", yield* store.eventExists("c", "user_message", "b"), false)
    yield* same("the answer that is gone", yield* store.getLastAssistantReplyId("c", "b"), undefined)
    // Nothing is later than what is there now.
    const count = (yield* store.getEvents("c", { include: "all" })).length
    yield* same("messages that go the second time", (yield* rewindConversation(store, "c", { turn: 1 })).messages, 0)
    yield* same("records after the second time", (yield* store.getEvents("c", { include: "all" })).length, count)
    yield* store.compact("c")
    yield* same("what is left after compaction", yield* store.getEvents("c"), before.slice(0, 5))
  }),

  "takes what was taken out when it is said again": Effect.gen(function* () {
    const store = yield* twoTurns
    yield* rewindConversation(store, "c", { turn: 1 })
    yield* same("one of them is known", (yield* store.addEvents("c", turnOf("b", 10))).includes(false), false)
    yield* same(
      "they are new again",
      yield* store.addEvents("c", turnOf("b", 10)),
      turnOf("b", 10).map(() => false)
    )
    yield* same(
      "the turns",
      overviewOf(yield* store.getEvents("c", { include: "all" })).turns.map(({ said }) => said),
      ["ask a", "ask b"]
    )
  }),

  "goes back to a step, after which the turn is over": Effect.gen(function* () {
    const store = yield* twoTurns
    yield* same("calls that are gone", (yield* rewindConversation(store, "c", { turn: 2, step: 1 })).calls, [])
    const all = yield* store.getEvents("c", { include: "all" })
    yield* same("the end at the step", saidIn(yield* store.getEvents("c")).slice(-4), [
      "ask b",
      "assistant_message",
      "tool_call",
      "tool_result"
    ])
    yield* same("how the turn ended", overviewOf(all).turns.at(-1)?.end, "cut")
    yield* rewindConversation(store, "c", { turn: 2, step: 0 })
    yield* same("the end before any step", saidIn(yield* store.getEvents("c")).slice(-2), ["told a", "ask b"])
    yield* rewindConversation(store, "c", { turn: 0 })
    yield* same("what is before all turns", yield* store.getEvents("c"), [])
  }),

  "has no points that are not there": Effect.gen(function* () {
    const store = yield* twoTurns
    for (const point of [{ turn: 3 }, { turn: -1 }, { turn: 2, step: 3 }, { turn: 0, step: 1 }, { turn: 1.5 }]) {
      const error = yield* Effect.flip(rewindConversation(store, "c", point))
      yield* same(`the failure at ${JSON.stringify(point)}`, error._tag, "PointNotFound")
    }
  }),

  "makes two conversations of one, each of which goes on by itself": Effect.gen(function* () {
    const store = yield* twoTurns
    yield* same("the fork", yield* forkConversation(store, "c", { at: { turn: 1 }, model: "m" }), {
      id: "c-2",
      from: "c",
      at: { turn: 1 },
      leavesRunning: false
    })
    yield* same(
      "what the fork says",
      saidIn(yield* store.getEvents("c-2")),
      saidIn((yield* store.getEvents("c")).slice(0, 5))
    )
    const { forkedFrom } = overviewOf(yield* store.getEvents("c-2", { include: "all" }))
    yield* same("where it is from", forkedFrom, { conversationId: "c", turn: 1, model: "m" })
    yield* store.addEvents("c-2", turnOf("b", 10))
    yield* rewindConversation(store, "c", { turn: 0 })
    yield* same("the fork alone", (yield* store.getEvents("c-2")).length, 10)
    yield* same("the name of the next one", (yield* forkConversation(store, "c-2")).id, "c-3")
    yield* same("the name after those that are taken", (yield* forkConversation(store, "c")).id, "c-4")
    yield* same(
      "a name that is taken",
      (yield* Effect.flip(forkConversation(store, "c-2", { id: "c" })))._tag,
      "SessionExists"
    )
    yield* same(
      "a conversation that is not there",
      (yield* Effect.flip(forkConversation(store, "none")))._tag,
      "SessionNotFound"
    )
  }),

  "forks within a turn": Effect.gen(function* () {
    const store = yield* twoTurns
    yield* forkConversation(store, "c", { at: { turn: 2, step: 1 }, id: "d" })
    const all = yield* store.getEvents("d", { include: "all" })
    yield* same("the end of the fork", saidIn(yield* store.getEvents("d")).slice(-3), [
      "assistant_message",
      "tool_call",
      "tool_result"
    ])
    yield* same("how its turn ended", overviewOf(all).turns.at(-1)?.end, "cut")
    yield* same("its own name", (yield* Effect.flip(forkConversation(store, "d", { id: "d" })))._tag, "SessionExists")
    yield* same("what it holds after that", (yield* store.getEvents("d", { include: "all" })).length, all.length)
  }),

  "goes on with a fork that a crash has cut short": Effect.gen(function* () {
    const store = yield* twoTurns
    const [first, second] = yield* store.getEvents("c", { include: "all" })
    if (first === undefined || second === undefined) return yield* same("records", [first, second], "two")
    const { conversation_id: _id, schema_version: _version, seq: _seq, ...copied } = first
    yield* store.addEvent("d", copied)
    yield* forkConversation(store, "c", { id: "d" })
    yield* same("the whole fork", (yield* store.getEvents("d")).length, 10)
    yield* same("the fork again", (yield* Effect.flip(forkConversation(store, "c", { id: "d" })))._tag, "SessionExists")
  }),

  "gives a fork the finished turns alone, while one runs": Effect.gen(function* () {
    const store = yield* EventStore
    yield* store.addEvents("c", [...turnOf("a", 0), ...turnOf("b", 10, false)])
    const forked = yield* Effect.scoped(
      Effect.andThen(store.lockTurn("c", "1 minute"), forkConversation(store, "c", { id: "while" }))
    )
    yield* same("a turn is left out", forked.leavesRunning, true)
    yield* same("records of the fork", (yield* store.getEvents("while")).length, 5)
    // Nobody has it: its program has ended, and who opens the conversation is told so.
    yield* same(
      "a turn is left out when none runs",
      (yield* forkConversation(store, "c", { id: "after" })).leavesRunning,
      false
    )
    yield* same("the fork is cut off", overviewOf(yield* store.getEvents("after", { include: "all" })).isCutOff, true)
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
    yield* same("the failure", error._tag, "LockTimeout")
    yield* Deferred.succeed(over, undefined)
    yield* Fiber.join(turn)
    yield* rewindConversation(store, "c", { turn: 0 }, { timeout: 0 })
    yield* same("what is there after the turn", shapeOf(yield* store.getEvents("c")), [])
  })
}
