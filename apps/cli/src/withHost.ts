/**
 * From the configuration to a running host, for the commands that need one. Logging starts here, because its
 * level and format may stand in the file.
 */
import {
  type ConfigSource,
  type Host,
  type LoadedConfig,
  loadConfig,
  hostLogging,
  logFile,
  presetInstead
} from "@signalbox/host"
import { nodeHost } from "@signalbox/host/node"
import type { Questions } from "@signalbox/mcp"
import { Effect, Layer, Option, type Redacted, Result } from "effect"
import { resolve } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { Output } from "./Output.ts"
import { printable } from "./render/style.ts"
import { Setting } from "./Setting.ts"
import { version } from "./version.ts"

type Flags = ConfigSource["flags"]

export interface ModelChoice {
  readonly provider: Option.Option<string>
  readonly model: Option.Option<string>
  readonly apiKey: Option.Option<Redacted.Redacted>
  /** The content of the file. */
  readonly apiKeyFile: Option.Option<Redacted.Redacted>
  readonly maxSteps: Option.Option<number>
}

/** The flag that other users of the machine can read. */
const visibleKeyFlag = "--api-key"

/** A key is for the provider that is named, else for Claude. */
const keyFlag = (choice: ModelChoice, key: Redacted.Redacted, flag: string) => {
  const provider = Option.getOrElse(choice.provider, () => "claude")
  const isNone = provider === "auto" || provider === "offline"
  return { path: ["providers", isNone ? "claude" : provider, "apiKey"], value: key, flag }
}

/** What `--provider`, `--model` and `--max-steps` say about the configuration. */
export const choiceFlags = (choice: ModelChoice): Flags => [
  ...Option.toArray(choice.apiKeyFile).map((key) => keyFlag(choice, key, "--api-key-file")),
  ...Option.toArray(choice.apiKey).map((key) => keyFlag(choice, key, visibleKeyFlag)),
  ...Option.toArray(choice.provider).map((value) => ({ path: ["model", "provider"], value, flag: "--provider" })),
  ...Option.toArray(choice.model).map((value) => ({ path: ["model", "name"], value, flag: "--model" })),
  // n model calls have n - 1 rounds of tools between them.
  ...Option.toArray(choice.maxSteps).map((value) => ({
    path: ["conversation", "maxHops"],
    value: value - 1,
    flag: "--max-steps"
  }))
]

/** Where the configuration of this run comes from. */
export const configSource = Effect.fnUntraced(function* (
  flags: Flags = [],
  whenMissing: ConfigSource["whenMissing"] = "fail"
) {
  const setting = yield* Setting
  const logging: Flags = [
    ...Option.toArray(setting.logLevel).map((value) => ({ path: ["logging", "level"], value, flag: "--log-level" })),
    ...Option.toArray(setting.logFormat).map((value) => ({ path: ["logging", "format"], value, flag: "--log-format" }))
  ]
  return {
    file: Option.getOrUndefined(setting.configFile),
    directory: setting.directory,
    environment: setting.environment,
    dotEnvNames: setting.dotEnvNames,
    flags: [...flags, ...logging],
    whenMissing
  } satisfies ConfigSource
})

/** The configuration of this run. Commands that can do without a file say so. */
export const readConfig = (flags?: Flags, whenMissing?: ConfigSource["whenMissing"]) =>
  Effect.flatMap(configSource(flags, whenMissing), loadConfig)

/** That of this run or, where it is broken, what the preset says: for looking at what is kept, and for what repairs it. */
export const readConfigOrPreset = Effect.gen(function* () {
  const source = yield* configSource([], "preset")
  const loaded = yield* Effect.result(loadConfig(source))
  if (Result.isSuccess(loaded)) return { config: loaded.success, isBroken: false }
  const error = loaded.failure
  if (error._tag !== "ConfigInvalid") return yield* error
  const { errorStyle, status } = yield* Output
  const words = "It was not used: what is kept is looked for where the preset keeps it."
  yield* status(`${errorStyle.yellow("!")} ${printable(error.message)}\n  ${words}`)
  return { config: yield* presetInstead(source), isBroken: true }
})

