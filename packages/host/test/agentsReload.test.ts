import { assert, layer } from "@effect/vitest"
import { configTemplate, Host, type LoadedConfig } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { localCall, resultText } from "@signalbox/model"
import { markedProcesses, readFxMcpLog, tempDirectory, waitFor } from "@signalbox/testing"
import { Effect, Fiber, FileSystem, Layer } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { stringify } from "yaml"
import { configWith, fxServer, setupFor } from "./support.ts"

type Entries = Readonly<Record<string, unknown>>

const write = (config: LoadedConfig, servers: Entries, agents: Entries, change = (text: string) => text) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    fs.writeFileString(
      config.file ?? "",
      change(
        configTemplate
          .replace("\nservers: {}", `\n${stringify({ servers })}`)
          .replace("\nagents: {}", `\n${stringify({ agents })}`)
      )
    )
  )

const folder = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => tempDirectory()),
    (made) => Effect.promise(() => made[Symbol.asyncDispose]())
  ),
  (made) => made.path
)

/** A host whose own servers do not run, with its file to be changed. */
const hostOf = Effect.fnUntraced(function* (servers: Entries, agents: Entries, settings: Entries = {}) {
  const config = yield* configWith({}, { "model.provider": "offline", ...settings })
  yield* write(config, servers, agents)
  const setup = { ...setupFor(yield* config.reread), startsAll: settings["runtime.agents"] === "all" }
  const host = yield* Effect.provideContext(Host, yield* Layer.build(Host.layer(setup)))
  return { ...host, write: (servers: Entries, agents: Entries) => write(config, servers, agents) }
})

const starts = (file: string) => readFxMcpLog(file).filter(({ event }) => event === "start").length
const marked = (value: string) => markedProcesses({ name: "SIGNALBOX_TEST", value })

