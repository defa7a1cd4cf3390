import { assert, layer } from "@effect/vitest"
import { Host, type LoadedConfig } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { localCall, resultText } from "@signalbox/model"
import { readFxMcpLog, tempDirectory, waitFor } from "@signalbox/testing"
import { Effect, Fiber, FileSystem, Queue, Stream } from "effect"
import { join } from "node:path"
import { stringify } from "yaml"
import { configWith, fxServer, plainTemplate, setupFor } from "./support.ts"

const offline = { "model.provider": "offline" }

const folder = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (made) => Effect.promise(() => made[Symbol.asyncDispose]())
  ),
  (made) => made.path
)

const write = (config: LoadedConfig, servers: Record<string, unknown>, change = (text: string) => text) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    fs.writeFileString(config.file ?? "", change(plainTemplate.replace("servers: {}", stringify({ servers }))))
  )

const starts = (file: string) => readFxMcpLog(file).filter(({ event }) => event === "start").length

// On the real clock: files and processes.
layer(nodePlatform, { excludeTestServices: true })("a configuration file that changes", (it) => {
  it.effect("is followed by the servers, and no call is disturbed", () =>
    Effect.gen(function* () {
      const logs = yield* folder
      const log = (name: string) => join(logs, name)
      const same = fxServer({ log: log("same"), tools: ["echo"] })
      const config = yield* configWith(
        { same, other: fxServer({ log: log("other"), tools: ["sleep"] }), gone: fxServer({ tools: ["add"] }) },
        offline
      )
      yield* Effect.gen(function* () {
        const { orchestrator, reload, toolbox, usable } = yield* Host
        yield* usable
        yield* orchestrator.settled
        const calls = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 10 }), () => toolbox.call("sleep", { milliseconds: 300 }, localCall()), {
            concurrency: "unbounded"
          }),
          { startImmediately: true }
        )
        const other = fxServer({ log: log("other"), tools: ["sleep"] }, { maxConcurrentCalls: 3 })
        yield* write(config, { new: fxServer({ tools: ["fetch_mock_data"] }), same, other })
        const reloaded = yield* reload.reload
        assert.deepStrictEqual(
          [reloaded.added, reloaded.removed, reloaded.changed, reloaded.unchanged, reloaded.kept],
          [["new"], ["gone"], ["other"], ["same"], []]
        )
        yield* orchestrator.settled
        assert.deepStrictEqual(
          (yield* toolbox.list).map(({ name }) => name),
          ["fetch_mock_data", "echo", "sleep"]
        )
        assert.isTrue((yield* Fiber.join(calls)).every(({ isError }) => !isError))
        assert.deepStrictEqual([starts(log("same")), starts(log("other"))], [1, 2])
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("gives a server more sessions at once, and fails no call that runs", () =>
    Effect.gen(function* () {
      const log = join(yield* folder, "fx.log")
      const fx = (max: number) =>
        fxServer({ log, tools: ["sleep"] }, { maxConcurrentCalls: 1, sessions: { affinity: "call", max } })
      const config = yield* configWith({ fx: fx(1) }, offline)
      yield* Effect.gen(function* () {
        const { orchestrator, reload, toolbox, usable } = yield* Host
        yield* usable
        yield* orchestrator.settled
        const calls = (count: number, milliseconds: number) =>
          Effect.forkChild(
            Effect.forEach(Array.from({ length: count }), () => toolbox.call("sleep", { milliseconds }, localCall()), {
              concurrency: "unbounded"
            }),
            { startImmediately: true }
          )
        const max = Effect.map(orchestrator.metrics.snapshot, ({ pools }) => pools["fx"]?.max)
        assert.strictEqual(yield* max, 1)
        const before = yield* calls(10, 100)
        yield* write(config, { fx: fx(3) })
        const { changed, kept } = yield* reload.reload
        assert.deepStrictEqual([changed, kept], [["fx"], []])
        // In force as soon as it is taken up, and not when those of before have ended.
        assert.strictEqual(yield* max, 3)
        const after = yield* calls(3, 60_000)
        const running = () => Effect.runPromise(orchestrator.metrics.snapshot).then(({ pools }) => pools["fx"]?.used)
        yield* Effect.promise(() =>
          waitFor(async () => (await running()) === 3, { description: "three calls to run at once" })
        )
        yield* Fiber.interrupt(after)
        const results = yield* Fiber.join(before)
        assert.lengthOf(results, 10)
        assert.isTrue(results.every(({ isError }) => !isError))
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("changes nothing while it is wrong, and says where", () =>
    Effect.gen(function* () {
      const config = yield* configWith({ a: fxServer({ tools: ["echo"] }) }, offline)
      yield* Effect.gen(function* () {
        const { reload, toolbox, usable } = yield* Host
        yield* usable
        yield* write(config, { a: { ...fxServer(), callTimeout: "soon" } })
        const error = yield* Effect.flip(reload.reload)
        assert.strictEqual(error.code, "CONFIG_INVALID")
        assert.include(error.message, "servers.a.callTimeout")
        assert.match(error.message, /signalbox\.yaml:\d+/)
        assert.strictEqual(yield* reload.rejected, error)
        assert.strictEqual(resultText(yield* toolbox.call("echo", { text: "still" }, localCall())), "still")
        yield* write(config, { a: fxServer({}, { env: { TOKEN: "env:NOT_SET_ANYWHERE" } }), b: fxServer() })
        const { added, changed, kept } = yield* reload.reload
        assert.deepStrictEqual([added, changed], [["b"], []])
        assert.deepStrictEqual(
          kept.map(({ error, serverName }) => [serverName, error.code]),
          [["a", "SERVER_INCOMPLETE"]]
        )
        assert.strictEqual(resultText(yield* toolbox.call("a__echo", { text: "yet" }, localCall())), "yet")
        yield* write(config, { a: fxServer({ tools: ["echo"] }) })
        assert.deepStrictEqual((yield* reload.reload).unchanged, ["a"])
        assert.isUndefined(yield* reload.rejected)
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("says which keys wait for a new start", () =>
    Effect.gen(function* () {
      const config = yield* configWith({}, offline)
      yield* Effect.gen(function* () {
        const { reload } = yield* Host
        yield* write(config, {}, (text) =>
          text
            .replace("maxHops: 8", "maxHops: 9")
            .replace("callTimeout: 60 seconds", "callTimeout: 61 seconds")
            .replace("maxRestarts: unlimited", "maxRestarts: 3")
            .replace("healthyAfter: 10 seconds", "healthyAfter: 11 seconds")
        )
        assert.deepStrictEqual((yield* reload.reload).needsRestart, ["conversation.maxHops", "runtime.restart"])
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("is noticed, once for each change of its text", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const config = yield* configWith({ a: fxServer({ tools: ["echo"] }) }, offline)
      yield* Effect.gen(function* () {
        const { reload, usable } = yield* Host
        yield* usable
        const events = yield* Queue.unbounded<ReadonlyArray<string>>()
        yield* reload.watch.pipe(
          Stream.runForEach((event) =>
            Queue.offer(events, event._tag === "Reloaded" ? event.reloaded.added : [event.error.code])
          ),
          Effect.forkScoped({ startImmediately: true })
        )
        const text = yield* fs.readFileString(config.file ?? "")
        // Again and again, because the folder is watched from a later moment on; it is the same text each time.
        const spoil = fs.writeFileString(config.file ?? "", text.replace("maxHops: 8", "maxHops: none"))
        const spoiling = Effect.forever(Effect.andThen(spoil, Effect.sleep("500 millis")))
        assert.deepStrictEqual(yield* Effect.raceFirst(Queue.take(events), spoiling), ["CONFIG_INVALID"])
        yield* write(config, { b: fxServer() })
        assert.deepStrictEqual(yield* Queue.take(events), ["b"])
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )
})
