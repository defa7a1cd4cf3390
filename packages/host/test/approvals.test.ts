import { assert, layer } from "@effect/vitest"
import { Interaction } from "@signalbox/model"
import { answering } from "@signalbox/model/testing"
import { configTemplate, Host } from "@signalbox/host"
import { createClient, nodePlatform } from "@signalbox/host/node"
import { Effect, FileSystem, Path } from "effect"
import { stringify } from "yaml"
import { configWith, fxServer, load, problemsOf, setupFor } from "./support.ts"

const configAsking = (servers: Record<string, unknown>, settings: Record<string, unknown> = {}) =>
  configWith(servers, settings, {}, configTemplate)

const preset = "extends: preset:default@1\n"

const yes = { isApproved: true, remember: "once" } as const
const always = { isApproved: true, remember: "always" } as const

const offline = { "model.provider": "offline" }
const question = 'echo "hi"'

layer(nodePlatform)("the configuration of approval", (it) => {
  it.effect("names each rule that is wrong, with its line", () =>
    Effect.gen(function* () {
      const problems = yield* problemsOf(
        [
          preset,
          "conversation:",
          "  approval:",
          "    rules:",
          "      - { tool: read file, decision: allow }",
          "      - { tool: read_file, decision: perhaps }",
          "      - { tool: read_file, decision: deny, argument: {} }",
          "      - { tool: file__read_file, decision: deny }",
          "      - { tool: files__read_file, arguments: { path: 7 }, decision: deny }",
          "server: { approval: sometimes }",
          "agents:",
          "  kairos: { enabled: true, servers: [files], approval: { mode: never, rules: [{ tool: x__y, decision: ask }] } }",
          stringify({ servers: { files: fxServer({}, { approval: "no" }) } })
        ].join("\n")
      )
      assert.deepStrictEqual(
        problems.map(({ line, path }) => [path, line]),
        [
          ["conversation.approval.rules.0.tool", 6],
          ["conversation.approval.rules.1.decision", 7],
          ["conversation.approval.rules.2.argument", 8],
          ["conversation.approval.rules.3.tool", 9],
          ["conversation.approval.rules.4.arguments.path", 10],
          ["server.approval", 11],
          ["agents.kairos.approval.mode", 13],
          ["agents.kairos.approval.rules.0.tool", 13],
          ["servers.files.approval", 24]
        ]
      )
      assert.include(problems[3]?.suggestion, 'did you mean "files__read_file"?')
    })
  )

  it.effect("is auto-safe by default, and auto for what keys may use over HTTP", () =>
    Effect.gen(function* () {
      const { options } = yield* load(preset)
      assert.deepStrictEqual(options.conversation.approval, { mode: "auto-safe", rules: [] })
      assert.strictEqual(options.server.approval, "auto")
    })
  )
})

/** What became of the call of a tool that the offline model makes. */
const ask = (interaction: Interaction) =>
  Effect.gen(function* () {
    const host = yield* Host
    yield* host.usable
    const { steps } = yield* host.conversations.ask(question, { interaction })
    return steps[0]?.outcomes[0]
  })

