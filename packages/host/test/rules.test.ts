import { assert, layer } from "@effect/vitest"
import { alertOptions, configTemplate, presets } from "@signalbox/host"
import { toolNames } from "@signalbox/tools"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { orchestratorDefaults } from "@signalbox/orchestrator"
import { Effect } from "effect"
import { stringify } from "yaml"
import { load, problemsOf } from "./support.ts"

/** The limits of each built-in tool. */
const toolLimitRules = Object.fromEntries(
  toolNames.flatMap((name): ReadonlyArray<readonly [string, readonly [unknown, string]]> => [
    [`tools.limits.tools.${name}.maxConcurrent`, [0, "greater than 0"]],
    [`tools.limits.tools.${name}.timeout`, ["0 seconds", "above zero"]]
  ])
)

/** Where a value may not be just anything of its type: one that is refused, and the words for what is expected. */
const rules: Readonly<Record<string, readonly [wrong: unknown, rule: string]>> = {
  ...toolLimitRules,
  "tools.paths.cwd": ["", "a value with a length of at least 1"],
  "tools.paths.followsSymlinks": ["yes", "boolean"],
  "tools.paths.maxDepth": [0, "greater than 0"],
  "tools.commands.shell": ["", "a value with a length of at least 1"],
  "tools.commands.undecided": ["run", '"refuse"'],
  "tools.commands.timeout": ["0 seconds", "above zero"],
  "tools.commands.maxTimeout": ["soon", 'a duration such as "30 seconds"'],
  "tools.commands.maxOutputBytes": [0, "greater than 0"],
  "tools.commands.maxMemoryBytes": ["4 GB", '"unlimited"'],
  "tools.commands.maxJobs": [-1, "greater than or equal to 0"],
  "tools.commands.sandbox": ["always", '"required"'],
  "tools.commands.sandboxNetwork": ["open", "boolean"],
  "tools.urls.maxRedirects": [-1, "greater than or equal to 0"],
  "tools.urls.maxBytes": [0, "greater than 0"],
  "tools.urls.timeout": ["0 seconds", "above zero"],
  "tools.urls.userAgent": ["", "a value with a length of at least 1"],
  "tools.search.provider": ["duck", '"searxng"'],
  "tools.search.url": ["search.example.com", "http:// or https://"],
  "tools.limits.maxConcurrent": [0, "greater than 0"],
  "tools.limits.maxQueued": [-1, "greater than or equal to 0"],
  "tools.limits.queueTimeout": ["0 seconds", "above zero"],
  "tools.limits.rate.limit": [0, "greater than 0"],
  "tools.limits.rate.per": ["0 minutes", "above zero"],
  "tools.limits.maxFileBytes": [0, "greater than 0"],
  "tools.limits.maxResultCharacters": [0, "greater than 0"],
  "tools.limits.maxEntries": [0, "greater than 0"],
  "tools.limits.maxSearchedBytes": [0, "greater than 0"],
  "tools.stateFolder": ["", "a value with a length of at least 1"],
  "tools.undo.maxChanges": [0, "greater than 0"],
  "tools.undo.maxBytes": [0, "greater than 0"],
  "model.provider": ["clode", 'no provider "clode"'],
  "model.breaker.enabled": ["off", "boolean"],
  "model.breaker.failures": [0, "greater than 0"],
  "model.breaker.openFor": ["0 seconds", "above zero"],
  "model.breaker.probes": [0, "greater than 0"],
  "model.breaker.successes": [0, "greater than 0"],
  "model.breaker.probeTimeout": ["0 seconds", "above zero"],
  "model.maxConcurrentRequests": [0, "greater than 0"],
  "model.maxQueuedRequests": [-1, "greater than or equal to 0"],
  "model.maxTokens": [0, "greater than 0"],
  "model.retry.attempts": [0, "greater than 0"],
  "model.retry.firstDelay": ["0 seconds", "above zero"],
  "model.retry.maxDelay": ["1 millis", "at least as long as firstDelay"],
  "model.retry.factor": [0, "greater than or equal to 1"],
  "providers.claude.baseUrl": ["api.anthropic.com", "http:// or https://"],
  "providers.claude.model": ["", "the name of a model"],
  "providers.openai.baseUrl": ["ftp://x", "http:// or https://"],
  "providers.openai.model": ["", "the name of a model"],
  "providers.openrouter.baseUrl": ["", "http:// or https://"],
  "providers.openrouter.model": ["", "the name of a model"],
  "providers.ollama.baseUrl": ["localhost", "http:// or https://"],
  "routing.unknown": ["guess", '"passthrough"'],
  "conversation.maxHops": [0, "greater than 0"],
  "conversation.repeats.tellAfter": [1, "greater than or equal to 2"],
  "conversation.repeats.stopAfter": ["never", '"unlimited"'],
  "conversation.instructions.maxCharacters": [0, "greater than 0"],
  "conversation.toolConcurrency": [1.5, "integer"],
  "conversation.toolTimeout": ["0 seconds", "above zero"],
  "conversation.maxSessions": [-1, "greater than 0"],
  "conversation.approval.mode": ["sometimes", '"auto-safe"'],
  "conversation.context.window": ["big", '"auto"'],
  "conversation.context.reserveTokens": [0, "greater than 0"],
  "conversation.context.preserveRecent": [-1, "greater than or equal to 0"],
  "conversation.context.whenFull": ["forget", '"summary"'],
  "conversation.context.summary.maxTokens": [0, "greater than 0"],
  "conversation.context.maxResultTokens": [0, "greater than 0"],
  "conversation.context.toolTokenBudget": ["none", '"unlimited"'],
  "conversation.budget.maxCostUsd": [0, "greater than 0"],
  "conversation.budget.maxTokens": [0, "greater than 0"],
  "conversation.budget.maxSeconds": [0, "greater than 0"],
  "conversation.sessionIdleTimeout": ["never", 'a duration such as "30 seconds"'],
  "conversation.describeTools": ["sometimes", "boolean"],
  "conversation.resources.include": ["some", '"all"'],
  "conversation.resources.listPrompts": ["no", "boolean"],
  "conversation.resources.maxCharacters": [0, "greater than 0"],
  "conversation.resources.maxTokens": [0, "greater than 0"],
  "conversation.resources.timeout": ["0 seconds", "above zero"],
  "conversation.resources.retryInterval": ["0 minutes", "above zero"],
  "history.store": ["sqlite", '"postgres"'],
  "history.postgres.connections": [0, "greater than 0"],
  "history.durability": ["always", '"flush"'],
  "history.strict": ["maybe", "boolean"],
  "history.maxMessages": [0, "greater than 0"],
  "history.maxAge": ["0 hours", "above zero"],
  "runtime.agents": ["some", '"all"'],
  "runtime.naming": ["last", '"prefix"'],
  "runtime.maxTotalConnections": [0, "greater than 0"],
  "runtime.startConcurrency": [0, "greater than 0"],
  "runtime.packageConcurrency": [0, "greater than 0"],
  "runtime.packageTimeout": ["0 minutes", "above zero"],
  "runtime.spawnConcurrency": [-1, "greater than or equal to 0"],
  "runtime.connectTimeout": ["0 millis", "above zero"],
  "runtime.callTimeout": ["0s", "above zero"],
  "runtime.idleTimeout": ["0s", "above zero"],
  "runtime.shutdownTimeout": ["0 minutes", "above zero"],
  "runtime.maxMessageBytes": [0, "greater than 0"],
  "runtime.maxRequestBytes": [0, "greater than 0"],
  "runtime.maxConcurrentCalls": [0, "greater than 0"],
  "runtime.health.check": ["http", '"ping"'],
  "runtime.health.interval": ["0 seconds", "above zero"],
  "runtime.health.timeout": ["0 seconds", "above zero"],
  "runtime.health.failures": [0, "greater than 0"],
  "runtime.health.successes": [0, "greater than 0"],
  "runtime.breaker.enabled": ["off", "boolean"],
  "runtime.breaker.failures": [0, "greater than 0"],
  "runtime.breaker.openFor": ["0 seconds", "above zero"],
  "runtime.breaker.successes": [0, "greater than 0"],
  "runtime.breaker.probes": [0, "greater than 0"],
  "runtime.breaker.probeTimeout": ["0 seconds", "above zero"],
  "runtime.sessions.min": [-1, "greater than or equal to 0"],
  "runtime.sessions.max": [0, "greater than 0"],
  "runtime.sessions.affinity": ["session", '"conversation"'],
  "runtime.sessions.idleTimeToLive": ["0 seconds", "above zero"],
  "runtime.sessions.acquireTimeout": ["0 seconds", "above zero"],
  "runtime.sessions.fallback": ["always", '"direct"'],
  "runtime.restart.policy": ["sometimes", '"on-failure"'],
  "runtime.restart.maxRestarts": [-1, "greater than or equal to 0"],
  "runtime.restart.firstDelay": ["0 millis", "above zero"],
  "runtime.restart.maxDelay": ["1 millis", "at least as long as firstDelay"],
  "runtime.restart.factor": [0.5, "greater than or equal to 1"],
  "runtime.restart.healthyAfter": ["0 seconds", "above zero"],
  "runtime.metrics.window": ["0 minutes", "above zero"],
  "runtime.metrics.refresh": ["0s", "above zero"],
  "runtime.metrics.maxTools": [0, "greater than 0"],
  "runtime.metrics.minimumCalls": [0, "greater than 0"],
  "runtime.metrics.degradedErrorRate": [0, "greater than 0"],
  "runtime.metrics.unhealthyErrorRate": [0.05, "at least as much as degradedErrorRate"],
  "runtime.alerts.interval": ["0 seconds", "above zero"],
  "runtime.alerts.quietTime": ["0 seconds", "above zero"],
  "runtime.alerts.serverLost.warning": ["0 seconds", "above zero"],
  "runtime.alerts.serverLost.critical": ["soon", 'a duration such as "30 seconds"'],
  "runtime.alerts.serverUnhealthy": ["always", '"critical"'],
  "runtime.alerts.healthCheckFailed": ["fatal", '"warning"'],
  "runtime.alerts.errorRate.warning": [1.5, "less than or equal to 1"],
  "runtime.alerts.errorRate.critical": [0.05, "at least as much as warning"],
  "runtime.alerts.slow.warning": ["0 seconds", "above zero"],
  "runtime.alerts.slow.critical": ["1 second", "at least as long as warning"],
  "runtime.alerts.breakerOpen": ["off", '"never"'],
  "runtime.alerts.poolExhausted.warning": [-1, "greater than 0"],
  "runtime.alerts.poolExhausted.critical": [0.5, "at least as much as warning"],
  "runtime.alerts.webhook": ["example.com/alerts", "http:// or https://"],
  "testing.mocks": ["yes", "boolean"],
  "testing.singleConnection": [1, "boolean"],
  "testing.healthChecks": ["off", "boolean"],
  "telemetry.endpoint": ["localhost:4318", "http:// or https://"],
  "telemetry.interval": ["0 seconds", "above zero"],
  "logging.level": ["loud", '"warn"'],
  "logging.format": ["xml", '"logfmt"'],
  "logging.content": ["all", "boolean"],
  "server.host": ["0.0.0.0", "127.0.0.1, ::1 or localhost"],
  "server.port": [65_536, "65535"],
  "server.maxRequestBytes": [0, "greater than 0"],
  "server.websocket.maxMessageBytes": [0, "greater than 0"],
  "server.websocket.pingInterval": ["0 seconds", "above zero"],
  "server.websocket.pingTimeout": ["0 seconds", "above zero"],
  "server.auth.mode": ["open", '"forward"'],
  "server.tools": ["some", '"none"'],
  "server.mcpUrls.allowed": ["yes", "boolean"],
  "server.mcpUrls.ports": ["all", '"standard"'],
  "server.mcpUrls.keepFor": ["0 minutes", "above zero"],
  "server.maxConcurrentRequests": [0, "greater than 0"],
  "server.maxQueuedRequests": [-1, "greater than or equal to 0"],
  "server.maxTokens": [0, "greater than 0"],
  "server.whenOverMaxTokens": ["cut", '"clamp"'],
  "server.approval": ["never", '"auto-safe"'],
  "server.whenToolFlowBroken": ["mend", '"repair"'],
  "server.cache.enabled": ["yes", "boolean"],
  "server.cache.timeToLive": ["0 seconds", "above zero"],
  "server.cache.maxEntries": [0, "greater than 0"],
  "server.cache.maxBytes": [0, "greater than 0"]
}

