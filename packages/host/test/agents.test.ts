import { assert, layer } from "@effect/vitest"
import { type AgentInfo, agentInfoJson, checkReferences, Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { localCall, type ToolResult } from "@signalbox/model"
import { markedProcesses, readFxMcpLog, startFxLlm, tempDirectory } from "@signalbox/testing"
import { Cause, DateTime, Effect, Exit, Fiber, Layer, Logger, Stream } from "effect"
import { configWith, fxServer, problemsOf, setupFor } from "./support.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => tempDirectory()),
  (made) => Effect.promise(() => made[Symbol.asyncDispose]())
)

/** An agent of these servers. */
const agent = (servers: ReadonlyArray<string>, more: Record<string, unknown> = {}) => ({
  enabled: true,
  servers,
  ...more
})

/** A host with agents whose own conversation starts no server. */
const hostWith = Effect.fnUntraced(function* (
  servers: Record<string, unknown>,
  agents: Record<string, unknown>,
  environment: Record<string, string> = {},
  settings: Record<string, unknown> = {}
) {
  const config = yield* configWith(servers, { agents, "model.provider": "offline", ...settings })
  const setup = { ...setupFor(config, environment), startsAll: settings["runtime.agents"] === "all" }
  return yield* Effect.provideContext(Host, yield* Layer.build(Host.layer(setup)))
})

const canariesIn = (result: ToolResult): ReadonlyArray<string> => [
  ...new Set(JSON.stringify(result).match(/sk-canary-[a-z]+/g))
]

const marked = (value: string) => Effect.promise(() => markedProcesses({ name: "SIGNALBOX_TEST", value }))

const called = (file: string) =>
  readFxMcpLog(file)
    .filter(({ event }) => event === "call_start")
    .map(({ arguments: input, tool }) => [tool, input])

