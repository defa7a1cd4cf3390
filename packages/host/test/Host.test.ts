import { assert, layer } from "@effect/vitest"
import { collectTurn, type TurnEvent } from "@signalbox/conversation"
import { Host, managedServers } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { localCall, resultText } from "@signalbox/model"
import { readFxMcpLog, startFxLlm, tempDirectory, waitFor } from "@signalbox/testing"
import { Effect, Redacted, Stream } from "effect"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { configWith, fxServer, setupFor } from "./support.ts"

const calls = (file: string) => readFxMcpLog(file).filter(({ event }) => event === "call_start").length

const upstream = (script: Parameters<typeof startFxLlm>[0]) =>
  Effect.acquireRelease(
    Effect.promise(() => startFxLlm(script)),
    (server) => Effect.promise(() => server.close())
  )

const folder = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (made) => Effect.promise(() => made[Symbol.asyncDispose]())
  ),
  (made) => made.path
)

/** What a turn did, without what differs between two runs: ids, times, numbers of tokens. */
const essence = (event: TurnEvent): ReadonlyArray<unknown> => {
  switch (event.type) {
    case "model":
      if (event.event.type !== "content_block_delta") return [[event.event.type]]
      // Each API cuts the arguments of a call into pieces of its own.
      return event.event.delta.type === "text_delta" ? [["text", event.event.delta.text]] : []
    case "tool_start":
      return [["tool_start", event.call.name, event.call.input, event.call.runBy]]
    case "tool_end":
      return [["tool_end", event.outcome.status, resultText(event.outcome.result)]]
    case "turn_end":
      return [["turn_end", event.result.finishReason, event.result.text]]
    default:
      return [[event.type]]
  }
}

