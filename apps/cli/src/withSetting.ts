/**
 * From the global flags and the process to `Setting`, `Output` and a first logger, for the handler of a command.
 * Once a configuration is loaded, its logger takes over.
 */
import { hostLogging } from "@signalbox/host"
import { nodeEnvironment } from "@signalbox/host/node"
import { Context, Effect, Option } from "effect"
import { parseDuration } from "./duration.ts"
import { InvalidUsage } from "./errors.ts"
import { ConfigFlag, JsonFlag, LogFormatFlag, LogLevelFlag, NoColorFlag, TimeoutFlag, VerboseFlag } from "./flags.ts"
import { makeOutput, Output } from "./Output.ts"
import { allowsColour, colourStyle, plainStyle } from "./render/style.ts"
import { Setting } from "./Setting.ts"

const readTimeout = Effect.fnUntraced(function* (given: Option.Option<string>) {
  if (Option.isNone(given)) return undefined
  const timeout = parseDuration(given.value)
  if (timeout !== undefined) return timeout
  const reason = `--timeout ${given.value}: expected a time such as 500ms, 30s or 5m.`
  return yield* new InvalidUsage({ command: "signalbox", reason })
})

const readSetting = Effect.gen(function* () {
  const { dotEnvNames, variables: env } = nodeEnvironment(process.cwd())
  const timeout = yield* readTimeout(yield* TimeoutFlag)
  const hasColour = allowsColour(yield* NoColorFlag, env)
  const style = (stream: NodeJS.WriteStream) => (hasColour && stream.isTTY ? colourStyle : plainStyle)
  const output = makeOutput({
    isJson: yield* JsonFlag,
    style: style(process.stdout),
    errorStyle: style(process.stderr)
  })
  const configured = yield* ConfigFlag
  const verbose = (yield* VerboseFlag) ? Option.some("debug" as const) : Option.none()
  const fromEnvironment = Option.fromUndefinedOr(env["SIGNALBOX_CONFIG"])
  const setting = Setting.of({
    environment: env,
    dotEnvNames,
    directory: process.cwd(),
    configFile: Option.orElse(configured, () => fromEnvironment),
    logLevel: Option.orElse(yield* LogLevelFlag, () => verbose),
    logFormat: yield* LogFormatFlag,
    timeout,
    isTerminal: { stdin: process.stdin.isTTY, stdout: process.stdout.isTTY, stderr: process.stderr.isTTY }
  })
  return Context.make(Setting, setting).pipe(Context.add(Output, output))
})

/** What the flags and the environment alone say about logging. What they say wrongly, loading the configuration tells. */
const firstLogger = Effect.gen(function* () {
  const { environment, isTerminal, logFormat, logLevel } = yield* Setting
  const { errorStyle, writeStatus } = yield* Output
  const level = Option.getOrElse(logLevel, () => environment["LOG_LEVEL"])
  const format = Option.getOrElse(logFormat, () => environment["LOG_FORMAT"])
  return hostLogging(
    { level, format },
    { isTerminal: isTerminal.stderr, hasColors: errorStyle.bold("x") !== "x", write: writeStatus }
  )
})

/** Gives a handler what the global flags said. */
export const withSetting = <A, E, R>(handler: Effect.Effect<A, E, R>) =>
  Effect.flatMap(readSetting, (context) =>
    Effect.flatMap(firstLogger, (logger) => Effect.provide(handler, logger)).pipe(Effect.provideContext(context))
  )
