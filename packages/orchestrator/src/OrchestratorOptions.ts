/**
 * Which servers there are and how they are looked after. Every field is required: this package reads no
 * environment and has no hidden defaults. The two presets are to be spread and printed.
 */
import { noQuestions, type Questions, type ServerOptions } from "@signalbox/mcp"
import type { NamingPolicy } from "@signalbox/model"
import { circuitPresets, type CircuitSettings } from "@signalbox/resilience"
import { Duration } from "effect"
import type { ProgramNeeds, Requirements } from "./runtimes/RuntimeCheck.ts"
import { alertDefaults, type AlertOptions } from "./alerts/AlertRule.ts"

/** One server, how far it is believed, and what it may do at the same time. */
export interface ManagedServer {
  readonly server: ServerOptions
  /** Whether the program is of no use without it: `requiredReady` fails when it cannot be started. */
  readonly isRequired: boolean
  /** Whether its annotations are believed where that matters: for repeating calls, and by approval rules. */
  readonly isTrusted: boolean
  /**
   * `serial` runs tools that do not declare `readOnlyHint` one at a time; read-only ones stay concurrent.
   * Many servers lose data when they write twice at once and report no error.
   */
  readonly writes: "serial" | "parallel"
  /** How many calls run at once on the connection. Others wait in order of arrival. */
  readonly maxConcurrent: number
  /** How it is found out whether it still answers. */
  readonly health: HealthOptions
  /** Whether it is started again by itself. */
  readonly restart: RestartPolicy
  /** When it counts as broken, so that it is not called for a while and its tools are hidden. `off`: only by hand. */
  readonly breaker: CircuitSettings | "off"
  /** How many sessions it may have, and who shares one. */
  readonly sessions: SessionOptions
  /** Programs and the versions of them without which it is not started: `{ node: ">=20" }`. */
  readonly requires: Requirements
  /** What its command needs beside that: the file that it runs, the version manager that brings its runtime. */
  readonly program: ProgramNeeds
  /**
   * What it needs and does not have, such as a variable that is not set: one sentence each, with the place where it is
   * asked for. Where there is any, a start fails with all of them, and is not tried again by itself.
   */
  readonly lacks: ReadonlyArray<string>
  /** Tools that are called, in this order, on each new connection before it is used. A failure is one of the start. */
  readonly onStart: ReadonlyArray<StartCall>
  /** Which of its tools may be used, and how they are shown. */
  readonly tools: ToolRules
}

/** A call that belongs to the start of a server. The name is the server's own. */
export interface StartCall {
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
}

/** What is said of single tools. Names and keys are those that the server gives. */
export interface ToolRules {
  /** `undefined` allows all; `deny` wins. */
  readonly allow: ReadonlyArray<string> | undefined
  readonly deny: ReadonlyArray<string>
  /** Names to be shown instead. The server is still asked by its own. */
  readonly rename: Readonly<Record<string, string>>
  /** Descriptions for models instead of the server's own. */
  readonly describe: Readonly<Record<string, string>>
}

/** Whether a tool may be called, by the name that its server gives it. */
export const letsThrough = (
  { allow, deny = [] }: { readonly allow?: ToolRules["allow"]; readonly deny?: ToolRules["deny"] },
  toolName: string
): boolean => (allow?.includes(toolName) ?? true) && !deny.includes(toolName)

/** When a server counts as unhealthy, which ends its connection and makes a new one. */
export interface HealthOptions {
  /**
   * `ping` asks over the connection when nothing has come over it for an interval, `http` asks a page of the server for
   * a 2xx answer, `process` is content as long as the connection stands.
   */
  readonly check: "ping" | "http" | "process"
  /** The page that `http` asks for. */
  readonly url: string
  readonly interval: Duration.Duration
  /** How long an answer may take. */
  readonly timeout: Duration.Duration
  /** So many failed checks in a row make it unhealthy. */
  readonly failures: number
  /** So many good checks in a row make it healthy again. */
  readonly successes: number
}

/**
 * The sessions of one server: processes of a stdio server, sessions of an HTTP server. With one that is shared, which is
 * right for most servers, calls run side by side on the session that is supervised. Any other is opened at need.
 */
export interface SessionOptions {
  /** So many are kept open for as long as the server runs, whether or not anybody uses them; no more than `max`. */
  readonly min: number
  /** The most at the same time; where they are not shared, beside the one that is supervised. */
  readonly max: number
  /**
   * `shared` opens a further one when all have `maxConcurrent` calls; `conversation` keeps one for each conversation of
   * each principal, for servers that remember something, such as browsers and shells; `call` opens one for each call.
   */
  readonly affinity: "shared" | "conversation" | "call"
  /** How long one is kept that nobody uses. */
  readonly idleTimeToLive: Duration.Duration
  /** How long a call waits for one, opening it included. */
  readonly acquireTimeout: Duration.Duration
  /** Whether a call that waited in vain gets one of its own past `max`: `direct`. */
  readonly fallback: "none" | "direct"
}

/** Whether a lost server comes back. One that does not stays in state `error` until somebody starts it. */
export interface RestartPolicy {
  /** `on-failure` leaves a process alone that exited with status 0. */
  readonly when: "always" | "on-failure" | "never"
  /** Restarts since it was last healthy; `undefined` never gives it up. */
  readonly maxRestarts: number | undefined
}

