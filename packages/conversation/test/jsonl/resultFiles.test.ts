import { EventStore } from "@signalbox/conversation"
import { makeResultFiles } from "@signalbox/conversation/jsonl"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { readdir, stat, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { userSays } from "@signalbox/conversation/testing"
import { folder, storeIn } from "./node.ts"

const filesIn = (path: string) => Effect.promise(async () => (await readdir(path)).toSorted())

const makeIn = (path: string) => Effect.provide(makeResultFiles(path), NodeServices.layer)

const modeOf = (path: string) => Effect.promise(async () => ((await stat(path)).mode & 0o777).toString(8))

describe("long results in files", () => {
  it.live("are read by their owner alone, and by no other user of the system", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const results = yield* makeIn(path)
      const id = yield* results.keep("Trip 1", "all of it")
      assert.strictEqual(yield* results.read("Trip 1", id), "all of it")
      assert.strictEqual(yield* results.read("other", id), undefined)
      const [name = ""] = yield* filesIn(path)
      assert.strictEqual(name, "%54rip%201.results")
      assert.strictEqual(yield* modeOf(join(path, name)), "700")
      assert.strictEqual(yield* modeOf(join(path, name, `${id}.txt`)), "600")
      // The next process reads it, too.
      assert.strictEqual(yield* (yield* makeIn(path)).read("Trip 1", id), "all of it")
    })
  )

  it.live("are no way to other files", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const results = yield* makeIn(path)
      yield* results.keep("a", "x")
      yield* Effect.promise(() => writeFile(join(path, "secret.txt"), "secret"))
      for (const id of ["../secret", "r_/../../secret", "r_..", ""]) {
        assert.strictEqual(yield* results.read("a", id), undefined)
      }
    })
  )

  it.live("go with their conversation, and with an owner that is forgotten", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const results = yield* makeIn(path)
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.addEvent("c", userSays("hello", "r"))
        yield* results.keep("c", "long")
        yield* results.keep("passing", "long")
        yield* results.forget("passing")
        yield* results.forget("never there")
        assert.include(yield* filesIn(path), "c.results")
        assert.notInclude(yield* filesIn(path), "passing.results")
        assert.isTrue(yield* store.removeConversation("c"))
      }).pipe(Effect.provide(storeIn(path)))
      assert.notInclude(yield* filesIn(path), "c.results")
    })
  )

  it.live("of conversations that are not there go after a day", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const before = yield* makeIn(path)
      for (const owner of ["left", "kept", "young"]) yield* before.keep(owner, "long")
      yield* Effect.promise(() => writeFile(join(path, "kept.jsonl"), ""))
      const old = (yield* Clock.currentTimeMillis) / 1000 - 25 * 3600
      yield* Effect.promise(async () => {
        for (const owner of ["left", "kept"]) await utimes(join(path, `${owner}.results`), old, old)
      })
      yield* (yield* makeIn(path)).keep("new", "long")
      assert.deepStrictEqual(yield* filesIn(path), ["kept.jsonl", "kept.results", "new.results", "young.results"])
    })
  )
})
