/**
 * What `signalbox.yaml` may say. Strict: each key must be there and no other may. The keys that a server
 * can leave out are overrides of `runtime`, which stands in the same file, so nothing is hidden.
 */
import { Duration, Schema, SchemaTransformation } from "effect"
import { AgentEntry } from "./AgentEntry.ts"
import { ApprovalMode, ApprovalSection } from "./ApprovalOptions.ts"
import { ContextSection } from "./ContextOptions.ts"
import { HookEntry } from "./HookOptions.ts"
import { InstructionsSection } from "./InstructionsOptions.ts"
import { HistorySection } from "./HistorySection.ts"
import { keyRules } from "./keyRules.ts"
import { ModelOptions } from "./ModelOptions.ts"
import { PromptCommandSection } from "./PromptCommandOptions.ts"
import { ProviderEntry } from "./ProviderEntry.ts"
import { RoutingSection } from "./RoutingOptions.ts"
import {
  breaker,
  EnvValue,
  growingDelay,
  Limit,
  maxDelayRule,
  PositiveDuration,
  PositiveInt,
  ServerName,
  StartCall,
  ToolLists,
  Url,
  VariableName
} from "./schemas.ts"
import { ServerAuth } from "./ServerAuth.ts"
import { ServerOptions } from "./ServerOptions.ts"
import { programFields, programRule, VersionRange } from "./ServerProgram.ts"
import { variablesIn } from "./secrets.ts"
import { ToolsSection } from "./ToolsSection.ts"

/** Whether a text can be the name of a server, for whoever asks before writing one. */
export const isServerName = (text: string): boolean => Schema.is(ServerName)(text)

const restartPolicy = Schema.Literals(["always", "on-failure", "never"])
const MaxRestarts = Schema.Union([Schema.Literal("unlimited"), Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))])

const health = {
  check: Schema.Literals(["ping", "http", "process"]),
  interval: PositiveDuration,
  timeout: PositiveDuration,
  failures: PositiveInt,
  successes: PositiveInt
}

const HealthOverride = Schema.Struct({
  check: Schema.optionalKey(health.check),
  url: Schema.optionalKey(Url),
  interval: Schema.optionalKey(health.interval),
  timeout: Schema.optionalKey(health.timeout),
  failures: Schema.optionalKey(health.failures),
  successes: Schema.optionalKey(health.successes)
}).check(
  Schema.makeFilter((override) =>
    override.check === "http" && override.url === undefined
      ? { path: ["url"], issue: "Expected the URL that the check asks for" }
      : undefined
  )
)

const BreakerOverride = Schema.Struct({
  enabled: Schema.optionalKey(breaker.enabled),
  failures: Schema.optionalKey(breaker.failures),
  openFor: Schema.optionalKey(breaker.openFor),
  successes: Schema.optionalKey(breaker.successes),
  probes: Schema.optionalKey(breaker.probes),
  probeTimeout: Schema.optionalKey(breaker.probeTimeout)
})

const sessions = {
  min: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  max: PositiveInt,
  affinity: Schema.Literals(["shared", "conversation", "call"]),
  idleTimeToLive: PositiveDuration,
  acquireTimeout: PositiveDuration,
  fallback: Schema.Literals(["none", "direct"])
}

const sessionsRule = Schema.makeFilter(({ max, min }: { readonly min?: number; readonly max?: number }) =>
  min === undefined || max === undefined || max >= min
    ? undefined
    : { path: ["max"], issue: "Expected at least as many as min" }
)

const SessionsOverride = Schema.Struct({
  min: Schema.optionalKey(sessions.min),
  max: Schema.optionalKey(sessions.max),
  affinity: Schema.optionalKey(sessions.affinity),
  idleTimeToLive: Schema.optionalKey(sessions.idleTimeToLive),
  acquireTimeout: Schema.optionalKey(sessions.acquireTimeout),
  fallback: Schema.optionalKey(sessions.fallback)
}).check(sessionsRule)

/** What every provider takes as the name of a tool. */
const ToolName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/, { message: "Expected a name of 1 to 64 letters, digits, - or _" })
)

