import { assert, layer } from "@effect/vitest"
import { localCall, resultText } from "@signalbox/model"
import { answering } from "@signalbox/model/testing"
import { calledByHand, checkReferences, configTemplate, Host } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { startFxLlm } from "@signalbox/testing"
import { toolNames, toolsDefaults } from "@signalbox/tools"
import { Duration, Effect, Fiber, FileSystem, Path } from "effect"
import { configWith, fxServer, load, plainTemplate, problemsOf, setupFor } from "./support.ts"

const preset = "extends: preset:default@1\n"
const keys = { ANTHROPIC_API_KEY: "sk-canary-0123456789" }

/** All built-in tools, asked about as by default; the data of the user is in the folder of the configuration. */
const configAll = (settings: Record<string, unknown> = {}, servers: Record<string, unknown> = {}) =>
  configWith(servers, { "model.provider": "offline", "tools.enabled": toolNames, ...settings }, {}, configTemplate)

const upstream = (script: NonNullable<Parameters<typeof startFxLlm>[0]>["script"]) =>
  Effect.acquireRelease(
    Effect.promise(() => startFxLlm(script === undefined ? {} : { script })),
    (server) => Effect.promise(() => server.close())
  )

const scripted = (url: string) => ({ "model.provider": "claude", "providers.claude.baseUrl": url })

/** Durations as numbers, so that they can be compared however they were written. */
const plain = (value: object) =>
  Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      /timeout|per$/i.test(key) ? Duration.toMillis(Duration.fromInputUnsafe(each)) : each
    ])
  )

const remove = { name: "Bash", input: { command: "rm a.txt" } }
/** A model that has a file removed, and says that it is gone. */
const removing = [{ toolCalls: [remove] }, { text: "Gone." }]