/** Lists, and keys that may be missing, with what is refused where they stand. */
const optional: typeof rules = {
  "tools.enabled": ["all", "array"],
  "tools.paths.roots": ["all", "array"],
  "tools.paths.readOnlyRoots": [{}, "array"],
  "tools.paths.deny": [".env", "array"],
  "tools.paths.blockedExtensions": ["sh", "array"],
  "tools.commands.allow": ["all", "array"],
  "tools.commands.ask": [{}, "array"],
  "tools.commands.deny": ["rm", "array"],
  "tools.urls.allowAddresses": ["10.0.0.0/8", "array"],
  "tools.urls.allowHosts": ["example.com", "array"],
  "tools.urls.denyHosts": ["example.com", "array"],
  "tools.urls.ports": [80, "array"],
  "providers.claude.maxTokens": [0, "greater than 0"],
  "providers.claude.contextWindow": [0, "greater than 0"],
  "providers.claude.requestTimeout": ["0 seconds", "above zero"],
  "providers.claude.idleTimeout": ["soon", 'a duration such as "30 seconds"']
}

/** Keys that take any text. */
const free = [
  "model.name",
  "model.systemPrompt",
  "conversation.context.summary.model",
  "conversation.instructions.own",
  "logging.file",
  "providers.ollama.model",
  "routing.big",
  "routing.small",
  "history.folder",
  "history.postgres.url",
  "runtime.toolCache",
  "tools.commands.environment.PATH",
  "tools.commands.environment.LANG",
  "tools.undo.folder"
]

