import { assert, describe, it } from "@effect/vitest"
import { nodePlatform } from "@signalbox/host/node"
import { startFxLlm, tempDirectory } from "@signalbox/testing"
import { Effect, type FileSystem, Option, type Path, Redacted, Ref } from "effect"
import type { HttpClient } from "effect/http"
import type { ChildProcessSpawner } from "effect/process"
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { clientEnvironment } from "../src/models/clientEnvironment.ts"
import { modelsList } from "../src/models/modelsList.ts"
import { modelsResolve } from "../src/models/modelsResolve.ts"
import { providersList } from "../src/models/providersList.ts"
import { providersTest } from "../src/models/providersTest.ts"
import { makeOutput, Output } from "../src/Output.ts"
import { plainStyle } from "../src/render/style.ts"
import { ExitCode } from "../src/report.ts"
import { Setting } from "../src/Setting.ts"
import { choiceFlags } from "../src/withHost.ts"

/** Nobody listens there, so that an Ollama of the machine that runs the tests is not found. */
const ollama = { baseUrl: "http://127.0.0.1:9/v1", model: "" }
const keys = { ANTHROPIC_API_KEY: "key-of-claude", GROQ_API_KEY: "key-of-groq" }
const groq = { kind: "groq", apiKey: "env:GROQ_API_KEY", baseUrl: "http://127.0.0.1:9/openai/v1", model: "llama-x" }

const routing = {
  rules: [
    { name: "fast", provider: "groq", model: "llama-y" },
    { prefix: "local/", provider: "ollama", strip: true }
  ],
  small: "groq/llama-small",
  big: "claude/claude-big",
  fallbacks: { groq: ["claude/claude-small"] }
}