const overrides = {
  description: Schema.optionalKey(Schema.String),
  required: Schema.optionalKey(Schema.Boolean),
  trusted: Schema.optionalKey(Schema.Boolean),
  approval: Schema.optionalKey(ApprovalMode),
  writes: Schema.optionalKey(Schema.Literals(["serial", "parallel"])),
  protocol: Schema.optionalKey(Schema.Literals(["auto", "legacy", "2026-07-28"])),
  connectTimeout: Schema.optionalKey(PositiveDuration),
  idleTimeout: Schema.optionalKey(PositiveDuration),
  callTimeout: Schema.optionalKey(PositiveDuration),
  shutdownTimeout: Schema.optionalKey(PositiveDuration),
  maxMessageBytes: Schema.optionalKey(PositiveInt),
  maxRequestBytes: Schema.optionalKey(PositiveInt),
  maxConcurrentCalls: Schema.optionalKey(PositiveInt),
  requires: Schema.optionalKey(
    Schema.Record(
      Schema.String.check(Schema.isPattern(/^[A-Za-z][\w.+-]*$/, { message: keyRules.program })),
      VersionRange
    )
  ),
  health: Schema.optionalKey(HealthOverride),
  breaker: Schema.optionalKey(BreakerOverride),
  sessions: Schema.optionalKey(SessionsOverride),
  restart: Schema.optionalKey(
    Schema.Struct({ policy: Schema.optionalKey(restartPolicy), maxRestarts: Schema.optionalKey(MaxRestarts) })
  ),
  onStart: Schema.optionalKey(Schema.Array(StartCall)),
  tools: Schema.optionalKey(
    Schema.Struct({
      ...ToolLists.fields,
      rename: Schema.optionalKey(Schema.Record(Schema.String, ToolName)),
      describe: Schema.optionalKey(Schema.Record(Schema.String, Schema.NonEmptyString))
    })
  )
}

const StdioServer = Schema.Struct({
  enabled: Schema.Boolean,
  transport: Schema.Literal("stdio"),
  ...programFields,
  args: Schema.Array(EnvValue),
  env: Schema.Record(VariableName, EnvValue),
  cwd: Schema.optionalKey(Schema.String),
  inheritEnv: Schema.optionalKey(Schema.Boolean),
  ...overrides
}).check(programRule)

const remote = {
  enabled: Schema.Boolean,
  url: Url,
  headers: Schema.Record(Schema.String, Schema.String),
  auth: Schema.optionalKey(ServerAuth),
  ...overrides
}

// One literal each, so that a problem is told of the transport that is meant.
const HttpServer = Schema.Struct({ transport: Schema.Literal("http"), ...remote })
const SseServer = Schema.Struct({ transport: Schema.Literal("sse"), ...remote })

/** One entry under `servers`. */
export const ServerEntry = Schema.Union([StdioServer, HttpServer, SseServer])
export type ServerEntry = typeof ServerEntry.Type

/** Two tools that are given one name: whoever gives names wants to know them. Told of each but the first. */
const sharedRenames = (servers: Readonly<Record<string, ServerEntry>>) => {
  const holders = new Map<string, string>()
  const issues: Array<{ readonly path: ReadonlyArray<string>; readonly issue: string }> = []
  for (const [server, { tools }] of Object.entries(servers)) {
    for (const [original, name] of Object.entries(tools?.rename ?? {})) {
      const holder = holders.get(name)
      if (holder === undefined) holders.set(name, `${original} of ${server}`)
      else issues.push({ path: [server, "tools", "rename", original], issue: `Expected another name than ${holder}` })
    }
  }
  return issues
}

/** Every key that an entry may have, for suggestions. The first is gone once its presets are there. */
export const serverKeys: ReadonlyArray<string> = [
  "extends",
  ...new Set([StdioServer, HttpServer].flatMap(({ fields }) => Object.keys(fields)))
]

const RestartOptions = Schema.Struct({
  policy: restartPolicy,
  maxRestarts: MaxRestarts,
  ...growingDelay,
  healthyAfter: PositiveDuration
}).check(maxDelayRule)

/** More than 0, at most 1. */
const Share = Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1))

const MetricsOptions = Schema.Struct({
  window: PositiveDuration,
  refresh: PositiveDuration,
  maxTools: PositiveInt,
  minimumCalls: PositiveInt,
  degradedErrorRate: Share,
  unhealthyErrorRate: Share
}).check(
  Schema.makeFilter(({ degradedErrorRate, unhealthyErrorRate }) =>
    unhealthyErrorRate >= degradedErrorRate
      ? undefined
      : { path: ["unhealthyErrorRate"], issue: "Expected at least as much as degradedErrorRate" }
  )
)

const Severity = Schema.Literals(["warning", "critical", "never"])
const never = Schema.Literal("never")
const ShareLimits = Schema.Struct({
  warning: Schema.Union([never, Share]),
  critical: Schema.Union([never, Share])
}).check(
  Schema.makeFilter(({ critical, warning }) =>
    warning === "never" || critical === "never" || critical >= warning
      ? undefined
      : { path: ["critical"], issue: "Expected at least as much as warning" }
  )
)
const DurationLimits = Schema.Struct({
  warning: Schema.Union([never, PositiveDuration]),
  critical: Schema.Union([never, PositiveDuration])
}).check(
  Schema.makeFilter(({ critical, warning }) =>
    warning === "never" || critical === "never" || Duration.isGreaterThanOrEqualTo(critical, warning)
      ? undefined
      : { path: ["critical"], issue: "Expected at least as long as warning" }
  )
)