// On the real clock: the processes of these tests do not know of any other.
layer(nodePlatform, { excludeTestServices: true })("a host", (it) => {
  it.effect("runs a turn over a real server, and the same one through Claude and OpenAI", () =>
    Effect.gen(function* () {
      const script = [
        { text: "Let me see.", toolCalls: [{ name: "add", input: { a: 2, b: 3 } }] },
        { text: "It is 5." }
      ]
      const run = Effect.fnUntraced(function* (provider: "claude" | "openai") {
        const server = yield* upstream({ script })
        const path = provider === "claude" ? "" : "/v1"
        const config = yield* configWith(
          { fx: fxServer() },
          { "model.provider": provider, [`providers.${provider}.baseUrl`]: `${server.url}${path}` }
        )
        const keys = { ANTHROPIC_API_KEY: "sk-canary-0123456789", OPENAI_API_KEY: "sk-canary-0123456789" }
        return yield* Effect.gen(function* () {
          const host = yield* Host
          yield* host.usable
          const session = yield* host.conversations.start()
          return (yield* Stream.runCollect(session.send("What is 2 + 3?"))).flatMap(essence)
        }).pipe(Effect.provide(Host.layer(setupFor(config, keys))))
      })
      const claude = yield* run("claude")
      assert.deepStrictEqual(yield* run("openai"), claude)
      assert.deepInclude(claude, ["tool_start", "add", { a: 2, b: 3 }, { _tag: "Host", source: "fx" }])
      assert.deepInclude(claude, ["turn_end", "end_turn", "It is 5."])
    })
  )

  it.effect("says its tools in words too, where the configuration wants that", () =>
    Effect.gen(function* () {
      for (const isWanted of [true, false]) {
        const server = yield* upstream({ script: { text: "Yes." } })
        const config = yield* configWith(
          { fx: fxServer({ tools: ["add"] }) },
          {
            "model.provider": "claude",
            "providers.claude.baseUrl": server.url,
            "model.systemPrompt": "Be brief.",
            "conversation.describeTools": isWanted
          }
        )
        yield* Effect.gen(function* () {
          const host = yield* Host
          yield* host.usable
          yield* host.conversations.ask("Well?")
        }).pipe(Effect.provide(Host.layer(setupFor(config, { ANTHROPIC_API_KEY: "sk-canary-0123456789" }))))
        assert.match(server.requests[0]?.system ?? "", isWanted ? /^Be brief\.\n[^]*fx:\n- add: / : /^Be brief\.$/)
      }
    })
  )

  it.effect("shows the model resources and prompts where that is wanted, without those that cannot be read", () =>
    Effect.gen(function* () {
      const server = yield* upstream({ script: { text: "Well." } })
      const log = join(yield* folder, "log")
      const config = yield* configWith(
        { fx: fxServer({ log, items: 10, readDelay: 200, failRead: "fx://item/3,fx://item/7" }) },
        {
          "model.provider": "claude",
          "providers.claude.baseUrl": server.url,
          "conversation.resources.include": "all",
          "conversation.resources.listPrompts": true
        }
      )
      // Asked while the server still starts, as where its tools are remembered.
      yield* Effect.flatMap(Host, ({ conversations }) => conversations.ask("Well?")).pipe(
        Effect.provide(Host.layer(setupFor(config, { ANTHROPIC_API_KEY: "sk-canary-0123456789" })))
      )
      const system = server.requests[0]?.system ?? ""
      assert.strictEqual(system.match(/<resource /g)?.length, 8)
      assert.include(system, '<resource uri="fx://item/2" name="item 2">\nitem 2\n</resource>')
      assert.notInclude(system, "fx://item/7")
      assert.include(system, "- greet: Greets someone.")
      const reads = readFxMcpLog(log).filter((event) => event.event === "request" && event.method === "resources/read")
      assert.strictEqual(reads.length, 10)
    })
  )

  it.effect("tells servers the folders that the configuration names, and of none otherwise", () =>
    Effect.gen(function* () {
      for (const isNamed of [true, false]) {
        const config = yield* configWith(
          { fx: fxServer({ tools: "ask" }) },
          isNamed ? { "runtime.roots": ["notes"] } : {}
        )
        const asked = yield* Effect.gen(function* () {
          const { toolbox, usable } = yield* Host
          yield* usable
          return resultText(yield* toolbox.call("ask", { question: "roots" }, localCall()))
        }).pipe(Effect.provide(Host.layer(setupFor(config))))
        const uri = pathToFileURL(join(config.directory, "notes")).href
        if (isNamed) assert.deepStrictEqual(JSON.parse(asked), { roots: [{ uri, name: "notes" }] })
        else assert.notInclude(asked, "file:")
      }
    })
  )

  it.effect("keeps every server's tools callable when two have the same names", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const logs = { one: join(directory, "one"), two: join(directory, "two") }
      const config = yield* configWith(
        { one: fxServer({ log: logs.one, tools: ["add"] }), two: fxServer({ log: logs.two, tools: ["add"] }) },
        { "model.provider": "offline" }
      )
      yield* Effect.gen(function* () {
        const host = yield* Host
        yield* host.orchestrator.settled
        const names = (yield* host.toolbox.list).map(({ name }) => name)
        assert.deepStrictEqual(names, ["one__add", "two__add"])
        yield* host.toolbox.call("two__add", { a: 1, b: 1 }, localCall())
        assert.deepStrictEqual([calls(logs.one), calls(logs.two)], [0, 1])
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("is usable while one server hangs and another is dead", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        { hanging: fxServer({ hangInit: true }), dead: fxServer({ exitAtStart: 1 }), fine: fxServer() },
        { "model.provider": "offline" }
      )
      yield* Effect.gen(function* () {
        const host = yield* Host
        yield* host.usable
        const states = Effect.map(host.orchestrator.servers, (all) => all.map(({ name, state }) => [name, state]))
        // On a busy machine it is usable before the dead one has died.
        yield* Effect.promise(() =>
          waitFor(async () => (await Effect.runPromise(states))[1]?.[1] === "error", {
            description: "the end of the dead one"
          })
        )
        assert.deepStrictEqual(yield* states, [
          ["hanging", "starting"],
          ["dead", "error"],
          ["fine", "running"]
        ])
        const turn = yield* collectTurn((yield* host.conversations.start()).send('echo "hello"'))
        assert.include(turn.text, "hello")
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("knows the tools of an earlier run at once, where the configuration lets it remember them", () =>
    Effect.gen(function* () {
      const cacheDirectory = yield* folder
      const config = yield* configWith({ fx: fxServer({ initDelay: 300 }) }, { "model.provider": "offline" })
      const { options } = config
      const run = (toolCache: string) => {
        const changed = { ...config, options: { ...options, runtime: { ...options.runtime, toolCache } } }
        return Effect.gen(function* () {
          const host = yield* Host
          yield* host.usable
          const { state } = yield* host.orchestrator.server("fx")
          const turn = yield* collectTurn((yield* host.conversations.start()).send('echo "hello"'))
          assert.include(turn.text, "hello")
          return state
        }).pipe(Effect.provide(Host.layer({ ...setupFor(changed), cacheDirectory })))
      }
      assert.strictEqual(yield* run("auto"), "running")
      assert.strictEqual(yield* run("auto"), "starting")
      assert.strictEqual(yield* run(""), "running")
      assert.strictEqual(yield* run(cacheDirectory), "running")
      assert.strictEqual(yield* run(cacheDirectory), "starting")
    })
  )

  it.effect("is not usable when a required server cannot be started, and says which and why", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        { dead: fxServer({ exitAtStart: 1 }, { required: true }), fine: fxServer() },
        { "model.provider": "offline" }
      )
      yield* Effect.gen(function* () {
        const host = yield* Host
        const error = yield* Effect.flip(host.usable)
        assert.strictEqual(error.code, "CONNECTION_FAILED")
        assert.include(error.message, "dead")
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("gives each server its own secrets, absolute paths and limits", () =>
    Effect.gen(function* () {
      const config = yield* configWith({
        a: fxServer(
          {},
          { env: { TOKEN: "env:A_TOKEN", PLAIN: "x" }, cwd: "sub", callTimeout: "1 second", trusted: true }
        ),
        b: {
          enabled: true,
          transport: "http",
          url: "http://127.0.0.1:1/mcp",
          headers: { Authorization: "Bearer env:B_TOKEN" }
        },
        off: fxServer({}, { enabled: false, env: { X: "env:NOT_SET" } })
      })
      const [a, b, ...others] = yield* managedServers(config, { A_TOKEN: "secret-a", B_TOKEN: "secret-b" })
      assert.strictEqual(others.length, 0)
      const endpoint = a?.server.endpoint
      assert.strictEqual(endpoint?.transport, "stdio")
      if (endpoint?.transport === "stdio") {
        const token = endpoint.env["TOKEN"]
        assert.strictEqual(Redacted.isRedacted(token) ? Redacted.value(token) : token, "secret-a")
        assert.strictEqual(endpoint.cwd, join(config.directory, "sub"))
      }
      assert.strictEqual(a?.writes, "serial")
      assert.isTrue(a?.isTrusted)
      assert.strictEqual(b?.writes, "parallel")
      assert.notInclude(JSON.stringify([a, b]), "secret-")
    })
  )

  it.effect("lets a server override the restart policy of all", () =>
    Effect.gen(function* () {
      const config = yield* configWith({ a: fxServer(), b: fxServer({}, { restart: { maxRestarts: 2 } }) })
      const policies = (yield* managedServers(config, {})).map(({ restart }) => restart)
      assert.deepStrictEqual(policies, [
        { when: "always", maxRestarts: undefined },
        { when: "always", maxRestarts: 2 }
      ])
    })
  )

  it.effect("are not started where a variable is not set: each says which and where, and the others work", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        {
          a: fxServer({ tools: ["add"] }, { env: { T: "env:FOO", U: "env:BAR" }, sessions: { affinity: "call" } }),
          b: fxServer({ tools: ["echo"] })
        },
        { "model.provider": "offline" }
      )
      yield* Effect.gen(function* () {
        const { orchestrator, toolbox, usable } = yield* Host
        yield* usable
        yield* orchestrator.settled
        assert.strictEqual(resultText(yield* toolbox.call("echo", { text: "b" }, localCall())), "b")
        const { nextRestartAt, reason, state } = yield* orchestrator.server("a")
        assert.deepStrictEqual([state, nextRestartAt, reason?.code], ["error", undefined, "SERVER_INCOMPLETE"])
        assert.strictEqual(reason?.status.exit, 78)
        assert.isFalse(reason?.retryable)
        assert.match(
          reason?.message ?? "",
          /^Server "a" was not started: signalbox\.yaml:\d+ servers\.a\.env\.T: the environment variable FOO is not set; .*BAR is not set\.$/
        )
        assert.include((yield* Effect.flip(orchestrator.start("a"))).message, "FOO is not set")
        const call = yield* Effect.flip(orchestrator.toolbox.call("a__add", { a: 1, b: 2 }, localCall()))
        assert.include(call.message, "FOO is not set")
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )
})