layer(nodePlatform, { excludeTestServices: true })("the approvals of a host", (it) => {
  it.effect("ask about tools of servers that are not trusted, and follow a configuration that changes", () =>
    Effect.gen(function* () {
      const config = yield* configAsking({ fx: fxServer({ tools: ["echo"] }) }, offline)
      const fs = yield* FileSystem.FileSystem
      yield* Effect.gen(function* () {
        const { asked, interaction } = answering(yes)
        assert.strictEqual((yield* ask(interaction))?.status, "ok")
        assert.include(asked[0]?.reason, '"fx" is not trusted')
        assert.strictEqual((yield* ask(Interaction.decline))?.code, "APPROVAL_REQUIRED")
        const { reload } = yield* Host
        const file = config.file ?? ""
        const before = yield* fs.readFileString(file)
        yield* fs.writeFileString(file, before.replace("\n    transport: stdio", "$&\n    approval: deny"))
        assert.deepStrictEqual((yield* reload.reload).needsRestart, [])
        assert.strictEqual((yield* ask(interaction))?.code, "TOOL_DENIED")
        yield* fs.writeFileString(file, before.replace("mode: auto-safe", "mode: auto"))
        assert.deepStrictEqual((yield* reload.reload).needsRestart, [])
        assert.strictEqual((yield* ask(Interaction.decline))?.status, "ok")
        assert.strictEqual(asked.length, 1)
      }).pipe(Effect.provide(Host.layer(setupFor(config))))
    })
  )

  it.effect("are an agent's own where it has some", () =>
    Effect.gen(function* () {
      const rules = [{ tool: "fx__echo", decision: "allow" }]
      const agents = {
        free: { enabled: true, servers: ["fx"], approval: { rules } },
        bound: { enabled: true, servers: ["fx"], approval: { mode: "deny" } },
        plain: { enabled: true, servers: ["fx"] }
      }
      const config = yield* configAsking({ fx: fxServer({ tools: ["echo"] }) }, { ...offline, agents })
      const codes = yield* Effect.gen(function* () {
        const { agents } = yield* Host
        return yield* Effect.forEach(["free", "bound", "plain"], (name) =>
          Effect.gen(function* () {
            const agent = yield* agents.add(name)
            return (yield* agent.conversations.ask(question)).steps[0]?.outcomes[0]?.code
          })
        )
      }).pipe(Effect.provide(Host.layer({ ...setupFor(config), startsAll: false })))
      assert.deepStrictEqual(codes, [undefined, "TOOL_DENIED", "APPROVAL_REQUIRED"])
    })
  )

  it.effect("keep what was approved for good in a file that only its owner can read, for one configuration", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const dataDirectory = path.join(yield* fs.makeTempDirectoryScoped(), "data")
      const file = path.join(dataDirectory, "approvals.json")
      const config = yield* configAsking({ fx: fxServer({ tools: ["echo"] }) }, offline)
      const other = yield* configAsking({ fx: fxServer({ tools: ["echo"] }) }, offline)
      const { asked, interaction } = answering(always)
      const run = (given: typeof config) =>
        Effect.provide(ask(interaction), Host.layer({ ...setupFor(given), dataDirectory }))
      yield* run(config)
      assert.strictEqual((yield* fs.stat(file)).mode & 0o777, 0o600)
      assert.strictEqual((yield* fs.stat(dataDirectory)).mode & 0o777, 0o700)
      yield* run(config)
      assert.strictEqual(asked.length, 1)
      yield* run(other)
      assert.strictEqual(asked.length, 2)
      // One that cannot be read stops nobody: what it had is asked about.
      yield* fs.writeFileString(file, "{")
      assert.strictEqual((yield* run(config))?.status, "ok")
      assert.strictEqual(asked.length, 3)
      assert.strictEqual(yield* fs.readFileString(file), "{")
    })
  )

  it.effect("are those of a program's own function, for the client for Promises", () =>
    Effect.gen(function* () {
      const config = yield* configAsking({ fx: fxServer({ tools: ["echo"] }) })
      const codes = yield* Effect.promise(async () => {
        const seen: Array<unknown> = []
        const results: Array<unknown> = []
        const approves = [() => true, async () => false, () => Promise.reject(new Error("no idea")), undefined]
        for (const approve of approves) {
          const noting = approve && ((call: object) => (seen.push(call), approve()))
          await using client = await createClient({
            ...(config.file === undefined ? {} : { config: config.file }),
            overrides: offline,
            ...(noting === undefined ? {} : { approve: noting })
          })
          results.push((await client.ask(question)).data?.steps[0]?.outcomes[0]?.code)
        }
        return [seen[0], ...results]
      })
      assert.deepInclude(codes[0], { server: "fx", tool: "echo", input: { text: "hi" } })
      assert.deepStrictEqual(codes.slice(1), [undefined, "APPROVAL_REFUSED", "APPROVAL_REFUSED", "APPROVAL_REQUIRED"])
    })
  )
})