// On the real clock: files and processes.
layer(nodePlatform, { excludeTestServices: true })("agents of a configuration file that changes", (it) => {
  it.effect("come, go, and get other servers, while calls that run are answered by the old ones", () =>
    Effect.gen(function* () {
      const logs = yield* folder
      const log = (name: string) => join(logs, name)
      const mark = crypto.randomUUID()
      const servers = {
        same: fxServer({ log: log("same"), tools: ["echo"] }),
        slow: fxServer({ log: log("slow"), tools: ["sleep"] }),
        gone: fxServer({ tools: ["sleep"] }, { env: { SIGNALBOX_TEST: mark } })
      }
      const one = { enabled: true, servers: ["same", "slow"] }
      const { agents, reload, write } = yield* hostOf(servers, {
        one,
        two: { enabled: true, servers: ["gone"] },
        three: { enabled: true, servers: ["same"] }
      })
      const [before, two] = yield* Effect.all([agents.add("one"), agents.add("two")])
      yield* before.usable
      const sleep = (agent: typeof two) =>
        Effect.forkChild(agent.toolbox.call("sleep", { milliseconds: 800 }, localCall()), { startImmediately: true })
      const calls = yield* Effect.all([sleep(before), sleep(two)])

      const slow = fxServer({ log: log("slow"), tools: ["sleep"] }, { maxConcurrentCalls: 3 })
      yield* write(
        { ...servers, slow },
        { one: { ...one, secrets: { slow: { TOKEN: "x" } } }, three: { enabled: true, servers: ["same"] }, four: one }
      )
      const { agents: changed, needsRestart } = yield* reload.reload
      assert.deepStrictEqual(changed, {
        added: ["four"],
        removed: ["two"],
        changed: ["one"],
        unchanged: ["three"],
        kept: []
      })
      assert.deepStrictEqual(needsRestart, [])
      assert.deepStrictEqual(
        (yield* agents.list).map(({ name }) => name),
        ["one", "three", "four"]
      )
      assert.strictEqual((yield* Effect.flip(agents.add("two"))).code, "AGENT_NOT_FOUND")
      for (const result of yield* Effect.forEach(calls, Fiber.join)) assert.isFalse(result.isError)
      assert.deepStrictEqual([starts(log("same")), starts(log("slow"))], [1, 2])
      yield* Effect.promise(() =>
        waitFor(async () => (await marked(mark)).length === 0, { description: "the end of the agent that is gone" })
      )
      const four = yield* agents.add("four")
      yield* four.usable
      assert.deepStrictEqual([starts(log("same")), starts(log("slow"))], [2, 3])
    })
  )

  it.effect("change nothing while one that runs would lack something, and are told with all else that is wrong", () =>
    Effect.gen(function* () {
      const servers = { fx: fxServer({ tools: ["echo"] }) }
      const one = { enabled: true, servers: ["fx"] }
      const { agents, reload, write } = yield* hostOf(servers, { one, idle: one })
      const agent = yield* agents.add("one")
      const lacking = (name: string) => ({ ...one, secrets: { fx: { TOKEN: `env:${name}` } } })
      yield* write(
        { fx: servers.fx, other: fxServer({}, { env: { KEY: "env:UNSET_OF_SERVER" } }) },
        { one: lacking("UNSET_OF_AGENT"), idle: lacking("UNSET_OF_IDLE_AGENT") }
      )
      const error = yield* Effect.flip(reload.reload)
      assert.include(error.message, "UNSET_OF_SERVER")
      assert.include(error.message, "agents.one.secrets.fx.TOKEN: the environment variable UNSET_OF_AGENT")
      // It need not work before it is used.
      assert.notInclude(error.message, "UNSET_OF_IDLE_AGENT")
      const result = yield* agent.toolbox.call("echo", { text: "still" }, localCall())
      assert.strictEqual(resultText(result), "still")
      assert.strictEqual(yield* agents.add("one"), agent)
    })
  )

  it.effect("go on with the old options of a server whose new ones do not work", () =>
    Effect.gen(function* () {
      const fx = fxServer({ tools: ["echo"] })
      const one = { enabled: true, servers: ["fx"] }
      const { agents, reload, write } = yield* hostOf({ fx }, { one })
      const agent = yield* agents.add("one")
      yield* write({ fx: { ...fx, enabled: true, command: "no-such-command" } }, { one })
      const { changed, kept } = (yield* reload.reload).agents
      assert.deepStrictEqual(changed, ["one"])
      assert.deepStrictEqual(
        kept.map(({ agentName, error, serverName }) => [agentName, serverName, error.code]),
        [["one", "fx", "SERVER_SPAWN_FAILED"]]
      )
      const result = yield* agent.toolbox.call("echo", { text: "still" }, localCall())
      assert.strictEqual(resultText(result), "still")
    })
  )

  it.effect("get another model without new processes; their calls at the start are not made again", () =>
    Effect.gen(function* () {
      const log = join(yield* folder, "log")
      const fx = fxServer({ log, tools: ["echo"] })
      const one = { enabled: true, servers: ["fx"], onStart: [{ tool: "echo", args: { text: "hello" } }] }
      const { agents, reload, write } = yield* hostOf({ fx }, { one })
      const before = yield* agents.add("one")
      yield* write({ fx }, { one: { ...one, model: { systemPrompt: "You are another one." } } })
      assert.deepStrictEqual((yield* reload.reload).agents.changed, ["one"])
      const after = yield* agents.add("one")
      assert.notStrictEqual(after, before)
      assert.strictEqual(after.orchestrator, before.orchestrator)
      assert.deepStrictEqual(
        [starts(log), readFxMcpLog(log).filter(({ event }) => event === "call_start").length],
        [1, 1]
      )
      yield* write({ fx }, { one: { ...one, enabled: false } })
      assert.deepStrictEqual((yield* reload.reload).agents.changed, ["one"])
      assert.strictEqual((yield* Effect.flip(agents.add("one"))).code, "AGENT_DISABLED")
    })
  )

  it.effect("start with the configuration where they start with the program", () =>
    Effect.gen(function* () {
      const fx = fxServer({ tools: ["echo"] })
      const one = { enabled: true, servers: ["fx"] }
      const { agents, reload, write } = yield* hostOf({ fx }, { one }, { "runtime.agents": "all" })
      yield* write({ fx }, { one, two: one })
      yield* reload.reload
      const states = Effect.map(agents.list, (all) => all.map(({ status }) => status?.state).join())
      yield* Effect.promise(() =>
        waitFor(async () => (await Effect.runPromise(states)) === "connected,connected", { description: "both agents" })
      )
    })
  )

  it.effect("that are being started meanwhile become what the file says then", () =>
    Effect.gen(function* () {
      const go = join(yield* folder, "go")
      const log = join(yield* folder, "log")
      const slow = fxServer({ log, tools: ["echo"], fault: [`hold:${go}`] })
      const extra = fxServer({ tools: ["add"] })
      // Each is being started until its first call is answered.
      const one = { enabled: true, servers: ["slow"], onStart: [{ tool: "echo", args: { text: "ready?" } }] }
      const { agents, reload, write } = yield* hostOf({ slow, extra }, { one, two: one })
      const adding = yield* Effect.forkChild(agents.add("one"), { startImmediately: true })
      const leaving = yield* Effect.forkChild(Effect.flip(agents.add("two")), { startImmediately: true })
      const callsUnderWay = () => readFxMcpLog(log).filter(({ event }) => event === "call_start").length
      yield* Effect.promise(() => waitFor(() => callsUnderWay() === 2, { description: "both agents to be starting" }))
      yield* write({ slow, extra }, { one: { ...one, servers: ["slow", "extra"] } })
      yield* reload.reload
      writeFileSync(go, "")
      const agent = yield* Fiber.join(adding)
      yield* agent.orchestrator.settled
      assert.deepStrictEqual(
        (yield* agent.toolbox.list).map(({ name }) => name),
        ["echo", "add"]
      )
      assert.strictEqual((yield* Fiber.join(leaving)).code, "AGENT_NOT_RUNNING")
      assert.deepStrictEqual(
        (yield* agents.list).map(({ name }) => name),
        ["one"]
      )
    })
  )
})