// On the real clock: the processes of these tests do not know of any other.
layer(nodePlatform, { excludeTestServices: true })("agents", (it) => {
  it.effect("give exactly their servers their secrets: common below specific, numbers as text", () => {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.formatJson, (line) => void lines.push(line))
    return Effect.gen(function* () {
      const { agents } = yield* hostWith(
        {
          a: fxServer({ tools: ["env", "kill_self"] }, { env: { OWN: "sk-canary-server" } }),
          b: fxServer({ tools: ["env"] })
        },
        {
          left: agent(["a", "mcp.b"], {
            secrets: {
              common: { SHARED: "sk-canary-common", TOKEN: "sk-canary-overridden" },
              a: { TOKEN: "env:LEFT", PORT: 8080 }
            }
          }),
          right: agent(["a"], { secrets: { a: { TOKEN: "sk-canary-right" } } }),
          dead: agent(["a"], { secrets: { a: { TOKEN: "sk-canary-dead" } }, onStart: [{ tool: "no_such_tool" }] })
        },
        { LEFT: "sk-canary-left" }
      )
      const left = yield* agents.add("left")
      const right = yield* agents.add("right")
      yield* left.usable
      const call = (toolbox: typeof left.toolbox, tool: string) => toolbox.call(tool, {}, localCall())
      const a = yield* call(left.toolbox, "a__env")
      assert.deepStrictEqual(canariesIn(a).toSorted(), ["sk-canary-common", "sk-canary-left", "sk-canary-server"])
      assert.deepInclude(a.structuredContent, { PORT: "8080", TOKEN: "sk-canary-left" })
      assert.deepStrictEqual(canariesIn(yield* call(left.toolbox, "b__env")).toSorted(), [
        "sk-canary-common",
        "sk-canary-overridden"
      ])
      assert.deepStrictEqual(canariesIn(yield* call(right.toolbox, "env")).toSorted(), [
        "sk-canary-right",
        "sk-canary-server"
      ])
      const lost = yield* Effect.flip(call(left.toolbox, "a__kill_self"))
      const dead = yield* Effect.flip(agents.add("dead"))
      assert.strictEqual(dead.code, "SERVER_SET_NOT_PREPARED")
      const now = yield* DateTime.now
      const told = [
        lost,
        lost.message,
        dead,
        dead.message,
        ...(yield* agents.list).map((info) => agentInfoJson(info, now))
      ]
      assert.notInclude(JSON.stringify(told), "canary")
      assert.notInclude(lines.join("\n"), "canary")
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("list and call no tool that is not theirs", () =>
    Effect.gen(function* () {
      const { agents } = yield* hostWith(
        { fx: fxServer({}, { tools: { allow: ["echo", "add", "sleep", "env"], deny: ["env"] } }), other: fxServer() },
        {
          lists: agent(["fx"], { tools: { fx: { allow: ["add", "sleep", "write"], deny: ["sleep"] } } }),
          named: agent(["mcp.fx.echo", "mcp.fx.sleep", "mcp.other.cwd"])
        }
      )
      const toolsOf = Effect.fnUntraced(function* (name: string) {
        const { toolbox, usable } = yield* agents.add(name)
        yield* usable
        return (yield* toolbox.list).map((tool) => tool.name)
      })
      assert.deepStrictEqual(yield* toolsOf("lists"), ["add"])
      assert.deepStrictEqual(yield* toolsOf("named"), ["echo", "sleep", "cwd"])
      const { toolbox } = yield* agents.add("named")
      const refused = yield* Effect.flip(toolbox.call("fx__add", { a: 1, b: 2 }, localCall()))
      assert.strictEqual(refused.code, "TOOL_NOT_FOUND")
    })
  )

  it.effect("start when they are first used, once for all who use them then", () =>
    Effect.gen(function* () {
      const marker = crypto.randomUUID()
      const { agents } = yield* hostWith(
        {
          fx: fxServer({}, { env: { SIGNALBOX_TEST: marker } }),
          two: fxServer({}, { env: { SIGNALBOX_TEST: marker } })
        },
        { kairos: agent(["fx", "two"], { description: "Plans the day" }), off: { ...agent(["fx"]), enabled: false } }
      )
      assert.deepStrictEqual(yield* marked(marker), [])
      const all = yield* Effect.all(
        Array.from({ length: 10 }, () => agents.add("kairos")),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(new Set(all).size, 1)
      yield* Effect.forEach(all, ({ usable }) => usable)
      assert.strictEqual((yield* marked(marker)).length, 2)
      const [kairos, off] = yield* agents.list
      assert.strictEqual(kairos?.status?.connectedServers, 2)
      assert.deepStrictEqual([off?.isEnabled, off?.status], [false, undefined])
      assert.strictEqual((yield* Effect.flip(agents.add("off"))).code, "AGENT_DISABLED")
      assert.strictEqual(
        (yield* Effect.flip(agents.add("kairo"))).message,
        'There is no agent "kairo". Did you mean "kairos"? Configured: kairos, off.'
      )
      yield* agents.remove("kairos")
      assert.deepStrictEqual(yield* marked(marker), [])
      assert.strictEqual((yield* Effect.flip(agents.remove("kairos"))).code, "AGENT_NOT_RUNNING")
    })
  )

  it.effect("start with the program where the configuration says so", () =>
    Effect.gen(function* () {
      const { agents } = yield* hostWith(
        { fx: fxServer() },
        { one: agent(["fx"]), two: agent(["fx"]) },
        {},
        { "runtime.agents": "all" }
      )
      const running = yield* agents.changes.pipe(
        Stream.mapEffect(() => agents.list),
        Stream.filter((all: ReadonlyArray<AgentInfo>) => all.every(({ status }) => status?.state === "connected")),
        Stream.runHead
      )
      assert.strictEqual(running._tag, "Some")
    })
  )

  it.effect("of which no server starts tell why, and leave nothing", () =>
    Effect.gen(function* () {
      const marker = crypto.randomUUID()
      const { agents } = yield* hostWith(
        {
          dead: fxServer({ exitAtStart: 7 }, { env: { SIGNALBOX_TEST: marker } }),
          gone: { ...fxServer(), command: "no-such-command", args: [] },
          off: { ...fxServer(), enabled: false }
        },
        { kairos: agent(["dead", "gone"]), none: agent(["off"]) }
      )
      const error = yield* Effect.flip(agents.add("kairos"))
      assert.strictEqual(error.code, "NO_SERVER_CONNECTED")
      assert.include(error.message, 'Server "dead" exited with status 7')
      assert.include(error.message, '"gone"')
      assert.isUndefined((yield* agents.get("kairos")).status)
      assert.deepStrictEqual(yield* marked(marker), [])
      assert.include((yield* Effect.flip(agents.add("none"))).message, '"none" has no servers.')
    })
  )

  it.effect("may have built-in tools and no server", () =>
    Effect.gen(function* () {
      const { agents } = yield* hostWith(
        {},
        { kairos: agent(["builtin"]), one: agent(["mcp.builtin.Read"]), none: agent([]) },
        {},
        { "tools.enabled": ["Read", "LS"] }
      )
      for (const [name, tools] of Object.entries({ kairos: ["Read", "LS"], one: ["Read"] })) {
        const { toolbox } = yield* agents.add(name)
        assert.deepStrictEqual(
          (yield* toolbox.list).map((tool) => tool.name),
          tools
        )
      }
      assert.include((yield* Effect.flip(agents.add("none"))).message, '"none" has no servers.')
    })
  )

  it.effect("are not started with a tool that there is not: it is named", () =>
    Effect.gen(function* () {
      const { agents } = yield* hostWith({ fx: fxServer() }, { kairos: agent(["mcp.fx.echo", "mcp.fx.ad"]) })
      const error = yield* Effect.flip(agents.add("kairos"))
      assert.strictEqual(error.code, "CONFIG_INVALID")
      assert.include(error.message, 'agents.kairos.servers.1: "fx" has no tool "ad" that may be called')
      assert.isUndefined((yield* agents.get("kairos")).status)

      const problems = yield* problemsOf(
        "extends: preset:default@1\nagents: { a: { enabled: true, servers: [mcp.builtin.Reads] } }\n"
      )
      assert.deepStrictEqual(
        problems.map(({ path, suggestion }) => [path, suggestion]),
        [["agents.a.servers.0", 'did you mean "mcp.builtin.Read"?']]
      )
    })
  )

  it.effect("do at their start what the configuration says, once, in its order, before anybody has them", () =>
    Effect.gen(function* () {
      const log = (yield* folder).file("log")
      const { agents } = yield* hostWith(
        { fx: fxServer({ log }) },
        {
          kairos: agent(["fx"], {
            onStart: [
              { tool: "write", args: { key: "a", value: "1" } },
              { tool: "fx__echo", args: { text: "ready" } }
            ]
          })
        }
      )
      yield* Effect.all([agents.add("kairos"), agents.add("kairos")], { concurrency: "unbounded" })
      assert.deepStrictEqual(called(log), [
        ["write", { key: "a", value: "1" }],
        ["echo", { text: "ready" }]
      ])
      yield* agents.reconnect({ agent: "kairos" })
      assert.strictEqual(called(log).length, 2)
    })
  )

  it.effect("talk to a model of their own about their own tools, as many rounds as they may", () =>
    Effect.gen(function* () {
      const upstream = yield* Effect.acquireRelease(
        Effect.promise(() =>
          startFxLlm({
            script: [1, 2, 3, 4].map((b) => ({ toolCalls: [{ name: "add", input: { a: 2, b } }] }))
          })
        ),
        (server) => Effect.promise(() => server.close())
      )
      const config = yield* configWith(
        { fx: fxServer(), other: fxServer() },
        {
          "providers.claude.baseUrl": upstream.url,
          agents: {
            kairos: agent(["mcp.fx.add"], {
              model: { provider: "claude", name: "model-of-kairos", systemPrompt: "You are Kairos.", maxTokens: 77 },
              maxHops: 3
            })
          }
        }
      )
      const setup = { ...setupFor(config, { ANTHROPIC_API_KEY: "sk-canary-0123456789" }), startsAll: false }
      const { agents } = yield* Effect.provideContext(Host, yield* Layer.build(Host.layer(setup)))
      const { conversations } = yield* agents.add("kairos")
      const { finishReason, steps } = yield* conversations.ask("Count on from 2")
      assert.strictEqual(finishReason, "tool_limit_reached")
      assert.deepStrictEqual(
        steps.map(({ outcomes }) => outcomes[0]?.status),
        ["ok", "ok", "ok", "not_run"]
      )
      const [first] = upstream.requests
      assert.deepInclude(first, { model: "model-of-kairos", system: "You are Kairos.", offeredTools: ["add"] })
      assert.deepInclude(first?.body, { max_tokens: 77 })
    })
  )

  it.effect("need their variables when they are used, and whoever checks is told of all of them before", () =>
    Effect.gen(function* () {
      const servers = { fx: fxServer() }
      const kairos = agent(["fx"], { secrets: { common: { TOKEN: "env:NOT_SET" } } })
      const { agents, config } = yield* hostWith(servers, { kairos })
      const error = yield* Effect.flip(agents.add("kairos"))
      assert.strictEqual(error.code, "CONFIG_INVALID")
      assert.include(error.message, "agents.kairos.secrets.common.TOKEN")
      assert.strictEqual((yield* Effect.flip(checkReferences(config, {}))).problems.length, 1)
      yield* checkReferences(config, { NOT_SET: "x" })
    })
  )

  it.effect("are not disturbed when another one is removed", () =>
    Effect.gen(function* () {
      const { agents } = yield* hostWith({ fx: fxServer() }, { one: agent(["fx"]), two: agent(["fx"]) })
      const exits = yield* agents.addAll
      assert.deepStrictEqual(
        [...exits].map(([name, exit]) => [name, exit._tag]),
        [
          ["one", "Success"],
          ["two", "Success"]
        ]
      )
      const two = yield* agents.add("two")
      const call = yield* Effect.forkChild(two.toolbox.call("sleep", { milliseconds: 300 }, localCall()), {
        startImmediately: true
      })
      yield* agents.remove("one")
      yield* agents.reconnect({ server: "fx" })
      const exit = yield* Fiber.await(call)
      assert.isTrue(Exit.isSuccess(exit), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
    })
  )
})
