import { assert, layer } from "@effect/vitest"
import { collectTurn, Journal, presetLimits, runTurn } from "@signalbox/conversation"
import { checkReferences, Host, HookInput, type LoadedConfig, loadConfig } from "@signalbox/host"
import { nodePlatform } from "@signalbox/host/node"
import { emptyToolbox, localCall, resultText, textMessage } from "@signalbox/model"
import { markedProcesses, startFxLlm, waitFor } from "@signalbox/testing"
import { Effect, Fiber, FileSystem, Result, Schema, Stream } from "effect"
import { fileURLToPath } from "node:url"
import { configWith, fxServer, load, problemsOf, setupFor } from "./support.ts"

const upstream = (script: NonNullable<Parameters<typeof startFxLlm>[0]>["script"]) =>
  Effect.acquireRelease(
    Effect.promise(() => startFxLlm(script === undefined ? {} : { script })),
    (server) => Effect.promise(() => server.close())
  )

const echoing = [{ toolCalls: [{ name: "echo", input: { text: "hello" } }] }, { text: "Done." }]

/** A hook that is asked, notes what it was told in `told.jsonl`, and ends as its body says. */
const noting = (body: string) => `
import { appendFileSync, readFileSync } from "node:fs"
const told = JSON.parse(readFileSync(0, "utf8"))
appendFileSync("told.jsonl", JSON.stringify({ told, env: process.env }) + "\\n")
${body}
`

const answer = (value: unknown) => noting(`console.log(${JSON.stringify(JSON.stringify(value))})`)

interface HookGiven {
  readonly on: string
  readonly body: string
  readonly [key: string]: unknown
}

/** A configuration with these hooks as programs of Node, over a server with the tool echo. */
const configured = Effect.fnUntraced(function* (hooks: ReadonlyArray<HookGiven>, url: string, more: object = {}) {
  const fs = yield* FileSystem.FileSystem
  const config = yield* configWith(
    { fx: fxServer({ tools: ["echo", "add"] }) },
    {
      "model.provider": "claude",
      "providers.claude.baseUrl": url,
      "conversation.hooks": hooks.map((hook, index) => ({
        command: [process.execPath, `hook${index}.mjs`],
        timeout: "20 seconds",
        whenItFails: "block",
        ...Object.fromEntries(Object.entries(hook).filter(([key]) => key !== "body"))
      })),
      ...more
    },
    { ANTHROPIC_API_KEY: "sk-canary-0123456789" }
  )
  for (const [index, { body }] of hooks.entries())
    yield* fs.writeFileString(`${config.directory}/hook${index}.mjs`, body)
  return config
})

const environment = { ANTHROPIC_API_KEY: "sk-canary-0123456789", PATH: process.env["PATH"] ?? "" }

const told = Effect.fnUntraced(function* ({ directory }: LoadedConfig) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.orElseSucceed(fs.readFileString(`${directory}/told.jsonl`), () => "")
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): { readonly told: Record<string, unknown>; readonly env: Record<string, string> } => JSON.parse(line))
})

/** One question to a host with these hooks, and what became of it. */
const asked = Effect.fnUntraced(function* (
  hooks: ReadonlyArray<HookGiven>,
  script: Parameters<typeof upstream>[0] = echoing,
  more: object = {}
) {
  const server = yield* upstream(script)
  const config = yield* configured(hooks, server.url, more)
  const { counted, result } = yield* Effect.gen(function* () {
    const { conversations, hookNumbers, orchestrator } = yield* Host
    yield* orchestrator.settled
    const result = yield* Effect.result(conversations.ask("Say hello"))
    return { result, counted: yield* hookNumbers }
  }).pipe(Effect.provide(Host.layer(setupFor(config, environment))))
  return {
    config,
    counted,
    result,
    server,
    outcome: Result.isSuccess(result) ? result.success.steps[0]?.outcomes[0] : undefined
  }
})

const textOf = (outcome: Effect.Success<ReturnType<typeof asked>>["outcome"]) =>
  outcome === undefined ? "" : resultText(outcome.result)

