import { FileLock, ProcessIdentities } from "@signalbox/conversation/jsonl"
import { childrenOf } from "@signalbox/tooling/children"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { readdir, utimes, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { folder, locks } from "./node.ts"

const child = childrenOf(join(import.meta.dirname, "child.ts"))

/** Lets the clock of the test run until the fiber is done, and tells for how long. */
const runUntilDone = (fiber: Fiber.Fiber<unknown, unknown>, limit: Duration.Input) =>
  Effect.gen(function* () {
    let seconds = 0
    while (fiber.pollUnsafe() === undefined && seconds < Duration.toSeconds(limit)) {
      yield* TestClock.adjust("250 millis")
      seconds += 0.25
      // Files are not of the clock of the test: each step takes one look at them.
      yield* Effect.promise(() => readdir("."))
      yield* Effect.promise(() => new Promise((done) => setImmediate(done)))
    }
    return seconds
  })

const holderOf = (given: object) => JSON.stringify({ pid: 1, host: "elsewhere", startTime: "1", nonce: "n", ...given })

const waitersIn = (path: string) =>
  Effect.promise(() => readdir(join(path, ".waiting")).catch(() => [])).pipe(
    Effect.map((names) => names.filter((name) => name.startsWith("file.")).length)
  )

/** A process that has taken its place in the queue. */
const waiter = Effect.fnUntraced(function* (path: string, place: number) {
  const waiting = yield* child("hold", path)
  yield* Effect.repeat(Effect.delay(waitersIn(path), "5 millis"), { until: (waiters) => waiters === place })
  return waiting
})

describe("a lock between processes", () => {
  it.live("is had by one at a time, and is gone when its holder lets go", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const lock = yield* FileLock
      let holders = 0
      let most = 0
      const use = Effect.scoped(
        Effect.gen(function* () {
          yield* lock.acquire(join(path, "file"))
          most = Math.max(most, ++holders)
          yield* Effect.yieldNow
          holders--
        })
      )
      yield* Effect.all(Array.from({ length: 20 }).fill(use) as ReadonlyArray<typeof use>, {
        concurrency: "unbounded"
      })
      assert.strictEqual(most, 1)
      const left = yield* Effect.promise(() => readdir(path))
      assert.deepStrictEqual(
        left.filter((name) => name.startsWith("file")),
        []
      )
    }).pipe(Effect.provide(locks))
  )

  it.live("of a killed process is free at once", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const holder = yield* child("hold", path)
      yield* holder.said("held")
      const waiting = yield* Effect.forkChild(Effect.scoped((yield* FileLock).acquire(join(path, "file"))))
      holder.process.kill("SIGKILL")
      yield* Fiber.join(waiting)
      const left = yield* Effect.promise(() => readdir(path))
      assert.deepStrictEqual(
        left.filter((name) => name.startsWith("file")),
        []
      )
    }).pipe(Effect.scoped, Effect.provide(locks))
  )

  it.live("goes to those who wait in the order in which they came, and past those who were killed", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const holder = yield* child("hold", path)
      yield* holder.said("held")
      const first = yield* waiter(path, 1)
      const killed = yield* waiter(path, 2)
      const last = yield* waiter(path, 3)
      killed.process.kill("SIGKILL")
      holder.process.stdin?.write("\n")
      yield* first.said("held")
      assert.isEmpty(last.lines)
      first.process.stdin?.write("\n")
      yield* last.said("held")
      last.process.stdin?.write("\n")
      yield* last.said("released")
      assert.strictEqual(yield* waitersIn(path), 0)
    }).pipe(Effect.scoped, Effect.provide(locks))
  )

  it.effect("names its holder to who has waited for 30 seconds", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const holder = yield* child("hold", path)
      yield* holder.said("held")
      const lock = yield* FileLock
      const waiting = yield* Effect.forkChild(Effect.flip(Effect.scoped(lock.acquire(join(path, "file")))))
      const seconds = yield* runUntilDone(waiting, "1 hour")
      const error = yield* Fiber.join(waiting)
      assert.strictEqual(error._tag, "LockTimeout")
      assert.strictEqual(error._tag === "LockTimeout" && error.holder?.pid, holder.pid)
      assert.include(error.message, `process ${holder.pid}`)
      assert.isAtLeast(seconds, 30)
      holder.process.stdin?.write("\n")
      yield* holder.said("released")
    }).pipe(Effect.scoped, Effect.provide(locks))
  )

  it.live("is had when it is free, also where the clock has gone back by an hour meanwhile", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "file")
      const [own, other] = yield* Effect.all([
        Effect.map(Layer.build(Layer.fresh(locks)), Context.get(FileLock)),
        Effect.map(Layer.build(Layer.fresh(locks)), Context.get(FileLock))
      ])
      const held = yield* Scope.make()
      yield* Scope.provide(own.acquire(file), held)
      const waiting = yield* Effect.forkChild(Effect.scoped(other.acquire(file)), { startImmediately: true })
      yield* Effect.repeat(Effect.delay(own.isWanted(file), "5 millis"), { until: (isWanted) => isWanted })
      const { now } = Date
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          Date.now = () => now() - 3_600_000
        }),
        () =>
          Effect.sync(() => {
            Date.now = now
          })
      )
      // It looks once by this clock.
      yield* Effect.sleep("50 millis")
      yield* Scope.close(held, Exit.void)
      yield* Fiber.join(waiting)
    })
  )

  it.effect("is not taken from a process that does nothing for long", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const holder = yield* child("hold", path)
      yield* holder.said("held")
      holder.process.kill("SIGSTOP")
      const lock = yield* FileLock
      const waiting = yield* Effect.forkChild(Effect.scoped(lock.acquire(join(path, "file"), "1 hour")))
      yield* runUntilDone(waiting, "60 seconds")
      assert.isUndefined(waiting.pollUnsafe())
      holder.process.kill("SIGCONT")
      holder.process.stdin?.write("\n")
      yield* holder.said("released")
      yield* runUntilDone(waiting, "1 hour")
      yield* Fiber.join(waiting)
    }).pipe(Effect.scoped, Effect.provide(locks))
  )

  it.effect("of an id that another process has now is free", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const { host, pid } = yield* ProcessIdentities
      yield* Effect.promise(() => writeFile(join(path, "file.lock"), holderOf({ host, pid, startTime: "0" })))
      yield* Effect.scoped((yield* FileLock).acquire(join(path, "file"), 0))
    }).pipe(Effect.provide(locks))
  )

  it.effect("of another host is free when nobody has touched it for a while, and not before", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const file = join(path, "file.lock")
      yield* Effect.promise(() => writeFile(file, holderOf({})))
      const lock = yield* FileLock
      const alive = yield* Effect.forkChild(Effect.scoped(lock.acquire(join(path, "file"), "1 hour")))
      for (let beat = 1; beat <= 10; beat++) {
        yield* runUntilDone(alive, "5 seconds")
        yield* Effect.promise(() => utimes(file, beat, beat))
      }
      assert.isUndefined(alive.pollUnsafe())
      const seconds = yield* runUntilDone(alive, "1 hour")
      yield* Fiber.join(alive)
      assert.isAtLeast(seconds, 15)
    }).pipe(Effect.provide(locks))
  )

  it.effect("is never taken by force from who cannot be read", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.promise(() => writeFile(join(path, "file.lock"), "?"))
      const lock = yield* FileLock
      const waiting = yield* Effect.forkChild(Effect.flip(Effect.scoped(lock.acquire(join(path, "file")))))
      yield* runUntilDone(waiting, "1 hour")
      const error = yield* Fiber.join(waiting)
      assert.strictEqual(error.hint?.includes(`remove "${join(path, "file")}.lock"`), true)
    }).pipe(Effect.provide(locks))
  )

  it.effect("is let go of when its scope is closed, and who waits can be stopped", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "file")
      const lock = yield* FileLock
      const scope = yield* Scope.make()
      yield* Scope.provide(lock.acquire(path), scope)
      const waiting = yield* Effect.forkChild(Effect.scoped(lock.acquire(path)))
      yield* Effect.repeat(lock.isWanted(path), { until: (isWanted) => isWanted })
      yield* Fiber.interrupt(waiting)
      assert.isFalse(yield* lock.isWanted(path))
      yield* Scope.close(scope, Exit.void)
      yield* Effect.scoped(lock.acquire(path, 0))
    }).pipe(Effect.provide(Layer.fresh(locks)))
  )
})