/** An address that may be a secret, so that it may be in a variable; or nothing. */
const SecretUrl = Schema.String.check(
  Schema.makeFilter(
    (text) =>
      text === "" ||
      variablesIn(text).length > 0 ||
      /^https?:\/\/\S+$/.test(text) ||
      "Expected a URL that starts with http:// or https://, or env:NAME"
  )
)

const AlertOptions = Schema.Struct({
  interval: PositiveDuration,
  quietTime: PositiveDuration,
  serverLost: DurationLimits,
  serverUnhealthy: Severity,
  healthCheckFailed: Severity,
  errorRate: ShareLimits,
  slow: DurationLimits,
  breakerOpen: Severity,
  poolExhausted: ShareLimits,
  webhook: SecretUrl
})

/** `WARN` as some programs write it means `warn`. */
const Level = Schema.String.pipe(
  Schema.decodeTo(Schema.String, SchemaTransformation.toLowerCase()),
  Schema.decodeTo(
    Schema.Literals(["trace", "debug", "info", "warn", "error", "none"]),
    SchemaTransformation.passthroughSupertype()
  )
)

/** Of the same call; the first is no repetition. */
const Repeats = Schema.Int.check(Schema.isGreaterThanOrEqualTo(2))

/** The whole file. */
export const HostOptions = Schema.Struct({
  model: ModelOptions,
  providers: Schema.Record(ServerName, ProviderEntry),
  routing: RoutingSection,
  conversation: Schema.Struct({
    maxHops: PositiveInt,
    repeats: Schema.Struct({ tellAfter: Limit(Repeats), stopAfter: Limit(Repeats) }),
    toolConcurrency: PositiveInt,
    toolTimeout: PositiveDuration,
    maxSessions: PositiveInt,
    sessionIdleTimeout: PositiveDuration,
    describeTools: Schema.Boolean,
    approval: ApprovalSection,
    context: ContextSection,
    instructions: InstructionsSection,
    promptCommands: PromptCommandSection,
    hooks: Schema.Array(HookEntry),
    budget: Schema.Struct({
      maxCostUsd: Limit(Schema.Finite.check(Schema.isGreaterThan(0))),
      maxTokens: Limit(PositiveInt),
      maxSeconds: Limit(Schema.Finite.check(Schema.isGreaterThan(0)))
    }),
    resources: Schema.Struct({
      include: Schema.Union([Schema.Literals(["none", "all"]), Schema.Array(Schema.NonEmptyString)]),
      listPrompts: Schema.Boolean,
      maxCharacters: PositiveInt,
      maxTokens: PositiveInt,
      timeout: PositiveDuration,
      retryInterval: PositiveDuration
    })
  }),
  history: HistorySection,
  runtime: Schema.Struct({
    agents: Schema.Literals(["lazy", "all"]),
    naming: Schema.Literals(["prefix", "first", "error"]),
    toolCache: Schema.String,
    roots: Schema.Array(Schema.NonEmptyString),
    startConcurrency: PositiveInt,
    packageConcurrency: PositiveInt,
    packageTimeout: PositiveDuration,
    maxTotalConnections: Schema.Union([Schema.Literal("unlimited"), PositiveInt]),
    spawnConcurrency: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
    connectTimeout: PositiveDuration,
    idleTimeout: PositiveDuration,
    callTimeout: PositiveDuration,
    shutdownTimeout: PositiveDuration,
    maxMessageBytes: PositiveInt,
    maxRequestBytes: PositiveInt,
    maxConcurrentCalls: PositiveInt,
    health: Schema.Struct({ ...health, check: Schema.Literals(["ping", "process"]) }),
    breaker: Schema.Struct(breaker),
    sessions: Schema.Struct(sessions).check(sessionsRule),
    restart: RestartOptions,
    metrics: MetricsOptions,
    alerts: AlertOptions
  }),
  tools: ToolsSection,
  logging: Schema.Struct({
    file: Schema.String,
    level: Level,
    format: Schema.Literals(["auto", "pretty", "json", "logfmt"]),
    content: Schema.Boolean
  }),
  telemetry: Schema.Struct({
    endpoint: Schema.Union([Schema.Literal(""), Url]),
    headers: Schema.Record(Schema.String, Schema.String),
    interval: PositiveDuration
  }),
  testing: Schema.Struct({
    mocks: Schema.Boolean,
    singleConnection: Schema.Boolean,
    healthChecks: Schema.Boolean
  }),
  server: ServerOptions,
  agents: Schema.Record(ServerName, AgentEntry),
  servers: Schema.Record(ServerName, ServerEntry).check(Schema.makeFilter(sharedRenames))
})
export interface HostOptions extends Schema.Schema.Type<typeof HostOptions> {}
