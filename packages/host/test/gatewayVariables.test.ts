import { assert, layer } from "@effect/vitest"
import { configVariables } from "@signalbox/host"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { stringify } from "yaml"
import { load, problemsOf } from "./support.ts"

const text = stringify({
  extends: "preset:default@1",
  providers: { fast: { kind: "groq", apiKey: "env:GROQ_API_KEY", baseUrl: "http://h/v1", model: "m" } }
})

const bigAndSmall = (environment: Readonly<Record<string, string>>) =>
  Effect.map(load(text, { environment }), ({ options: { routing } }) => [routing.big, routing.small])

layer(NodeServices.layer)("the variables for the big and the small model", (it) => {
  it.effect("are those of other gateways, weaker than our own", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* bigAndSmall({ BIG_MODEL: "gpt-5", SMALL_MODEL: "openai/gpt-5-mini" }), [
        "gpt-5",
        "openai/gpt-5-mini"
      ])
      const claude = { ANTHROPIC_MODEL: "fast/llama", ANTHROPIC_SMALL_FAST_MODEL: "openrouter/x/y" }
      assert.deepStrictEqual(yield* bigAndSmall(claude), ["fast/llama", "openrouter/x/y"])
      const own = { ...claude, BIG_MODEL: "gpt-5", SIGNALBOX_ROUTING_BIG: "claude/x" }
      assert.deepStrictEqual(yield* bigAndSmall(own), ["claude/x", "openrouter/x/y"])
      const known = configVariables.filter(({ key }) => key === "routing.big").map(({ variable }) => variable)
      assert.sameMembers(known, ["SIGNALBOX_ROUTING_BIG", "BIG_MODEL", "ANTHROPIC_MODEL"])
    })
  )
  it.effect("leave alone what Claude Code is told by the same names: models without a provider of ours", () =>
    Effect.gen(function* () {
      for (const name of [
        "opus",
        "claude-opus-4-5",
        "anthropic/claude-sonnet-4",
        "arn:aws:bedrock:eu:1:profile/x",
        ""
      ]) {
        const environment = { ANTHROPIC_MODEL: name, ANTHROPIC_SMALL_FAST_MODEL: name }
        assert.deepStrictEqual(yield* bigAndSmall(environment), ["", ""], name)
        assert.deepStrictEqual(yield* bigAndSmall({ ...environment, BIG_MODEL: "gpt-5" }), ["gpt-5", ""], name)
      }
    })
  )
  it.effect("that say different things are a problem, which names both", () =>
    Effect.gen(function* () {
      const differ = { BIG_MODEL: "openai/gpt-5", ANTHROPIC_MODEL: "fast/llama" }
      const [problem, ...others] = yield* problemsOf(text, { environment: differ })
      assert.deepStrictEqual(others, [])
      assert.strictEqual(problem?.path, "routing.big")
      assert.include(problem?.message, 'ANTHROPIC_MODEL is "fast/llama", and BIG_MODEL is "openai/gpt-5"')
      const same = { BIG_MODEL: "fast/llama", ANTHROPIC_MODEL: "fast/llama" }
      assert.deepStrictEqual(yield* bigAndSmall(same), ["fast/llama", ""])
      const small = { SMALL_MODEL: "a", ANTHROPIC_SMALL_FAST_MODEL: "fast/b" }
      assert.strictEqual((yield* problemsOf(text, { environment: small }))[0]?.path, "routing.small")
    })
  )
})

/** What one variable makes of a key, and who is told to have set it. */
const valueOf = (variable: string, said: string, path: string) =>
  Effect.map(load(text, { environment: { [variable]: said } }), ({ origins }) => {
    const { origin, value } = origins.find((each) => each.path === path) ?? assert.fail(path)
    return [value, origin]
  })