const withValues = (values: Readonly<Record<string, unknown>>): string => {
  const text: Record<string, unknown> = { extends: "preset:default@1" }
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split(".")
    const last = keys.pop() ?? ""
    // Each step is a map that was made here.
    const place = keys.reduce<Record<string, unknown>>(
      (inner, key) => (inner[key] ??= {}) as Record<string, unknown>,
      text
    )
    place[last] = value
  }
  return stringify(text)
}

const leaves = (value: unknown, path = ""): ReadonlyArray<string> =>
  typeof value === "object" && value !== null
    ? Object.entries(Array.isArray(value) ? [] : value).flatMap(([key, inner]) =>
        leaves(inner, path === "" ? key : `${path}.${key}`)
      )
    : [path]

layer(NodeServices.layer)("what is counted and told by default", (it) => {
  it.effect("is in the file what the orchestrator has as a preset", () =>
    Effect.gen(function* () {
      const { runtime } = (yield* load(configTemplate)).options
      assert.deepStrictEqual(runtime.metrics, orchestratorDefaults.metrics)
      assert.deepStrictEqual(alertOptions(runtime.alerts), orchestratorDefaults.alerts)
    })
  )
  it.effect("can be switched off, one by one", () =>
    Effect.gen(function* () {
      const { runtime } = (yield* load(
        withValues({
          "runtime.alerts.serverLost.critical": "never",
          "runtime.alerts.errorRate.warning": "never",
          "runtime.alerts.breakerOpen": "never"
        })
      )).options
      const kinds = alertOptions(runtime.alerts).rules.map(({ kind, severity }) => `${severity} ${kind}`)
      assert.deepStrictEqual(kinds, [
        "critical server-unhealthy",
        "warning health-check-failed",
        "critical error-rate",
        "warning slow",
        "warning pool-exhausted",
        "critical pool-exhausted"
      ])
    })
  )
})

