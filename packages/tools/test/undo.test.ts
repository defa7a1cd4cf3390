import { assert, describe, it } from "@effect/vitest"
import type { ChangedFile } from "@signalbox/tools"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { codeOf, makeBench } from "./support.ts"

const texts = (change: ChangedFile | undefined) =>
  change && [change.before && Buffer.from(change.before).toString(), Buffer.from(change.after).toString()]

describe("a change of a file", () => {
  it.live("can be taken back while the file is what it made of it", () =>
    Effect.gen(function* () {
      const { call, home, tools, write } = yield* makeBench((options) => ({
        ...options,
        undo: { folder: join(options.stateFolder, "undo"), maxChanges: 10, maxBytes: 1_000_000 }
      }))
      const file = write("a.txt", "one")
      yield* call("Edit", { file_path: "a.txt", old_string: "one", new_string: "two" })
      yield* call("Write", { file_path: "new.txt", content: "new" })
      const [second, first] = yield* tools.changes
      assert(first !== undefined && second !== undefined)
      assert.strictEqual(second.path, join(home, "work/new.txt"))
      assert.isTrue(second.wasNew)
      yield* tools.revert(second.id)
      assert.strictEqual(codeOf(yield* call("Read", { file_path: "new.txt" })), "FILE_NOT_FOUND")
      writeFileSync(file, "by hand")
      const refused = yield* Effect.flip(tools.revert(first.id))
      assert.include(refused.message, "changed since")
      writeFileSync(file, "two")
      yield* tools.revert(first.id)
      assert.strictEqual(readFileSync(file, "utf8"), "one")
      // That it was taken back can be taken back.
      const [back] = yield* tools.changes
      yield* tools.revert(back?.id ?? "")
      assert.strictEqual(readFileSync(file, "utf8"), "two")
      assert.strictEqual((yield* Effect.flip(tools.revert("none"))).code, "UNDO_REFUSED")
    })
  )

  it.live("can be seen before it is made also where nothing can be taken back", () =>
    Effect.gen(function* () {
      const { tools, write } = yield* makeBench()
      write("a.txt", "one")
      const change = { file_path: "a.txt", content: "two" }
      assert.deepStrictEqual(texts(yield* tools.preview("Write", change)), ["one", "two"])
    })
  )

  it.live("can be seen before it is made, and afterwards as long as what it left is there", () =>
    Effect.gen(function* () {
      const { call, tools, write } = yield* makeBench((options) => ({
        ...options,
        undo: { folder: join(options.stateFolder, "undo"), maxChanges: 10, maxBytes: 1_000_000 }
      }))
      const file = write("a.txt", "one")
      const edit = { file_path: "a.txt", old_string: "one", new_string: "two" }
      assert.deepStrictEqual(texts(yield* tools.preview("Edit", edit)), ["one", "two"])
      assert.deepStrictEqual(texts(yield* tools.preview("Write", { file_path: "b.txt", content: "b" })), [
        undefined,
        "b"
      ])
      for (const [name, input] of [
        ["Edit", { ...edit, old_string: "none" }],
        ["Edit", {}],
        ["Write", { file_path: "/etc/passwd", content: "" }],
        ["Bash", { command: "touch c.txt" }]
      ] as const)
        assert.isUndefined(yield* tools.preview(name, input))
      assert.strictEqual(readFileSync(file, "utf8"), "one")
      assert.deepStrictEqual(yield* tools.changes, [])
      yield* call("Edit", edit)
      yield* call("Edit", { ...edit, old_string: "two", new_string: "three" })
      const [second, first] = yield* tools.changes
      assert(first !== undefined && second !== undefined)
      assert.deepStrictEqual(texts(yield* tools.changedFile(first.id)), ["one", "two"])
      assert.deepStrictEqual(texts(yield* tools.changedFile(second.id)), ["two", "three"])
      writeFileSync(file, "by hand")
      assert.isUndefined(yield* tools.changedFile(second.id))
      assert.isUndefined(yield* tools.changedFile("none"))
    })
  )

  it.live("is kept within the limits by two processes at once", () =>
    Effect.gen(function* () {
      const { home } = yield* makeBench()
      const writer = join(import.meta.dirname, "fileWriter.ts")
      const run = promisify(execFile)
      yield* Effect.promise(() =>
        Promise.all(["a", "b"].map((name) => run(process.execPath, [writer, home, name, "50"])))
      )
      const kept = readdirSync(join(home, "undo")).toSorted()
      // One more than are kept: the oldest goes when the next one comes.
      assert.lengthOf(kept, 12, kept.join(" "))
      assert.deepStrictEqual(
        kept.filter((name) => name.endsWith(".json")).map((name) => name.replace(".json", ".before")),
        kept.filter((name) => name.endsWith(".before"))
      )
    })
  )

  it.live("is forgotten when there are more than are kept", () =>
    Effect.gen(function* () {
      const { call, tools } = yield* makeBench((options) => ({
        ...options,
        undo: { folder: join(options.stateFolder, "undo"), maxChanges: 3, maxBytes: 1_000_000 }
      }))
      for (let index = 0; index < 8; index++) yield* call("Write", { file_path: "a.txt", content: String(index) })
      assert.isAtMost((yield* tools.changes).length, 4)
      const bare = yield* makeBench()
      assert.deepStrictEqual(yield* bare.tools.changes, [])
      assert.strictEqual((yield* Effect.flip(bare.tools.revert("x"))).code, "UNDO_REFUSED")
    })
  )
})