layer(nodePlatform, { excludeTestServices: true })("the built-in tools of a host", (it) => {
  it.effect("are configured in the file as the package configures them", () =>
    Effect.gen(function* () {
      const { tools } = (yield* load(configTemplate)).options
      const { commands, enabled, limits, paths, urls } = toolsDefaults({ cwd: "/work", stateFolder: "/state" })
      const { cwd: _c, protect: _p, readOnlyRoots: _r, roots: _o, ...inside } = paths
      assert.deepInclude(tools.paths, inside)
      assert.deepStrictEqual(tools.enabled, enabled)
      assert.deepStrictEqual(plain(tools.commands), plain(commands))
      assert.deepStrictEqual(plain(tools.urls), plain(urls))
      const { rate, tools: each, ...others } = tools.limits
      assert.deepStrictEqual(plain(rate), plain(limits.rate))
      const { rate: _rate, tools: _tools, ...other } = limits
      assert.deepStrictEqual(plain(others), plain(other))
      for (const name of toolNames) assert.deepStrictEqual(plain(each[name]), plain(limits.tools[name]), name)
    })
  )

  it.effect("are not made for a program that uses one server alone, which starts at once", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        { fx: fxServer({ tools: ["echo"] }), other: fxServer({}) },
        { "model.provider": "offline", "tools.enabled": ["LS"], "tools.paths.roots": ["no-such-folder"] },
        {},
        plainTemplate
      )
      yield* Effect.gen(function* () {
        const { orchestrator, toolbox } = yield* Host
        yield* orchestrator.settled
        assert.deepStrictEqual(
          (yield* orchestrator.servers).map(({ name, state }) => [name, state]),
          [
            ["fx", "running"],
            ["other", "stopped"]
          ]
        )
        assert.deepStrictEqual(
          (yield* toolbox.list).map(({ name }) => name),
          ["echo"]
        )
      }).pipe(Effect.provide(Host.layer({ ...setupFor(config), startsAll: false, onlyServer: "fx" })))
    })
  )

  it.effect("write no configuration, by which they could allow themselves more", () =>
    Effect.gen(function* () {
      const config = yield* configAll()
      yield* Effect.gen(function* () {
        const { toolbox } = yield* Host
        const written = yield* toolbox.call("Write", { file_path: "signalbox.yaml", content: "{}" }, localCall())
        assert.include(resultText(written), "PATH_REFUSED")
        assert.include(resultText(written), "it says what the tools may do")
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("stand before those of servers, and can be called by their source", () =>
    Effect.gen(function* () {
      const config = yield* configWith(
        { fx: fxServer({ tools: ["echo"] }) },
        { "model.provider": "offline", "tools.enabled": ["LS", "Read"] },
        {},
        plainTemplate
      )
      const fs = yield* FileSystem.FileSystem
      yield* fs.writeFileString(`${config.directory}/a.txt`, "hello\n")
      yield* Effect.gen(function* () {
        const { orchestrator, toolbox } = yield* Host
        yield* orchestrator.settled
        const tools = yield* toolbox.list
        assert.deepStrictEqual(
          tools.map(({ name, runBy }) => [name, runBy]),
          [
            ["Read", { _tag: "Host", source: "builtin" }],
            ["LS", { _tag: "Host", source: "builtin" }],
            ["echo", { _tag: "Host", source: "fx" }]
          ]
        )
        for (const name of ["Read", "builtin__Read"])
          assert.include(resultText(yield* toolbox.call(name, { file_path: "a.txt" }, localCall())), "hello")
        assert.strictEqual(
          (yield* Effect.flip(toolbox.call("Write", { file_path: "a.txt" }, localCall()))).code,
          "TOOL_NOT_FOUND"
        )
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("are told with their lines where they are configured wrongly", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(
        [
          preset,
          "tools:",
          "  enabled: [Read, Wriet]",
          "  comands: {}",
          "  search: { provider: searxng }",
          "  commands: { environment: { 1A: x } }",
          "server: { tools: [builtin, bultin] }",
          "conversation: { approval: { rules: [{ tool: builtin__Bash, decision: ask }, { tool: bultin__Bash, decision: ask }] } }",
          "servers: { builtin: { enabled: true, transport: http, url: 'http://127.0.0.1:9/', headers: {} } }"
        ].join("\n")
      )
      assert.deepStrictEqual(
        problems.map(({ line, path, suggestion }) => [line, path, suggestion]),
        [
          [4, "tools.enabled.1", undefined],
          [5, "tools.comands", 'did you mean "commands"?'],
          [6, "tools.search.url", undefined],
          [7, "tools.commands.environment.1A", undefined],
          [8, "server.tools.1", 'did you mean "builtin"?'],
          [9, "conversation.approval.rules.1.tool", 'did you mean "builtin__Bash"?'],
          [10, "servers.builtin", "give the server another name"]
        ]
      )
    })
  )

  it.effect("need the variables that they are given, where they are switched on", () =>
    Effect.gen(function* () {
      const text = [
        preset,
        "tools:",
        "  enabled: [Bash, WebSearch]",
        "  commands: { environment: { TOKEN: env:NOT_SET } }",
        "  search: { provider: brave, apiKey: env:NO_KEY }"
      ].join("\n")
      const error = yield* Effect.flip(checkReferences(yield* load(text), keys))
      assert.deepStrictEqual(
        error.problems.map(({ line, path }) => [line, path]),
        [
          [5, "tools.commands.environment.TOKEN"],
          [6, "tools.search.apiKey"]
        ]
      )
      yield* checkReferences(yield* load(text.replace("Bash, WebSearch", "Read")), keys)
    })
  )

  for (const mode of ["auto-safe", "auto", "ask"]) {
    it.effect(`ask a person once for a command that no list allows, with the mode ${mode}`, () =>
      Effect.gen(function* () {
        const server = yield* upstream(removing)
        const config = yield* configAll({ ...scripted(server.url), "conversation.approval.mode": mode })
        const fs = yield* FileSystem.FileSystem
        const file = `${config.directory}/a.txt`
        yield* fs.writeFileString(file, "x")
        const { asked, interaction } = answering({ isApproved: true, remember: "once" })
        const { steps } = yield* Effect.flatMap(Host, ({ conversations }) =>
          conversations.ask("Remove a.txt", { interaction })
        ).pipe(Effect.provide(Host.layer(setupFor(config, keys))))
        assert.deepStrictEqual(
          asked.map(({ input, tool }) => [tool.originalName, input]),
          [["Bash", remove.input]]
        )
        assert.strictEqual(steps[0]?.outcomes[0]?.status, "ok")
        assert.isFalse(yield* fs.exists(file))
      })
    )
  }

  it.effect("run nothing where nobody can be asked, and say why and what would help", () =>
    Effect.gen(function* () {
      const server = yield* upstream(removing)
      const config = yield* configAll({ ...scripted(server.url), "conversation.approval.mode": "auto" })
      const fs = yield* FileSystem.FileSystem
      const file = `${config.directory}/a.txt`
      yield* fs.writeFileString(file, "x")
      const { steps } = yield* Effect.flatMap(Host, ({ conversations }) => conversations.ask("Remove a.txt")).pipe(
        Effect.provide(Host.layer(setupFor(config, keys)))
      )
      const outcome = steps[0]?.outcomes[0]
      assert.deepStrictEqual([outcome?.status, outcome?.code], ["refused", "APPROVAL_REQUIRED"])
      const said = outcome === undefined ? "" : resultText(outcome.result)
      assert.include(said, "rm is not among the allowed commands")
      assert.include(said, "There is nobody to ask here.")
      assert.isTrue(yield* fs.exists(file))
    })
  )

  it.effect("do not ask again for what was approved for good, in a conversation or by hand", () =>
    Effect.gen(function* () {
      const server = yield* upstream(removing)
      const config = yield* configAll({ ...scripted(server.url), "conversation.approval.mode": "auto" })
      const fs = yield* FileSystem.FileSystem
      const setup = { ...setupFor(config, keys), dataDirectory: `${config.directory}/data` }
      const { asked, interaction } = answering({ isApproved: true, remember: "always" })
      for (const isFirst of [true, false]) {
        yield* fs.writeFileString(`${config.directory}/a.txt`, "x")
        yield* Effect.gen(function* () {
          const { approvals, conversations, toolbox } = yield* Host
          if (isFirst) return yield* conversations.ask("Remove a.txt", { interaction })
          return yield* toolbox.call("Bash", remove.input, calledByHand(approvals, { interaction }))
        }).pipe(Effect.provide(Host.layer(setup)))
        assert.isFalse(yield* fs.exists(`${config.directory}/a.txt`))
      }
      assert.lengthOf(asked, 1)
      const error = yield* Effect.flatMap(Host, ({ approvals, toolbox }) =>
        toolbox.call("Bash", { command: "rm b.txt" }, calledByHand(approvals))
      ).pipe(Effect.provide(Host.layer(setup)), Effect.flip)
      assert.strictEqual(error.code, "APPROVAL_REQUIRED")
    })
  )

  it.effect("follow a changed file: a call that runs finishes, and a file that is wrong changes nothing", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const config = yield* configWith({}, { "model.provider": "offline" }, {}, configTemplate)
      const rewrite = (from: string | RegExp, to: string) =>
        Effect.flatMap(fs.readFileString(config.file ?? ""), (text) =>
          fs.writeFileString(config.file ?? "", text.replace(from, to))
        )
      yield* Effect.gen(function* () {
        const { reload, toolbox } = yield* Host
        const names = Effect.map(toolbox.list, (tools) => tools.map(({ name }) => name))
        yield* rewrite(/^ {2}enabled: \[Read.*$/m, "  enabled: [Bash]")
        assert.isTrue((yield* reload.reload).areToolsChanged)
        assert.deepStrictEqual(yield* names, ["Bash"])
        const pipe = path.join(config.directory, "go")
        const running = yield* Effect.forkChild(
          toolbox.call("Bash", { command: `until [ -e ${pipe} ]; do sleep 0.05; done; echo done` }, localCall()),
          { startImmediately: true }
        )
        yield* rewrite("enabled: [Bash]", "enabled: [LS]")
        assert.isTrue((yield* reload.reload).areToolsChanged)
        assert.deepStrictEqual(yield* names, ["LS"])
        yield* rewrite('roots: ["."]', 'roots: ["./nowhere"]')
        assert.strictEqual((yield* Effect.flip(reload.reload)).code, "TOOL_ROOT_MISSING")
        assert.deepStrictEqual(yield* names, ["LS"])
        yield* fs.writeFileString(pipe, "")
        assert.strictEqual(resultText(yield* Fiber.join(running)), "done")
        yield* rewrite('roots: ["./nowhere"]', 'roots: ["."]')
        assert.isFalse((yield* reload.reload).areToolsChanged)
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("are an agent's where it names them, and follow what it names", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const servers = { fx: fxServer({ tools: ["echo"] }) }
      const config = yield* configWith(servers, { "model.provider": "offline" }, {}, configTemplate)
      const text = yield* fs.readFileString(config.file ?? "")
      const withAgents = (lines: ReadonlyArray<string>) =>
        fs.writeFileString(config.file ?? "", text.replace("agents: {}", ["agents:", ...lines].join("\n")))
      yield* fs.writeFileString(`${config.directory}/a.txt`, "hello\n")
      yield* withAgents([
        "  reader: { enabled: true, servers: [fx, mcp.builtin.Read, mcp.builtin.LS], tools: { builtin: { deny: [LS] } } }",
        "  none: { enabled: true, servers: [fx] }"
      ])
      yield* Effect.gen(function* () {
        const { agents, reload } = yield* Host
        yield* reload.reload
        const toolsOf = (name: string) =>
          Effect.flatMap(agents.add(name), ({ toolbox }) =>
            Effect.map(toolbox.list, (tools) => tools.map(({ name }) => name))
          )
        assert.deepStrictEqual(yield* toolsOf("reader"), ["Read", "echo"])
        const { toolbox } = yield* agents.add("reader")
        assert.include(resultText(yield* toolbox.call("Read", { file_path: "a.txt" }, localCall())), "hello")
        assert.strictEqual((yield* Effect.flip(toolbox.call("LS", {}, localCall()))).code, "TOOL_NOT_FOUND")
        assert.deepStrictEqual(yield* toolsOf("none"), ["echo"])
        yield* withAgents(["  reader: { enabled: true, servers: [fx, builtin] }"])
        yield* reload.reload
        assert.lengthOf(yield* toolsOf("reader"), 7)
      }).pipe(Effect.provide(Host.layer(setupFor(yield* config.reread))))
    })
  )

  it.effect("give a task to a sub-agent, which has the built-in tools and no sub-agent", () =>
    Effect.gen(function* () {
      const server = yield* upstream([
        { toolCalls: [{ name: "Task", input: { description: "look", prompt: "What is in a.txt?" } }] },
        { toolCalls: [{ name: "Read", input: { file_path: "a.txt" } }] },
        { text: "It says hello." },
        { text: "Done." }
      ])
      const config = yield* configAll(
        {
          ...scripted(server.url),
          "conversation.approval.mode": "auto",
          "conversation.context.maxResultTokens": 500
        },
        { fx: fxServer({ tools: ["echo"] }) }
      )
      const fs = yield* FileSystem.FileSystem
      yield* fs.writeFileString(`${config.directory}/a.txt`, "hello\n".repeat(1500))
      const { steps, text } = yield* Effect.gen(function* () {
        const { conversations, orchestrator } = yield* Host
        yield* orchestrator.settled
        return yield* conversations.ask("Look into a.txt")
      }).pipe(Effect.provide(Host.layer(setupFor(config, keys))))
      assert.strictEqual(text, "Done.")
      const outcome = steps[0]?.outcomes[0]
      assert.strictEqual(outcome === undefined ? "" : resultText(outcome.result), "It says hello.")
      const [first = [], second = []] = server.requests.map(({ offeredTools }) => offeredTools)
      assert.include(first, "Task")
      assert.include(first, "echo")
      assert.notInclude(second, "Task")
      assert.notInclude(second, "echo")
      // What is long is cut for it as for everybody.
      assert.include(server.requests[2]?.rawBody, "are left out here")
    })
  )
})
