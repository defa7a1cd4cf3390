import { assert, layer } from "@effect/vitest"
import { collectTurn } from "@signalbox/conversation"
import { configTemplate, Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { localCall, resultText } from "@signalbox/model"
import { managedDefaults } from "@signalbox/orchestrator"
import { readFxMcpLog, startFxLlm, tempDirectory } from "@signalbox/testing"
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

/** The names of the tools that a model was asked with. */
const toolNames = ({ body }: { readonly body: unknown }): ReadonlyArray<string> =>
  // fx-llm recorded a request of ours.
  ((body as { readonly tools?: ReadonlyArray<{ readonly name: string }> }).tools ?? []).map(({ name }) => name)

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

  it.effect("leave the names of all other tools as they are while one is open, and a call says why it is refused", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        { a: fxServer({ tools: ["add", "echo"] }), b: fxServer({ tools: ["add"] }) },
        offline
      )
      yield* Effect.gen(function* () {
        const { orchestrator, toolbox, usable } = yield* Host
        yield* usable
        yield* orchestrator.settled
        const names = Effect.map(toolbox.list, (tools) => tools.map(({ name }) => name))
        const all = ["a__add", "echo", "b__add"]
        assert.deepStrictEqual(yield* names, all)
        yield* orchestrator.breaker.open("b")
        assert.deepStrictEqual(yield* names, ["a__add", "echo"])
        const error = yield* Effect.flip(toolbox.call("b__add", { a: 1, b: 2 }, localCall()))
        assert.strictEqual(error.code, "SERVER_CIRCUIT_OPEN")
        assert.strictEqual(
          error.message,
          '"add" was not called: the circuit of server "b" is open: it was opened by hand.'
        )
        assert.strictEqual((yield* orchestrator.breaker.stats)[1]?.rejected, 1)
        assert.isFalse((yield* toolbox.call("a__add", { a: 1, b: 2 }, localCall())).isError)
        yield* orchestrator.breaker.close("b")
        assert.deepStrictEqual(yield* names, all)
        assert.isFalse((yield* toolbox.call("b__add", { a: 1, b: 2 }, localCall())).isError)
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect(
    "take a tool out of a conversation and bring it back under its name; the model is told why it is gone",
    () =>
      Effect.gen(function* () {
        const callB = { toolCalls: [{ name: "b__add", input: { a: 1, b: 2 } }] }
        const script = [callB, { text: "3" }, callB, { text: "refused" }, callB, { text: "3 again" }]
        const upstream = yield* Effect.acquireRelease(
          Effect.promise(() => startFxLlm({ script })),
          (server) => Effect.promise(() => server.close())
        )
        const config = yield* configWith(
          { a: fxServer({ tools: ["add"] }), b: fxServer({ tools: ["add"] }) },
          { "model.provider": "claude", "providers.claude.baseUrl": upstream.url }
        )
        yield* Effect.gen(function* () {
          const { conversations, orchestrator, usable } = yield* Host
          yield* usable
          yield* orchestrator.settled
          const session = yield* conversations.start()
          const outcome = Effect.map(collectTurn(session.send("1 + 2?")), ({ steps }) => steps[0]?.outcomes[0])
          assert.strictEqual((yield* outcome)?.status, "ok")
          yield* orchestrator.breaker.open("b")
          const refused = yield* outcome
          assert.deepInclude(refused, { status: "failed", code: "SERVER_CIRCUIT_OPEN" })
          assert.deepStrictEqual(refused?.call.runBy, { _tag: "Host", source: "b" })
          const text = refused === undefined ? "" : resultText(refused.result)
          assert.match(text, /^SERVER_CIRCUIT_OPEN: "add" was not called: .*"b" is open: it was opened by hand\./)
          assert.include(JSON.stringify(upstream.requests[3]?.body), "it was opened by hand")
          assert.strictEqual((yield* orchestrator.breaker.stats)[1]?.rejected, 1)
          yield* orchestrator.breaker.close("b")
          assert.strictEqual((yield* outcome)?.status, "ok")
          const both = ["a__add", "b__add"]
          const asked = [both, both, ["a__add"], ["a__add"], both, both]
          assert.deepStrictEqual(upstream.requests.map(toolNames), asked)
        }).pipe(Effect.provide(Host.layer(setupFor(config, { ANTHROPIC_API_KEY: "sk-canary-0123456789" }))))
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