layer(NodeServices.layer)("the rules of the configuration", (it) => {
  it.effect("refuse a wrong value of each key that has one, in words that say what is right", () =>
    Effect.gen(function* () {
      for (const [path, [wrong, rule]] of Object.entries({ ...rules, ...optional })) {
        const [problem, ...others] = yield* problemsOf(withValues({ [path]: wrong }))
        assert.deepStrictEqual(others, [], path)
        assert.strictEqual(problem?.path, path)
        assert.include(problem?.message, rule, path)
        assert.isAbove(problem?.line ?? 0, 0, path)
      }
    })
  )
  it.effect("are known for every key", () =>
    Effect.sync(() => {
      const keys = leaves(presets.get("preset:default@1")?.values).filter((path) => !path.endsWith(".apiKey"))
      assert.sameMembers([...Object.keys(rules), ...free], keys)
    })
  )
  it.effect("tell every wrong value in one run", () =>
    Effect.gen(function* () {
      const wrong = Object.fromEntries(Object.entries(rules).map(([path, [value]]) => [path, value]))
      const problems = yield* problemsOf(withValues(wrong))
      // How two keys relate is looked at once each is right by itself.
      const related = new Set([
        "model.retry.maxDelay",
        "runtime.restart.maxDelay",
        "runtime.metrics.unhealthyErrorRate",
        "runtime.alerts.errorRate.critical",
        "runtime.alerts.slow.critical",
        "runtime.alerts.poolExhausted.critical"
      ])
      assert.sameMembers(
        problems.map(({ path }) => path),
        Object.keys(rules).filter((path) => !related.has(path))
      )
    })
  )
  it.effect("take levels in capitals, and addresses of this machine in every form", () =>
    Effect.gen(function* () {
      for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) {
        const { options } = yield* load(withValues({ "logging.level": "WARN", "server.host": host }))
        assert.deepStrictEqual([options.logging.level, options.server.host], ["warn", host])
      }
      const { options } = yield* load(configTemplate, { environment: { LOG_LEVEL: "Debug" } })
      assert.strictEqual(options.logging.level, "debug")
    })
  )
})