interface Printed {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

type Work = Effect.Effect<
  unknown,
  never,
  | ChildProcessSpawner.ChildProcessSpawner
  | ExitCode
  | FileSystem.FileSystem
  | HttpClient.HttpClient
  | Output
  | Path.Path
  | Setting
>

/** Runs the work of a command as the program does, with what it prints and its exit code. */
const run = async (
  work: Work,
  given: { readonly config?: object; readonly env?: Readonly<Record<string, string>>; readonly json?: boolean } = {}
): Promise<Printed> => {
  await using directory = await tempDirectory()
  if (given.config !== undefined) {
    writeFileSync(directory.file("signalbox.yaml"), JSON.stringify({ extends: "preset:default@1", ...given.config }))
  }
  const printed = { stdout: "", stderr: "" }
  const style = plainStyle
  const say = (to: keyof typeof printed) => (text: string) => Effect.sync(() => void (printed[to] += text))
  const output = Output.of({
    ...makeOutput({ isJson: given.json ?? false, style, errorStyle: style }),
    write: say("stdout"),
    line: (text) => say("stdout")(`${text}\n`),
    status: (text) => say("stderr")(`${text}\n`)
  })
  const setting = Setting.of({
    environment: given.env ?? keys,
    dotEnvNames: new Set(),
    directory: directory.path,
    configFile: Option.none(),
    logLevel: Option.none(),
    logFormat: Option.none(),
    timeout: undefined,
    isTerminal: { stdin: false, stdout: false, stderr: false }
  })
  const code = await Effect.runPromise(
    Effect.gen(function* () {
      const exitCode = yield* Ref.make(0)
      yield* Effect.provideService(work, ExitCode, exitCode)
      return yield* Ref.get(exitCode)
    }).pipe(
      Effect.provideService(Output, output),
      Effect.provideService(Setting, setting),
      Effect.provide(nodePlatform)
    )
  )
  return { ...printed, code }
}

const dataOf = ({ stdout }: Printed) => JSON.parse(stdout).data

describe("models", () => {
  const config = { providers: { groq, ollama }, routing }

  it("lists the names that clients can ask for, and who answers where nobody names one", async () => {
    const text = await run(modelsList, { config })
    assert.match(text.stdout, /^fast +groq +llama-y$/m)
    assert.match(text.stdout, /\(default\) +claude +claude-/)
    assert.include(text.stdout, "ANTHROPIC_API_KEY is set")
    const { default: standard, models } = dataOf(await run(modelsList, { config, json: true }))
    assert.strictEqual(standard.provider, "claude")
    assert.deepInclude(models, { name: "fast", provider: "groq", model: "llama-y" })
  })

  it("lists the rules by prefix and pattern as what they are, and what becomes of all other names", async () => {
    const rules = [...routing.rules, { pattern: "gpt-.*", provider: "groq" }]
    const given = { ...config, routing: { ...routing, rules } }
    const text = await run(modelsList, { config: given })
    assert.match(text.stdout, /^local\/… +ollama +as asked, without local\/$/m)
    assert.match(text.stdout, /^pattern gpt-\.\* +groq +as asked$/m)
    assert.match(text.stdout, /^names of Claude Haiku +groq +llama-small$/m)
    assert.match(text.stdout, /^\(any other name\) +claude +as asked$/m)
    const json = dataOf(await run(modelsList, { config: given, json: true }))
    assert.deepInclude(json.rules, {
      type: "prefix",
      text: "local/",
      title: null,
      provider: "ollama",
      model: null,
      strip: true
    })
    assert.deepInclude(json.rules, {
      type: "pattern",
      text: "gpt-.*",
      title: null,
      provider: "groq",
      model: null,
      strip: false
    })
    assert.deepStrictEqual(json.unknown, { type: "passed on", provider: "claude" })
    const refusing = { ...config, routing: { ...routing, unknown: "reject" } }
    assert.match((await run(modelsList, { config: refusing })).stdout, /^\(any other name\) +refused/m)
  })

  it("resolves a name: who answers, by which rule, and who is asked next", async () => {
    const json = dataOf(await run(modelsResolve("claude-3-haiku-20240307"), { config, json: true }))
    assert.deepInclude(json, {
      requested: "claude-3-haiku-20240307",
      provider: "groq",
      model: "llama-small",
      fallbacks: [{ provider: "claude", model: "claude-small" }]
    })
    assert.match(json.rule, /^pattern .*haiku/)
    const text = await run(modelsResolve("local/llama"), { config })
    assert.include(text.stdout, "local/llama → ollama/llama\nby the rule: prefix local/")
    const passed = await run(modelsResolve("claude-new"), { config })
    assert.include(passed.stdout, "claude-new → claude/claude-new\nno rule is for it")
  })

  it("says of a name that is refused which one may be meant", async () => {
    const refused = await run(modelsResolve("fasts"), {
      config: { ...config, routing: { ...routing, unknown: "reject" } }
    })
    assert.strictEqual(refused.code, 1)
    assert.include(refused.stderr, 'Did you mean "fast"?')
    assert.strictEqual(refused.stdout, "")
  })
})

describe("providers", () => {
  it("are listed with what they are and whether their key is there, and no key is shown", async () => {
    const config = { providers: { groq, ollama, mine: { ...groq, kind: "vllm", apiKey: "" } } }
    const printed = await run(providersList, { config, json: true })
    const rows: ReadonlyArray<{ readonly name: string; readonly kind: string; readonly key: string }> =
      dataOf(printed).providers
    assert.deepStrictEqual(
      rows.map(({ key, kind, name }) => [name, kind, key]),
      [
        ["claude", "claude", "set"],
        ["openai", "openai", "missing"],
        ["openrouter", "openrouter", "missing"],
        ["ollama", "ollama", "none wanted"],
        ["groq", "groq", "set"],
        ["mine", "vllm", "none wanted"]
      ]
    )
    const text = await run(providersList, { config })
    assert.match(text.stdout, /^openai .*key missing \(OPENAI_API_KEY\)/m)
    assert.match(text.stdout, /^claude .*answers where nobody names a model$/m)
    assert.notInclude(printed.stdout + text.stdout, "key-of")
    const forward = { ...config, server: { auth: { mode: "forward" } } }
    assert.match((await run(providersList, { config: forward })).stdout, /^openai .*key of the caller/m)
  })

  it("are asked a short question each, and what failed is told with its code", async () => {
    await using upstream = await startFxLlm({
      script: [
        { when: { dialect: "messages" }, reply: { fault: { kind: "status", status: 401 } } },
        { when: { dialect: "chat" }, reply: { text: "OK." } }
      ]
    })
    const config = {
      model: { retry: { attempts: 1 } },
      providers: { claude: { baseUrl: upstream.url }, groq: { ...groq, baseUrl: `${upstream.url}/v1` }, ollama }
    }
    const both = await run(providersTest(["claude", "groq"]), { config, json: true })
    assert.strictEqual(both.code, 78)
    const { data, error_code } = JSON.parse(both.stdout)
    assert.strictEqual(error_code, "PROVIDER_KEYS_FAILED")
    assert.deepInclude(data.providers[0], { name: "claude", status: "failed" })
    assert.strictEqual(data.providers[0].error.error_code, "PROVIDER_AUTH_FAILED")
    assert.deepInclude(data.providers[1], { name: "groq", status: "ok", error: null })
    const seen = upstream.requests.find(({ path }) => path.includes("chat"))
    assert.strictEqual(seen?.headers["authorization"], "Bearer key-of-groq")
    const failed = await run(providersTest(["claude"]), { config })
    assert.match(failed.stdout, /^✗ +claude +failed +PROVIDER_AUTH_FAILED: claude refused the API key/m)
    const one = await run(providersTest(["groq"]), { config })
    assert.strictEqual(one.code, 0)
    assert.match(one.stdout, /^✓ +groq/)
    const keyless = await run(providersTest(["openai"]), { config })
    assert.strictEqual(keyless.code, 78)
    assert.include(keyless.stdout, "no key")
    const unknown = await run(providersTest(["grok"]), { config })
    assert.include(unknown.stderr, 'Did you mean "groq"?')
  })

  it("are told of even where the one that is to answer has no key", async () => {
    const config = { model: { provider: "openai" }, providers: { groq, ollama } }
    const listed = await run(providersList, { config })
    assert.strictEqual(listed.code, 0, listed.stderr)
    assert.match(listed.stdout, /^openai .*key missing \(OPENAI_API_KEY\)/m)
    await using upstream = await startFxLlm({ script: { text: "OK." } })
    const providers = { claude: { baseUrl: upstream.url }, groq: { ...groq, baseUrl: `${upstream.url}/v1` }, ollama }
    const tested = await run(providersTest([]), { config: { ...config, providers } })
    assert.strictEqual(tested.code, 78)
    assert.match(tested.stdout, /^✗ +openai +no key/m)
    assert.match(tested.stdout, /^✓ +claude/m)
    // Nobody has said that one runs.
    assert.notInclude(tested.stdout, "ollama")
    assert.match(tested.stdout, /^→ openai: .*model\.provider names openai/m)
  })

  it("that do not answer are told with what to do about it", async () => {
    await using upstream = await startFxLlm({
      models: ["claude-right"],
      script: { fault: { kind: "status", status: 404 } }
    })
    const providers = { claude: { baseUrl: upstream.url, model: "claude-rigt" }, ollama }
    const told = await run(providersTest(["claude"]), { config: { providers } })
    assert.strictEqual(told.code, 69)
    assert.match(told.stdout, /^→ claude: Did you mean "claude-right"\?$/m)
    const { data } = JSON.parse((await run(providersTest(["claude"]), { config: { providers }, json: true })).stdout)
    assert.deepInclude(data.findings[0], { code: "MODEL_UNKNOWN", provider: "claude", path: "providers.claude.model" })
  })

  it("can be chosen by any name of the configuration, and a key that is given is for that one", () => {
    const none = { model: Option.none(), apiKeyFile: Option.none(), maxSteps: Option.none() }
    const key = Option.some(Redacted.make("k"))
    const paths = (provider: Option.Option<string>) =>
      choiceFlags({ ...none, provider, apiKey: key }).map(({ path }) => path.join("."))
    assert.deepStrictEqual(paths(Option.some("fast")), ["providers.fast.apiKey", "model.provider"])
    assert.deepStrictEqual(paths(Option.some("auto")), ["providers.claude.apiKey", "model.provider"])
    assert.deepStrictEqual(paths(Option.none()), ["providers.claude.apiKey"])
  })
})

/** What a shell has after it has read them. */
const inShell = (text: string, name: string): string =>
  execFileSync("sh", ["-c", `eval "$1"; printf %s "\${${name}}"`, "sh", text], { encoding: "utf8" })

describe("the variables for coding agents", () => {
  it("point each of them at the server, as a shell and as JSON", async () => {
    const claude = await run(clientEnvironment("claude", undefined), { config: { server: { port: 4444 } } })
    assert.strictEqual(inShell(claude.stdout, "ANTHROPIC_BASE_URL"), "http://127.0.0.1:4444")
    assert.notStrictEqual(inShell(claude.stdout, "ANTHROPIC_API_KEY"), "")
    assert.strictEqual(claude.stderr, "")
    const json = dataOf(await run(clientEnvironment("codex", undefined), { json: true }))
    assert.deepStrictEqual(Object.keys(json.variables), ["OPENAI_BASE_URL", "OPENAI_API_KEY"])
    assert.strictEqual(json.variables.OPENAI_BASE_URL, "http://127.0.0.1:4000/v1")
    assert.include(json.commands.codex.join(" "), 'base_url = "http://127.0.0.1:4000/v1"')
    const opencode = dataOf(await run(clientEnvironment("opencode", "http://far:1/"), { json: true }))
    assert.strictEqual(opencode.variables.ANTHROPIC_BASE_URL, "http://far:1/v1")
  })

  it("take an address as it is, and say that a key is needed where the server asks for one", async () => {
    const odd = "http://h/it's $HOME `x`"
    const printed = await run(clientEnvironment("claude", odd))
    assert.strictEqual(inShell(printed.stdout, "ANTHROPIC_BASE_URL"), odd)
    const auth = { mode: "keys", keys: [{ name: "a", key: "env:A_KEY" }] }
    const keyed = await run(clientEnvironment("claude", undefined), { config: { server: { host: "::", auth } } })
    assert.include(keyed.stderr, "server.auth.keys")
    assert.include(keyed.stdout, "http://127.0.0.1:4000")
  })
})
