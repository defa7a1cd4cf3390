import { EventStore, LockTimeout, type StoreError } from "@signalbox/conversation"
import { FileLock, layerJsonl } from "@signalbox/conversation/jsonl"
import { statusOf } from "@signalbox/errors"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { childrenOf } from "@signalbox/tooling/children"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { appendFile, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { delta, eventStoreContract, shapeOf, userSays } from "@signalbox/conversation/testing"
import { folder, storeIn } from "./node.ts"

const child = childrenOf(join(import.meta.dirname, "child.ts"))

const fileOf = (path: string) => join(path, "c.jsonl")
const linesOf = (path: string) =>
  Effect.promise(async () => (await readFile(fileOf(path), "utf8")).split("\n").filter((line) => line !== ""))

const seqs = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Warnings, with what they were about. */
const gatherWarnings = () => {
  const warnings: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn") warnings.push(JSON.stringify(message))
  })
  return { warnings, layer: Logger.layer([logger]) }
}

/** Reading it, adding to it, and writing it again. */
const verbsOf = (store: EventStore["Service"]) =>
  [store.getEvents("c"), store.addEvent("c", userSays("c")), store.compact("c")].map((attempt) =>
    Effect.asVoid<unknown, StoreError, never>(attempt)
  )

describe("conversations in files", () => {
  for (const [name, test] of Object.entries(eventStoreContract)) {
    it.effect(name, () => Effect.flatMap(folder, (path) => Effect.provide(test, storeIn(path))))
  }

  it.effect("are there for the next store, and for one that was there before", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.gen(function* () {
        const before = yield* EventStore
        assert.deepStrictEqual(yield* before.getEvents("c"), [])
        yield* EventStore.use((store) => store.addEvents("c", [userSays("a", "r"), delta("r", 0)])).pipe(
          Effect.provide(storeIn(path))
        )
        assert.lengthOf(yield* before.getEvents("c", { include: "all" }), 2)
        assert.isFalse(yield* before.addEvent("c", userSays("a", "r")))
        yield* before.addEvent("c", userSays("b"))
      }).pipe(Effect.provide(storeIn(path)))
      const shape = yield* EventStore.use((store) => store.getEvents("c")).pipe(
        Effect.map(shapeOf),
        Effect.provide(storeIn(path))
      )
      assert.deepStrictEqual(shape, ["1 user_message", "3 user_message"])
    })
  )

  it.effect("are one line for each record, with the time in UTC", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* EventStore.use((store) => store.addEvents("c", [userSays("a\nb"), userSays("ü")])).pipe(
        Effect.provide(storeIn(path))
      )
      const lines = yield* linesOf(path)
      assert.lengthOf(lines, 2)
      const first: unknown = JSON.parse(lines[0] ?? "")
      assert.deepInclude(first, {
        schema_version: 2,
        conversation_id: "c",
        seq: 1,
        timestamp: "1970-01-01T00:00:00.000Z",
        type: "user_message",
        content: [{ type: "text", text: "a\nb" }]
      })
    })
  )

  it.effect("lose nothing but a torn last line, and set aside what is unreadable", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const add = EventStore.use((store) => store.addEvents("c", [userSays("a"), userSays("b")]))
      yield* Effect.provide(add, storeIn(path))
      const [first = "", second = ""] = yield* linesOf(path)
      yield* Effect.promise(() => writeFile(fileOf(path), `${first}\n{"bad":\n\n${second}\n{"schema_version":2,"id"`))
      const { layer, warnings } = gatherWarnings()
      const read = EventStore.use((store) => store.getEvents("c")).pipe(Effect.provide(layer))
      assert.deepStrictEqual(shapeOf(yield* Effect.provide(read, storeIn(path))), ["1 user_message", "2 user_message"])
      assert.lengthOf(warnings, 2)
      assert.isTrue(warnings.some((text) => text.includes(`"lines":[2]`)))
      assert.isTrue(warnings.some((text) => text.includes(`"line":5`)))
      yield* Effect.provide(read, storeIn(path))
      assert.strictEqual(yield* Effect.promise(() => readFile(`${fileOf(path)}.rejected`, "utf8")), '{"bad":\n')

      yield* Effect.provide(
        EventStore.use((store) => store.addEvent("c", userSays("c"))),
        storeIn(path)
      )
      const after = yield* linesOf(path)
      assert.lengthOf(after, 4)
      assert.include(after[3], '"seq":3')

      const strict = yield* Effect.exit(Effect.provide(read, storeIn(path, { strict: true })))
      const error = yield* Effect.flip(strict)
      assert.strictEqual(error._tag, "HistoryCorrupt")
      assert.strictEqual(statusOf(error).exit, 65)
      assert.include(error.message, "line 2")
    })
  )

  it.effect("of a later version are neither read nor added to, and nothing of them is set aside", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const open = Effect.map(Layer.build(storeIn(path)), Context.get(EventStore))
      const early = yield* open
      yield* early.addEvents("c", [userSays("a"), userSays("b")])
      const [first = "", second = ""] = yield* linesOf(path)
      const later = second.replace('"schema_version":2', '"schema_version":3').replace('"seq":2', '"seq":3')
      const text = `${first}\n${second}\n${later}\n`
      yield* Effect.promise(() => writeFile(fileOf(path), text))
      const fresh = yield* open
      for (const attempt of [...verbsOf(fresh), ...verbsOf(early)]) {
        const error = yield* Effect.flip(attempt)
        assert.strictEqual(error._tag, "HistoryTooNew")
        assert.include(error.message, "line 3 is a record of version 3")
        assert.strictEqual(statusOf(error).exit, 65)
      }
      assert.strictEqual(yield* Effect.promise(() => readFile(fileOf(path), "utf8")), text)
      assert.notInclude(yield* Effect.promise(() => readdir(path)), "c.jsonl.rejected")
    })
  )

  it.effect("warn once of all that is unreadable, and name the first of it", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.promise(() =>
        writeFile(fileOf(path), Array.from({ length: 30 }, (_, n) => `{"bad":${n}\n`).join(""))
      )
      const { layer, warnings } = gatherWarnings()
      const read = EventStore.use((store) => store.getEvents("c")).pipe(Effect.provide(layer))
      assert.deepStrictEqual(yield* Effect.provide(read, storeIn(path)), [])
      assert.lengthOf(warnings, 1)
      for (const part of [`"count":30`, `"lines":[1,2,3,4,5]`, `"reason":"it is no JSON"`, `c.jsonl.rejected"`])
        assert.include(warnings[0], part)
      const kept = yield* Effect.promise(() => readFile(`${fileOf(path)}.rejected`, "utf8"))
      assert.lengthOf(kept.trimEnd().split("\n"), 30)
    })
  )

  it.effect("of the two older versions are read and go on in the new one", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const older = [
        {
          id: "e1",
          conversation_id: "c",
          seq: 1,
          timestamp: "2025-01-01T10:00:00+02:00",
          type: "user_message",
          role: "user",
          content: "hi"
        },
        {
          id: "e2",
          created_at: "2025-01-01T08:00:01",
          role: "assistant",
          content: "yes",
          provider: "openai",
          stop_reason: "stop",
          raw: { a: 1 }
        }
      ]
      yield* Effect.promise(() => writeFile(fileOf(path), older.map((event) => `${JSON.stringify(event)}\n`).join("")))
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.addEvent("c", userSays("more"))
        const events = yield* store.getEvents("c")
        assert.deepStrictEqual(shapeOf(events), ["1 user_message", "2 assistant_message", "3 user_message"])
        assert.deepInclude(events[1], { id: "e2", stop_reason: "stop", extra: { provider: "openai", raw: { a: 1 } } })
      }).pipe(Effect.provide(storeIn(path)))
    })
  )

  it.effect("that find no space say so, at once, and are whole afterwards", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.promise(() => symlink("/dev/full", fileOf(path)))
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        const error = yield* Effect.flip(store.addEvent("c", userSays("a")))
        assert.strictEqual(error._tag, "StorageFull")
        assert.include(error.message, fileOf(path))
        assert.isTrue(yield* store.addEvent("other", userSays("a")))
      }).pipe(Effect.provide(storeIn(path)))
    })
  )

  it.effect("that are locked are asked for again with growing pauses, and no more than five times", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const at: Array<number> = []
      let refusals = 3
      const lock = Layer.succeed(FileLock, {
        acquire: (file) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => {
            at.push(now)
            return refusals-- > 0 ? Effect.fail(new LockTimeout({ file, holder: { pid: 7, host: "h" } })) : Effect.void
          }),
        isWanted: () => Effect.succeed(false)
      })
      const store = layerJsonl({ folder: path, durability: "flush", strict: false }).pipe(
        Layer.provide(lock),
        Layer.provide(NodeServices.layer)
      )
      const add = EventStore.use((events) => events.addEvent("c", userSays("a"))).pipe(
        Effect.provide(store, { local: true })
      )
      const runOn = (fiber: Fiber.Fiber<unknown, unknown>) =>
        TestClock.adjust("1 millis").pipe(
          Effect.andThen(Effect.promise(() => readdir(path))),
          Effect.repeat({ until: () => fiber.pollUnsafe() !== undefined })
        )
      yield* Effect.promise(async () => writeFile(fileOf(path), ""))
      const first = yield* Effect.forkChild(add)
      yield* runOn(first)
      assert.isTrue(yield* Fiber.join(first))
      const pauses = at.slice(1, 4).map((time, index) => time - (at[index] ?? 0))
      for (const [index, least] of [50, 100, 200].entries()) {
        assert.isAtLeast(pauses[index] ?? 0, least)
        // One step of the clock more than the pause itself.
        assert.isAtMost(pauses[index] ?? 0, least + 21)
      }
      refusals = Infinity
      at.length = 0
      const second = yield* Effect.forkChild(Effect.flip(add))
      yield* runOn(second)
      const error = yield* Fiber.join(second)
      assert.lengthOf(at, 5)
      assert.include(error.message, "process 7")
    })
  )

  it.effect("get smaller, and other stores notice the new file", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const other = yield* Layer.build(storeIn(path))
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.addEvents("c", [userSays("a", "r"), ...seqs(0, 59).map((n) => delta("r", n, "piece"))])
        yield* EventStore.use((events) => events.getEvents("c")).pipe(Effect.provideContext(other))
        yield* store.compactDeltas("c", "r", { content: [{ type: "text", text: "all" }] })
        const before = (yield* Effect.promise(() => stat(fileOf(path)))).size
        const freed = yield* store.compact("c")
        const after = (yield* Effect.promise(() => stat(fileOf(path)))).size
        assert.strictEqual(before - after, freed)
        assert.isAbove(freed, 5000)
        yield* EventStore.use((events) => events.addEvent("c", userSays("b"))).pipe(Effect.provideContext(other))
        const seen = shapeOf(yield* store.getEvents("c"))
        assert.deepStrictEqual(seen, ["1 user_message", "62 assistant_message", "64 user_message"])
        assert.deepStrictEqual(
          shapeOf(yield* EventStore.use((events) => events.getEvents("c")).pipe(Effect.provideContext(other))),
          seen
        )
        assert.lengthOf(yield* linesOf(path), 4)
      }).pipe(Effect.provide(storeIn(path)))
    })
  )

  it.live("get each number once from several processes, which all see the same", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const children = yield* Effect.forEach(["a", "b", "c"], (prefix) => child("append", path, "c", prefix, "100"))
      yield* Effect.forEach(children, ({ said }) => said(/^saw /), { concurrency: "unbounded" })
      const events = yield* EventStore.use((store) => store.getEvents("c")).pipe(Effect.provide(storeIn(path)))
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        seqs(1, 300)
      )
      assert.isTrue(children.some(({ lines }) => lines.includes("saw 300")))
      assert.deepStrictEqual(
        (yield* Effect.promise(() => readdir(path))).filter((name) => !name.startsWith(".")),
        ["c.jsonl"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("have all that was acknowledged by processes that were killed", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const acknowledged: Array<string> = []
      for (let round = 0; round < 4; round++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { ended, lines, process, said } = yield* child("append", path, "c", `${round}`, "100000")
            yield* said(`${round}-${5 + round * 7}`)
            process.kill("SIGKILL")
            yield* ended
            acknowledged.push(...lines)
          })
        )
      }
      const { layer, warnings } = gatherWarnings()
      const events = yield* EventStore.use((store) => store.getEvents("c")).pipe(Effect.provide([storeIn(path), layer]))
      const kept = new Set(events.map(({ request_id }) => request_id))
      assert.deepStrictEqual(
        acknowledged.filter((id) => !kept.has(id)),
        []
      )
      assert.strictEqual(kept.size, events.length)
      assert.deepStrictEqual(
        events.map(({ seq }) => seq),
        seqs(1, events.length)
      )
      assert.isTrue(warnings.every((text) => text.includes("cut off")))
    })
  )

  it.effect("go on where a conversation's file was removed, or its end, by somebody else", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const other = yield* Layer.build(storeIn(path))
      yield* Effect.gen(function* () {
        const store = yield* EventStore
        yield* store.addEvents("c", [userSays("a"), userSays("b")])
        yield* EventStore.use((events) => events.removeConversation("c")).pipe(Effect.provideContext(other))
        assert.deepStrictEqual(yield* store.getEvents("c"), [])
        yield* store.addEvent("c", userSays("c"))
        assert.deepStrictEqual(shapeOf(yield* store.getEvents("c")), ["1 user_message"])
        yield* Effect.promise(() => appendFile(fileOf(path), "half a line"))
        const exit = yield* Effect.exit(store.addEvent("c", userSays("d")))
        assert.isTrue(Exit.isSuccess(exit))
        assert.lengthOf(yield* linesOf(path), 2)
      }).pipe(Effect.provide(storeIn(path)))
    })
  )
})