/** After which pauses a lost server comes back. */
export interface RestartOptions {
  /** The pause before the second attempt in a row; the first follows within 100 ms. Pauses are spread by up to a half. */
  readonly base: Duration.Duration
  /** No pause is longer. */
  readonly cap: Duration.Duration
  /** By how much each pause exceeds the one before; 1 or more. */
  readonly factor: number
  /** A server that ran so long is healthy again: the next loss counts as the first. */
  readonly healthyAfter: Duration.Duration
}

/** What is counted, and what is made of it. */
export interface MetricsOptions {
  /** Error rates, percentiles and requests per minute are those of this last stretch of time. */
  readonly window: Duration.Duration
  /** How often the numbers of watched pools and circuits are copied into the registry. */
  readonly refresh: Duration.Duration
  /** With fewer calls in the window than this, an error rate says nothing of the health of a server. */
  readonly minimumCalls: number
  /** From which share of failed calls on a server that runs is degraded, and unhealthy; 0 to 1. */
  readonly degradedErrorRate: number
  readonly unhealthyErrorRate: number
  /** So many tools of a server have a number of their own; all others share the label `other`. */
  readonly maxTools: number
}

/** Everything there is to say about a set of servers. */
export interface OrchestratorOptions {
  /** In the order in which their tools are listed. Names are unique. */
  readonly servers: ReadonlyArray<ManagedServer>
  /** What happens to tools of the same name. */
  readonly naming: NamingPolicy
  /**
   * How many processes load their programs at once. One counts until it waits, writes or answers, 250 ms at most.
   * Processor cores + 1 is right.
   */
  readonly spawnConcurrency: number
  /** How many servers at once whose command fetches a package first, such as `npx` and `uvx`; one counts for a minute at most. */
  readonly packageConcurrency: number
  /**
   * How many connections all servers may have at the same time, those being opened and closed included: processes, and
   * sessions over HTTP. `undefined` is no limit. With fewer than servers the last ones do not start; a reconnection
   * needs one more for a moment.
   */
  readonly maxTotalConnections: number | undefined
  /** How long such a server may take to start, where that is longer than its `connectTimeout`: a first run installs. */
  readonly packageTimeout: Duration.Duration
  /** How many servers are under way at once between spawning and their first list of tools. */
  readonly startConcurrency: number
  /** Whether all servers are started, in the background, when the layer is built. */
  readonly startsAll: boolean
  /** Names of those that are started so although not all are. */
  readonly startsFirst?: ReadonlyArray<string>
  readonly restart: RestartOptions
  readonly metrics: MetricsOptions
  readonly alerts: AlertOptions
  /**
   * What servers may ask back. Declare only what the `Interaction` of the calls can answer; a call without one declines.
   */
  readonly questions: Questions
  /**
   * Who owns the processes: the answer of `OrphanSweep.ownerOf` for this process. Every stdio server carries it in its
   * environment as `SIGNALBOX_OWNER`. `undefined` marks nothing.
   */
  readonly owner: string | undefined
  /**
   * Where the tools of each server are remembered from run to run, so that they are known before it has started: a
   * directory of its own. `undefined` remembers nothing.
   */
  readonly toolCacheDirectory: string | undefined
  /** Whether servers that a killed owner left behind are looked for and killed, once, in the background. Needs `owner`. */
  readonly sweepsOrphans: boolean
}

/** What suits most programs; the servers, the owner and the number of cores are theirs to say. */
export const orchestratorDefaults = {
  naming: "prefix",
  startConcurrency: 64,
  packageConcurrency: 2,
  maxTotalConnections: undefined,
  packageTimeout: Duration.minutes(5),
  startsAll: true,
  restart: {
    base: Duration.millis(500),
    cap: Duration.seconds(30),
    factor: 2,
    healthyAfter: Duration.seconds(10)
  },
  metrics: {
    window: Duration.minutes(5),
    refresh: Duration.seconds(15),
    minimumCalls: 10,
    degradedErrorRate: 0.1,
    unhealthyErrorRate: 0.2,
    maxTools: 100
  },
  alerts: alertDefaults,
  toolCacheDirectory: undefined,
  questions: noQuestions,
  sweepsOrphans: true
} as const satisfies Partial<OrchestratorOptions>

const pingHealth = {
  check: "ping",
  url: "",
  interval: Duration.seconds(30),
  timeout: Duration.seconds(10),
  failures: 3,
  successes: 2
} as const

const oneSession = {
  min: 0,
  max: 1,
  affinity: "shared",
  idleTimeToLive: Duration.minutes(10),
  acquireTimeout: Duration.seconds(30),
  fallback: "none"
} as const

const allTools: ToolRules = { allow: undefined, deny: [], rename: {}, describe: {} }

const noDemands = { requires: {}, program: {}, lacks: [], onStart: [] } as const

const alwaysRestart = { when: "always", maxRestarts: undefined } as const

/** What suits most servers of a transport: over stdio writes run one at a time, over HTTP side by side. */
export const managedDefaults = {
  stdio: {
    isRequired: false,
    isTrusted: false,
    writes: "serial",
    maxConcurrent: 16,
    health: pingHealth,
    restart: alwaysRestart,
    breaker: circuitPresets.standard,
    sessions: oneSession,
    ...noDemands,
    tools: allTools
  },
  http: {
    isRequired: false,
    isTrusted: false,
    writes: "parallel",
    maxConcurrent: 32,
    health: pingHealth,
    restart: alwaysRestart,
    breaker: circuitPresets.standard,
    sessions: oneSession,
    ...noDemands,
    tools: allTools
  }
} as const satisfies Record<"stdio" | "http", Omit<ManagedServer, "server">>
