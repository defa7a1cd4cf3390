import { EventStore, forkConversation, overviewOf, rewindConversation } from "@signalbox/conversation"
import { userSays } from "@signalbox/conversation/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { childrenOf } from "@signalbox/tooling/children"
import { join } from "node:path"
import { folder, storeIn } from "./node.ts"

const child = childrenOf(join(import.meta.dirname, "child.ts"))

const saidIn = (store: EventStore["Service"], id: string) =>
  Effect.map(store.getEvents(id, { include: "all" }), (events) => overviewOf(events).turns.map(({ said }) => said))

describe("a conversation whose turn runs in another process", () => {
  it.live("is forked without that turn, does not go back before it is over, and is whole when it was killed", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.addEvent("c", userSays("first", "r"))
        const { ended, process, said } = yield* child("turn", path, "c")
        yield* said("begun")
        const forked = yield* forkConversation(store, "c", { id: "while" })
        assert.isTrue(forked.leavesRunning)
        assert.deepStrictEqual(yield* saidIn(store, "while"), ["first"])
        const locked = yield* Effect.flip(rewindConversation(store, "c", { turn: 1 }, { timeout: 0 }))
        assert.strictEqual(locked._tag, "LockTimeout")
        process.kill("SIGKILL")
        yield* ended
        assert.isFalse((yield* forkConversation(store, "c", { id: "after" })).leavesRunning)
        assert.deepStrictEqual(yield* saidIn(store, "after"), ["first", "and now?"])
        assert.strictEqual((yield* rewindConversation(store, "c", { turn: 1 }, { timeout: 0 })).turns, 1)
        assert.deepStrictEqual(yield* saidIn(store, "c"), ["first"])
      }).pipe(Effect.scoped, Effect.provide(storeIn(path)))
    })
  )
})
