import { assert, describe, it } from "@effect/vitest"
import { nodePlatform } from "@signalbox/host/node"
import { claimPlace, controlPlace, findHost } from "@signalbox/server/control"
import { tempDirectory } from "@signalbox/testing"
import { Effect, Fiber, type FileSystem, type Path, type Scope } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { facts, placeIn } from "./controlSupport.ts"

type Platform = ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path

const run = <A, E>(effect: Effect.Effect<A, E, Platform | Scope.Scope>) =>
  Effect.runPromise(Effect.provide(Effect.scoped(effect), nodePlatform))

const withFile = async () => {
  const directory = await tempDirectory("sb-")
  writeFileSync(directory.file("signalbox.yaml"), "")
  return directory
}

describe("the record of a host", () => {
  it("is found while its process has the place, and gone afterwards", async () => {
    await using directory = await withFile()
    await run(
      Effect.gen(function* () {
        const place = yield* placeIn(directory.path)
        assert.isUndefined(yield* findHost(place))
        const claimed = yield* claimPlace(place, facts)
        yield* claimed.tell({ ready: true, url: "http://127.0.0.1:1" })
        assert.deepInclude(yield* findHost(place), { pid: process.pid, ready: true, url: "http://127.0.0.1:1" })
        assert.strictEqual(statSync(place.recordFile).mode & 0o777, 0o600)
        assert.strictEqual(statSync(place.directory).mode & 0o777, 0o700)
      })
    )
    assert.deepStrictEqual(readdirSync(directory.file("signalbox")), [])
  })

  it("keeps a second one away and names the process that has the place", async () => {
    await using directory = await withFile()
    await run(
      Effect.gen(function* () {
        const place = yield* placeIn(directory.path)
        yield* claimPlace(place, facts)
        const error = yield* Effect.flip(claimPlace(place, facts))
        assert.strictEqual(error.code, "HOST_ALREADY_RUNNING")
        assert.include(error.message, `${place.configFile} is already served by process ${process.pid}.`)
      })
    )
  })

  it("is given to one of many that come at the same moment", async () => {
    await using directory = await withFile()
    await run(
      Effect.gen(function* () {
        const place = yield* placeIn(directory.path)
        const claims = yield* Effect.forEach(Array.from({ length: 8 }), () => Effect.exit(claimPlace(place, facts)), {
          concurrency: "unbounded"
        })
        assert.lengthOf(
          claims.filter(({ _tag }) => _tag === "Success"),
          1
        )
      })
    )
  })

  it("is replaced when its process is gone, when its id is another's by now, and when it cannot be read", async () => {
    await using directory = await withFile()
    await run(
      Effect.gen(function* () {
        const place = yield* placeIn(directory.path)
        mkdirSync(place.directory, { mode: 0o700 })
        const own = yield* Effect.scoped(Effect.map(claimPlace(place, facts), ({ record }) => record()))
        const stale = [
          JSON.stringify({ ...own, pid: 999_999, process: "999999-1" }),
          JSON.stringify({ ...own, process: `${process.pid}-1` }),
          "{"
        ]
        for (const text of stale) {
          writeFileSync(place.recordFile, text)
          writeFileSync(place.socket, "")
          assert.isUndefined(yield* findHost(place))
          yield* Effect.scoped(claimPlace(place, facts))
          assert.deepStrictEqual(readdirSync(place.directory), [])
        }
      })
    )
  })

  it("is removed when the program is interrupted", async () => {
    await using directory = await withFile()
    await run(
      Effect.gen(function* () {
        const place = yield* placeIn(directory.path)
        const fiber = yield* Effect.forkChild(Effect.scoped(Effect.andThen(claimPlace(place, facts), Effect.never)))
        while ((yield* findHost(place)) === undefined) yield* Effect.sleep("5 millis")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(readdirSync(place.directory), [])
      })
    )
  })
})

describe("the place of a host", () => {
  it("is the same for every path to one file, and another for another file", async () => {
    await using directory = await withFile()
    writeFileSync(directory.file("other.yaml"), "")
    symlinkSync(directory.file("signalbox.yaml"), directory.file("link.yaml"))
    await run(
      Effect.gen(function* () {
        const environment = { XDG_RUNTIME_DIR: directory.path }
        const place = yield* placeIn(directory.path)
        assert.strictEqual((yield* controlPlace(directory.file("link.yaml"), environment)).socket, place.socket)
        assert.notStrictEqual((yield* controlPlace(directory.file("other.yaml"), environment)).socket, place.socket)
      })
    )
  })

  it("is in a folder of the user where there is no runtime folder, and never has a path too long for a socket", async () => {
    await using directory = await withFile()
    await run(
      Effect.gen(function* () {
        const file = directory.file("signalbox.yaml")
        const missing = yield* controlPlace(file, { XDG_RUNTIME_DIR: directory.file("nowhere") })
        assert.match(missing.directory, /signalbox-\w+$/)
        const long = directory.file("x".repeat(100))
        mkdirSync(long)
        const error = yield* Effect.flip(controlPlace(file, { XDG_RUNTIME_DIR: long }))
        assert.strictEqual(error.code, "CONTROL_DIRECTORY_UNUSABLE")
        assert.include(error.message, "bytes that a socket may be called")
      })
    )
  })

  it("is refused when it is a link or a file", async () => {
    await using directory = await withFile()
    await run(
      Effect.gen(function* () {
        const place = yield* placeIn(directory.path)
        symlinkSync(directory.path, place.directory)
        const link = yield* Effect.flip(claimPlace(place, facts))
        assert.include(link.message, "it is a symbolic link")
        assert.strictEqual(link.code, "CONTROL_DIRECTORY_UNUSABLE")
        const elsewhere = directory.file("run")
        mkdirSync(elsewhere)
        writeFileSync(`${elsewhere}/signalbox`, "")
        const file = yield* controlPlace(directory.file("signalbox.yaml"), { XDG_RUNTIME_DIR: elsewhere })
        assert.include((yield* Effect.flip(claimPlace(file, facts))).message, "it is not a folder")
      })
    )
  })
})