layer(NodeServices.layer)("the context of conversations", (it) => {
  it.effect("keeps less free than there is, and asks a provider that there is for summaries", () =>
    Effect.gen(function* () {
      const context = { window: 4000, reserveTokens: 4000 }
      const [tooMuch] = yield* problemsOf(withValues({ "conversation.context": context }))
      assert.strictEqual(tooMuch?.path, "conversation.context.reserveTokens")
      assert.include(tooMuch?.message, "less than window")
      const [unknown] = yield* problemsOf(withValues({ "conversation.context.summary.model": "cluade/small" }))
      assert.strictEqual(unknown?.path, "conversation.context.summary.model")
      assert.include(unknown?.suggestion, "claude/small")
    })
  )
})

layer(NodeServices.layer)("the bands of responses", (it) => {
  it.effect("rise, and each gives at least a token", () =>
    Effect.gen(function* () {
      const at = (bands: ReadonlyArray<object>) => problemsOf(withValues({ "model.responseBands": bands }))
      const few = { below: 100, tokens: 150 }
      const fine = yield* load(withValues({ "model.responseBands": [few, { below: "unlimited", tokens: 800 }] }))
      assert.lengthOf(fine.options.model.responseBands, 2)
      for (const [bands, path, words] of [
        [[few, { below: 100, tokens: 300 }], "model.responseBands.1.below", "more than in the band before"],
        [[{ below: "unlimited", tokens: 1 }, few], "model.responseBands.1.below", "more than in the band before"],
        [[{ below: 100, tokens: 0 }], "model.responseBands.0.tokens", "greater than 0"]
      ] as const) {
        const [problem] = yield* at(bands)
        assert.strictEqual(problem?.path, path)
        assert.include(problem?.message, words)
      }
    })
  )
})