layer(NodeServices.layer)("the variables of other gateways", (it) => {
  it.effect("set the keys that mean the same", () =>
    Effect.gen(function* () {
      const given: ReadonlyArray<readonly [variable: string, said: string, path: string, value: unknown]> = [
        ["HOST", "localhost", "server.host", "localhost"],
        ["HOST", "[::1]", "server.host", "::1"],
        ["PORT", "4711", "server.port", 4711],
        ["MAX_TOKENS_LIMIT", "8192", "server.maxTokens", 8192],
        ["MAX_CONCURRENT_REQUESTS", "10", "server.maxConcurrentRequests", 10],
        ["ENABLE_CACHING", "true", "server.cache.enabled", true],
        ["CACHE_TTL", "3600", "server.cache.timeToLive", "3600 seconds"],
        ["DEBUG", "true", "logging.level", "debug"],
        ["DEBUG_ENABLED", "1", "logging.level", "debug"],
        ["LOG_LEVEL", "WARN", "logging.level", "warn"],
        ["STRUCTLOG_LEVEL", "ERROR", "logging.level", "error"],
        ["LOG_FORMAT", "logfmt", "logging.format", "logfmt"],
        ["STRUCTLOG_FORMAT", "console", "logging.format", "pretty"],
        ["ENVIRONMENT", "production", "logging.format", "json"],
        ["DEBUG_LOGS_DIR", "logs", "logging.file", "logs/signalbox.log"]
      ]
      for (const [variable, said, path, value] of given) {
        assert.deepStrictEqual(yield* valueOf(variable, said, path), [value, `environment ${variable}`])
      }
      const listed = configVariables.map(({ key, variable }) => `${variable} ${key}`)
      for (const [variable, , path] of given) assert.include(listed, `${variable} ${path}`)
    })
  )
  it.effect("leave alone what other programs read under the same names", () =>
    Effect.gen(function* () {
      const preset = "preset:default@1"
      for (const [variable, said, path] of [
        ["HOST", "workstation", "server.host"],
        ["PORT", "tcp://10.0.0.1:80", "server.port"],
        ["DEBUG", "express:*", "logging.level"],
        ["DEBUG", "false", "logging.level"],
        ["ENVIRONMENT", "development", "logging.format"]
      ] as const) {
        const [, origin] = yield* valueOf(variable, said, path)
        assert.strictEqual(origin, preset, variable)
      }
    })
  )
  it.effect("are told by name where they are wrong", () =>
    Effect.gen(function* () {
      for (const [variable, said, path] of [
        ["HOST", "0.0.0.0", "server.host"],
        ["PORT", "70000", "server.port"],
        ["MAX_TOKENS_LIMIT", "many", "server.maxTokens"],
        ["MAX_CONCURRENT_REQUESTS", "0", "server.maxConcurrentRequests"],
        ["ENABLE_CACHING", "sometimes", "server.cache.enabled"],
        ["CACHE_TTL", "long", "server.cache.timeToLive"],
        ["DEBUG_ENABLED", "loud", "logging.level"],
        ["STRUCTLOG_FORMAT", "xml", "logging.format"]
      ] as const) {
        const [problem, ...others] = yield* problemsOf(text, { environment: { [variable]: said } })
        assert.deepStrictEqual(others, [], variable)
        assert.strictEqual(problem?.path, path)
        assert.include(problem?.message, `environment ${variable}`)
      }
    })
  )
  it.effect("may not say two things of one, unless a name of ours decides it", () =>
    Effect.gen(function* () {
      const differ = { DEBUG: "true", DEBUG_ENABLED: "false" }
      const [debug] = yield* problemsOf(text, { environment: differ })
      assert.include(debug?.message, 'DEBUG is "true", and DEBUG_ENABLED is "false"')
      const [level] = yield* problemsOf(text, { environment: { LOG_LEVEL: "info", STRUCTLOG_LEVEL: "WARN" } })
      assert.deepInclude(level, { path: "logging.level", suggestion: "set one of them, or SIGNALBOX_LOGGING_LEVEL" })
      for (const environment of [
        { LOG_LEVEL: "info", STRUCTLOG_LEVEL: "INFO" },
        { DEBUG: "1", DEBUG_ENABLED: "true", LOG_LEVEL: "info" },
        { ...differ, SIGNALBOX_LOGGING_LEVEL: "info" }
      ]) {
        assert.strictEqual((yield* load(text, { environment })).options.logging.level, "info")
      }
    })
  )
})