layer(nodePlatform, { excludeTestServices: true })("hooks of the configuration", (it) => {
  it.effect(
    "are told what happens as the schema says, in an environment that holds no keys, and change arguments",
    () =>
      Effect.gen(function* () {
        const { config, outcome } = yield* asked([
          { on: "before-tool", body: answer({ arguments: { text: "changed" } }), env: { MARK: "here" } },
          { on: "after-tool", body: answer({}) }
        ])
        assert.strictEqual(textOf(outcome), "changed")
        const [before, after] = yield* told(config)
        for (const one of [before, after]) yield* Schema.decodeUnknownEffect(HookInput)(one?.told)
        assert.deepInclude(before?.told, {
          version: 1,
          event: "before-tool",
          principal: "local",
          agent: null,
          step: 1,
          tool: { name: "echo", original_name: "echo", source: "fx", is_read_only: true },
          arguments: { text: "hello" }
        })
        assert.deepInclude(after?.told, { event: "after-tool", status: "ok", error_code: null })
        assert.strictEqual(before?.env["MARK"], "here")
        assert.notInclude(JSON.stringify(before?.env), "canary")
      })
  )

  it.effect("refuse by their status or by an answer: the model is told why, and goes on", () =>
    Effect.gen(function* () {
      for (const body of [
        noting("console.error('not on Fridays'); process.exit(2)"),
        answer({ decision: "refuse", reason: "not on Fridays" }),
        // It does not even read what it is told.
        "process.stderr.write('not on Fridays'); process.exit(2)"
      ]) {
        const { counted, outcome, result, server } = yield* asked([{ on: "before-tool", body }])
        assert.deepInclude(outcome, { status: "refused", code: "HOOK_REFUSED" })
        assert.deepInclude(counted["before-tool"], { ok: 0, refused: 1, failed: 0, cancelled: 0 })
        assert.strictEqual(Result.isSuccess(result) && result.success.text, "Done.")
        assert.include(
          JSON.stringify(server.requests[1]?.body),
          "Refused by the hook before-tool hook0.mjs: not on Fridays"
        )
      }
    })
  )

  it.effect("have a person asked, whatever the approval lets through", () =>
    Effect.gen(function* () {
      const { outcome } = yield* asked([{ on: "before-tool", body: answer({ decision: "ask", reason: "it is late" }) }])
      assert.deepInclude(outcome, { status: "refused", code: "APPROVAL_REQUIRED" })
      assert.include(textOf(outcome), "it is late")
    })
  )

  it.effect("are about the tools that they match", () =>
    Effect.gen(function* () {
      for (const [match, isRefused] of [
        [["echo"], true],
        [["fx__*"], true],
        [["ad*", "ec*"], true],
        [["add"], false],
        [["other__echo"], false]
      ] as const) {
        const { outcome } = yield* asked([{ on: "before-tool", match, body: "process.exit(2)" }])
        assert.strictEqual(outcome?.status === "refused", isRefused, String(match))
      }
    })
  )

  it.effect("are asked in their order, each about what the one before it left", () =>
    Effect.gen(function* () {
      const { config, outcome } = yield* asked([
        {
          on: "after-tool",
          body: noting("console.log(JSON.stringify({ result: told.result.content[0].text + '1' }))")
        },
        {
          on: "after-tool",
          body: noting("console.log(JSON.stringify({ result: told.result.content[0].text + '2' }))")
        },
        { on: "after-tool", body: noting("if (told.arguments.text === 'x') process.exit(2)") }
      ])
      assert.strictEqual(textOf(outcome), "hello12")
      assert.lengthOf(yield* told(config), 3)
      const hidden = yield* asked([{ on: "after-tool", body: "process.stderr.write('a secret'); process.exit(2)" }])
      assert.match(textOf(hidden.outcome), /^HOOK_REFUSED: .*a secret$/)
      assert.notInclude(JSON.stringify(hidden.server.requests[1]?.body), '"hello"}]')
    })
  )

  it.effect("add to the system prompt, of one request or of a whole session, and see models, ends and sessions", () =>
    Effect.gen(function* () {
      const { config, server } = yield* asked([
        { on: "session-start", body: answer({ add_system: "Of the session." }) },
        {
          on: "before-model",
          body: noting("if (told.step === 1) console.log(JSON.stringify({ add_system: 'Of one.' }))")
        },
        { on: "after-model", body: answer({}) },
        { on: "turn-end", body: answer({}) },
        { on: "session-end", body: answer({}) }
      ])
      assert.deepStrictEqual(
        server.requests.map(({ system }) => system),
        ["Of the session.\nOf one.", "Of the session."]
      )
      const all = yield* told(config)
      for (const one of all) yield* Schema.decodeUnknownEffect(HookInput)(one.told)
      assert.deepStrictEqual(
        all.map(({ told }) => told["event"]),
        ["session-start", "before-model", "after-model", "before-model", "after-model", "turn-end", "session-end"]
      )
      assert.deepInclude(all[5]?.told, { finish_reason: "end_turn", text: "Done.", steps: 2, error: null })
      assert.lengthOf(new Set(all.map(({ told }) => told["conversation_id"])), 1)
    })
  )

  it.effect("end a turn that its model must not be asked for, and close a session from the start", () =>
    Effect.gen(function* () {
      for (const on of ["before-model", "session-start"]) {
        const { config, result, server } = yield* asked([
          { on, body: "process.stderr.write('no'); process.exit(2)" },
          { on: "turn-end", body: answer({}) }
        ])
        assert.strictEqual(Result.isFailure(result) && result.failure.code, "HOOK_REFUSED")
        assert.lengthOf(server.requests, 0)
        assert.deepInclude((yield* told(config))[0]?.told, { finish_reason: "error", usage: null })
      }
      const late = yield* asked([{ on: "after-model", body: "process.exit(2)" }])
      assert.strictEqual(Result.isFailure(late.result) && late.result.failure.code, "HOOK_REFUSED")
    })
  )

  it.effect(
    "that fail stop what they guard, or are passed over, as it is configured",
    () =>
      Effect.gen(function* () {
        const failing: ReadonlyArray<readonly [Record<string, unknown> & { readonly body: string }, RegExp]> = [
          [{ body: "process.exit(1)" }, /it ended with status 1/],
          [{ body: "process.kill(process.pid, 'SIGKILL')" }, /it was killed/],
          [{ body: "console.log('yes')" }, /its answer is no JSON/],
          [{ body: "console.log('{\"argumnets\":{}}')" }, /its answer is none to before-tool/],
          [{ body: "console.log('x'.repeat(2e6))" }, /it wrote more than 1048576 bytes/],
          [{ body: "setInterval(() => {}, 1000)", timeout: "300 millis" }, /it took longer than 300ms/],
          [{ body: "", command: ["./no-such-hook"] }, /there is no program/]
        ]
        for (const [given, reason] of failing) {
          const blocked = yield* asked([{ on: "before-tool", ...given }])
          assert.deepInclude(blocked.outcome, { status: "refused", code: "HOOK_FAILED" })
          assert.match(textOf(blocked.outcome), reason)
          const passed = yield* asked([{ on: "before-tool", ...given, whenItFails: "continue" }])
          assert.strictEqual(textOf(passed.outcome), "hello")
          assert.deepInclude(passed.counted["before-tool"], { ok: 0, failed: 1 })
        }
      }),
    60_000
  )

  it.effect("end with the turn, and with all that they have started", () =>
    Effect.gen(function* () {
      const server = yield* upstream(echoing)
      const mark = `hook-${crypto.randomUUID()}`
      const config = yield* configured(
        [
          {
            on: "before-tool",
            env: { SIGNALBOX_TEST_MARK: mark },
            body: "import { spawn } from 'node:child_process'; spawn('sleep', ['600']); setInterval(() => {}, 1000)"
          }
        ],
        server.url
      )
      const marked = Effect.promise(() => markedProcesses({ name: "SIGNALBOX_TEST_MARK", value: mark }))
      yield* Effect.gen(function* () {
        const { conversations, orchestrator } = yield* Host
        yield* orchestrator.settled
        const session = yield* conversations.start()
        const turn = yield* Effect.forkChild(Stream.runDrain(session.send("Say hello")))
        // The hook and what it has started.
        yield* Effect.promise(() =>
          waitFor(async () => (await Effect.runPromise(marked)).length === 2, { description: "a hook that waits" })
        )
        yield* Fiber.interrupt(turn)
        assert.deepStrictEqual(yield* marked, [])
      }).pipe(Effect.provide(Host.layer(setupFor(config, environment))))
    })
  )

  it.effect("are checked before anything starts: what they match, their variables, and whether they are there", () =>
    Effect.gen(function* () {
      const preset = "extends: preset:default@1\nconversation:\n  hooks:\n"
      const wrong = yield* problemsOf(
        `${preset}    - { on: turn-end, match: [Bash], command: [x], timeout: 1 second, whenItFails: block }\n    - { on: before-tool, command: [], timeout: 1 second }\n`
      )
      assert.deepStrictEqual(
        wrong.map(({ line, path }) => [line, path]),
        [
          [4, "conversation.hooks.0.match"],
          [5, "conversation.hooks.1.command.0"],
          [5, "conversation.hooks.1.whenItFails"]
        ]
      )
      const missing = yield* load(
        `${preset}    - { on: turn-end, command: [./gone.mjs], env: { A: env:NOT_SET }, timeout: 1 second, whenItFails: block }\n`
      )
      const error = yield* Effect.flip(checkReferences(missing, { ANTHROPIC_API_KEY: "a" }))
      assert.deepStrictEqual(
        error.problems.map(({ message, path }) => [path, message]),
        [
          ["conversation.hooks.0.env.A", "the environment variable NOT_SET is not set"],
          ["conversation.hooks.0.command", 'there is no program "./gone.mjs"']
        ]
      )
    })
  )

  it.effect("of the example refuse what they should, beside its instructions and its prompt", () =>
    Effect.gen(function* () {
      const command = "git push --force"
      const server = yield* upstream([{ toolCalls: [{ name: "Bash", input: { command } }] }, { text: "Done." }])
      const config = yield* loadConfig({
        file: "signalbox.yaml",
        directory: fileURLToPath(new URL("../../../apps/cli/examples/rules/", import.meta.url)),
        environment,
        flags: Object.entries({
          "model.provider": "claude",
          "providers.claude.baseUrl": server.url,
          "conversation.instructions.own": ""
        }).map(([key, value]) => ({ path: key.split("."), value, flag: "test" })),
        whenMissing: "fail"
      })
      yield* Effect.gen(function* () {
        const { conversations, instructions, promptCommands } = yield* Host
        const { steps } = yield* conversations.ask("Push it")
        const [outcome] = steps[0]?.outcomes ?? []
        assert.strictEqual(outcome?.code, "HOOK_REFUSED")
        assert.include(outcome === undefined ? "" : resultText(outcome.result), "nobody's work is overwritten here")
        assert.include((yield* instructions).text, "Short sentences.")
        assert.include(server.requests[0]?.system, "Answer in one paragraph.")
        const { content, notes, tools } = yield* promptCommands.expand("review", "docs/style.md jargon")
        assert.deepStrictEqual([content.length, notes, tools], [2, [], ["Read", "Grep"]])
      }).pipe(Effect.provide(Host.layer(setupFor(config, environment))))
    })
  )

  it.effect("are told of the clients of a server, and of conversations that begin as a copy", () =>
    Effect.gen(function* () {
      const server = yield* upstream([{ text: "One." }, { text: "Two." }, { text: "Three." }])
      const config = yield* configured(
        [
          { on: "before-model", body: answer({}) },
          { on: "session-start", body: answer({ add_system: "Copied." }) }
        ],
        server.url
      )
      yield* Effect.gen(function* () {
        const { conversations, hooks, model } = yield* Host
        // As a request of a client is answered, which brings its history.
        yield* collectTurn(
          runTurn({
            messages: [textMessage("user", "hello")],
            toolbox: emptyToolbox,
            model: model.service,
            limits: presetLimits,
            journal: Journal.none,
            hooks,
            request: { system: [], maxTokens: 10 },
            call: { ...localCall(), principal: "ci", conversationId: "request-1" }
          })
        )
        const session = yield* conversations.start()
        yield* Stream.runDrain(session.send("hello"))
        const copy = yield* conversations.fork(session.id)
        yield* Stream.runDrain(copy.send("again"))
      }).pipe(Effect.provide(Host.layer(setupFor(config, environment))))
      const seen = (yield* told(config)).map(({ told }) => [told["event"], told["principal"]])
      assert.deepStrictEqual(seen.slice(0, 3), [
        ["before-model", "ci"],
        ["session-start", "local"],
        ["before-model", "local"]
      ])
      assert.deepStrictEqual(
        server.requests.map(({ system }) => system ?? ""),
        ["", "Copied.", "Copied."]
      )
    })
  )
})