/** Warnings of the orchestrator about what `watchServers` tells a person in other words. */
const isTwiceTold = (line: string): boolean =>
  /\bevent=(server_down|tools_changed)\b/.test(stripVTControlCharacters(line))

/** The logger that the configuration asks for, on stderr. */
export const loggingLayer = (config: LoadedConfig, tellsServers: boolean) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { isTerminal } = yield* Setting
      const { errorStyle, isJson, writeStatus } = yield* Output
      const { logging } = config.options
      const isPerson = isTerminal.stderr && logging.format !== "json" && logging.format !== "logfmt" && !isJson
      const write = (line: string) => (tellsServers && isPerson && isTwiceTold(line) ? undefined : writeStatus(line))
      return hostLogging(logging, {
        isTerminal: isTerminal.stderr,
        hasColors: errorStyle.bold("x") !== "x",
        write
      }).pipe((lines) => Layer.provideMerge(logFile(config), lines))
    })
  )

export interface HostRun {
  readonly flags?: Flags
  readonly startsAll: boolean
  /** For commands that use one server and no built-in tool: which, of those of the configuration. */
  readonly only?: (servers: ReadonlyArray<string>) => string | undefined
  readonly whenMissing?: ConfigSource["whenMissing"]
  /** For commands that ask no model: then none is looked for, and none needs a key. */
  readonly needsNoModel?: boolean
  /** Whether the command shows the news of the servers itself. */
  readonly tellsServers?: boolean
  /** What the command answers when servers ask back. */
  readonly questions?: Questions
  /** The cassette that the conversation is recorded to, and the agent that it is held with. */
  readonly record?: Recording | undefined
}

/** A conversation that is recorded. */
export interface Recording {
  readonly file: string
  readonly agent: string | undefined
}

/** What `--record` asks for. */
export const recordingOf = (record: Option.Option<string>, agent: Option.Option<string>): Recording | undefined =>
  Option.getOrUndefined(Option.map(record, (file) => ({ file, agent: Option.getOrUndefined(agent) })))

const offlineModel = { path: ["model", "provider"], value: "offline", flag: "needs no model" }

/** Runs an effect within a host; when it ends, everything that was started is stopped. */
export const withHost =
  (run: HostRun) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const flags = [...(run.flags ?? []), ...(run.needsNoModel === true ? [offlineModel] : [])]
      if (flags.some(({ flag }) => flag === visibleKeyFlag)) {
        const { errorStyle, status } = yield* Output
        yield* status(`${errorStyle.yellow("!")} ${visibleKeyFlag} shows the key to others; use --api-key-file`)
      }
      const config = yield* readConfig(flags, run.whenMissing)
      const logging = loggingLayer(config, run.tellsServers ?? false)
      const { environment } = yield* Setting
      const asked = run.questions === undefined ? {} : { questions: run.questions }
      const seams = yield* seamsOf(run, config)
      const onlyServer = run.only?.(Object.keys(config.options.servers))
      const host = nodeHost(config, { startsAll: run.startsAll, onlyServer, environment, ...asked, ...seams }).pipe(
        Layer.provideMerge(logging)
      )
      return yield* Effect.provide(effect, host)
    }).pipe(Effect.scoped)

/** Where nobody records, nothing of it is loaded. */
const seamsOf = Effect.fnUntraced(function* ({ questions, record }: HostRun, config: LoadedConfig) {
  if (record === undefined) return {}
  const { recordHost } = yield* Effect.promise(() => import("@signalbox/host/replay"))
  const { directory, environment } = yield* Setting
  const file = resolve(directory, record.file)
  const program = `signalbox ${version}`
  return { seams: yield* recordHost({ file, program, config, environment, agent: record.agent, questions }) }
})

export type RunningHost = Host["Service"]
