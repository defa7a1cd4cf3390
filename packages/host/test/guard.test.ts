import { assert, layer } from "@effect/vitest"
import { configTemplate, Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { localCall } from "@signalbox/model"
import { managedDefaults } from "@signalbox/orchestrator"
import { readFxMcpLog, tempDirectory } from "@signalbox/testing"
import { Duration, Effect, FileSystem } from "effect"
import { join } from "node:path"
import { stringify } from "yaml"
import { configWith, fxServer, setupFor } from "./support.ts"

const offline = { "model.provider": "offline" }

const logFile = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (made) => Effect.promise(() => made[Symbol.asyncDispose]())
  ),
  ({ path }) => join(path, "fx.log")
)

const starts = (file: string) => readFxMcpLog(file).filter(({ event }) => event === "start").length

// On the real clock: files and processes.
layer(nodePlatform, { excludeTestServices: true })("the circuit and the sessions of a server", (it) => {
  it.effect("are what the file says for all, unless the server has its own", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        {
          plain: fxServer({ tools: ["echo"] }),
          own: fxServer({ tools: ["add"] }, { breaker: { failures: 2, openFor: "1 second" } })
        },
        offline
      )
      yield* Effect.gen(function* () {
        const { orchestrator, usable } = yield* Host
        yield* usable
        const [plain, own] = yield* orchestrator.breaker.stats
        const preset = managedDefaults.stdio.breaker
        assert.deepStrictEqual(plain?.settings, {
          ...preset,
          openFor: Duration.fromInputUnsafe(preset.openFor),
          probeTimeout: Duration.fromInputUnsafe(preset.probeTimeout)
        })
        assert.deepInclude(own?.settings, { failureThreshold: 2, openFor: Duration.seconds(1), maxProbes: 3 })
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("follow the file when it changes", () =>
    Effect.gen(function* () {
      const log = yield* logFile
      const config = yield* configWith({ fx: fxServer({ log, tools: ["write"] }) }, offline)
      yield* Effect.gen(function* () {
        const { orchestrator, reload, toolbox, usable } = yield* Host
        yield* usable
        yield* orchestrator.settled
        yield* toolbox.call("write", { key: "a", value: "v" }, localCall())
        assert.strictEqual(starts(log), 1)
        const changed = { sessions: { affinity: "call" }, breaker: { enabled: false } }
        const text = configTemplate.replace(
          "servers: {}",
          stringify({ servers: { fx: fxServer({ log, tools: ["write"] }, changed) } })
        )
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(
          config.file ?? "",
          text.replace("acquireTimeout: 30 seconds", "acquireTimeout: 9 seconds")
        )
        const { changed: names, needsRestart } = yield* reload.reload
        assert.deepStrictEqual([names, needsRestart], [["fx"], []])
        const before = starts(log)
        for (const key of ["b", "c"]) {
          const { structuredContent } = yield* toolbox.call("write", { key, value: "v" }, localCall())
          assert.propertyVal(structuredContent, "keys", 1)
        }
        assert.strictEqual(starts(log), before + 2)
        const [stats] = yield* orchestrator.breaker.stats
        assert.strictEqual(stats?.settings.failureThreshold, Number.MAX_SAFE_INTEGER)
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("leave nothing of a conversation that has been closed", () =>
    Effect.gen(function* () {
      const log = yield* logFile
      const fx = fxServer({ log, tools: ["write"] }, { sessions: { affinity: "conversation", max: 1 } })
      const config = yield* configWith({ fx }, offline)
      yield* Effect.gen(function* () {
        const { conversations, orchestrator, toolbox, usable } = yield* Host
        yield* usable
        yield* orchestrator.settled
        for (const id of ["one", "two"]) {
          const session = yield* conversations.start({ id })
          const call = toolbox.call("write", { key: id, value: "v" }, localCall({ conversationId: id }))
          assert.propertyVal((yield* call).structuredContent, "keys", 1)
          yield* session.close
        }
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )
})
