/**
 * The program: the tree of commands, the services of Node, signals and the exit code.
 */
import { exitCodes, statusOf } from "@signalbox/errors"
import { killOwned, nodePlatform } from "@signalbox/host/node"
import { Cause, Effect, Exit, Layer, Ref, Runtime } from "effect"
import { CliConfig, CliError, CliOutput, Command, GlobalFlag } from "effect/cli"
import { agents } from "./commands/agents.ts"
import { alerts } from "./commands/alerts.ts"
import { approvals } from "./commands/approvals.ts"
import { breaker } from "./commands/breaker.ts"
import { chat } from "./commands/chat.ts"
import { makeCompletions } from "./commands/completions.ts"
import { claudeEnv, codexEnv, opencodeEnv } from "./commands/clientEnvironments.ts"
import { config } from "./commands/config.ts"
import { conformance } from "./commands/conformance.ts"
import { doctor } from "./commands/doctor.ts"
import { errors } from "./commands/errors.ts"
import { history } from "./commands/history.ts"
import { init } from "./commands/init.ts"
import { mcp } from "./commands/mcp.ts"
import { metrics } from "./commands/metrics.ts"
import { models } from "./commands/models.ts"
import { policy } from "./commands/policy.ts"
import { pool } from "./commands/pool.ts"
import { prompts } from "./commands/prompts.ts"
import { providers } from "./commands/providers.ts"
import { reload } from "./commands/reload.ts"
import { replay } from "./commands/replay.ts"
import { resources } from "./commands/resources.ts"
import { run } from "./commands/run.ts"
import { serve } from "./commands/serve.ts"
import { servers } from "./commands/servers.ts"
import { sessions } from "./commands/sessions.ts"
import { test } from "./commands/test.ts"
import { tools } from "./commands/tools.ts"
import { undo } from "./commands/undo.ts"
import { versionCommand } from "./commands/version.ts"
import { withDashedArguments } from "./dashedWords.ts"
import { globalFlags, VersionFlag } from "./flags.ts"
import { makeSignals, Signals } from "./process/Signals.ts"
import { allowsColour } from "./render/style.ts"
import { ExitCode } from "./report.ts"
import { isGiven, presenter, tellFailure } from "./usage.ts"
import { version } from "./version.ts"

const base = Command.make("signalbox").pipe(
  Command.withDescription("Talk to a model that uses your MCP servers"),
  Command.withExamples([
    { command: "signalbox chat", description: "Talk; without a key the offline model answers" },
    { command: 'signalbox chat "list the files here" --json', description: "One question, one JSON answer" },
    { command: "signalbox tools call files read_file path=notes.txt", description: "Call a tool by hand" },
    { command: "signalbox serve", description: "Answer the Messages API on 127.0.0.1:4000" }
  ])
)

const commands = [
  chat,
  run,
  sessions,
  history,
  replay,
  serve,
  servers,
  agents,
  doctor,
  tools,
  undo,
  mcp,
  metrics,
  alerts,
  approvals,
  policy,
  breaker,
  pool,
  reload,
  prompts,
  resources,
  models,
  providers,
  claudeEnv,
  codexEnv,
  opencodeEnv,
  init,
  config,
  conformance,
  test,
  errors,
  versionCommand
] as const

// The completion script describes every command but the one that prints it.
const completions = makeCompletions(() => Command.withSubcommands(base, commands))

const signalbox = base.pipe(Command.withSubcommands([...commands, completions]), Command.withGlobalFlags(globalFlags))

const builtIns = [GlobalFlag.Help, VersionFlag, GlobalFlag.Completions]

const platform = (isJson: boolean, hasColour: boolean) =>
  Layer.mergeAll(
    nodePlatform,
    CliConfig.layer({ builtIns }),
    CliOutput.layer(CliOutput.defaultFormatter({ colors: hasColour })),
    CliOutput.layerPresenter(presenter(isJson))
  )

/** Exit codes of failures that happened outside a command's own report: wrong usage, above all. */
const exitCodeOfFailure = (cause: Cause.Cause<unknown>, isJson: boolean): number => {
  const error = Cause.squash(cause)
  if (!CliError.isCliError(error)) return statusOf(error).exit
  const isHelp = error._tag === "ShowHelp" && error.errors.length === 0 && !isJson
  return isHelp ? exitCodes.ok : exitCodes.usage
}

const leave = (code: number) => {
  // Written output first: a pipe may still be draining.
  process.stdout.write("", () => process.exit(code))
}

/** Runs the program and ends the process. */
export const runCli = (args: ReadonlyArray<string>): void => {
  const isJson = isGiven(args, "--json")
  const hasColour = process.stdout.isTTY && allowsColour(isGiven(args, "--no-color"), process.env)
  const signals = makeSignals()
  const exitCode = Ref.makeUnsafe(0)
  const program = Command.runWith(signalbox, { version })(withDashedArguments(args)).pipe(
    Effect.tapCause((cause) => {
      const error = Cause.squash(cause)
      return Cause.hasInterruptsOnly(cause) || CliError.isCliError(error) ? Effect.void : tellFailure(error, isJson)
    }),
    Effect.provideService(ExitCode, exitCode),
    Effect.provideService(Signals, signals.service),
    Effect.provide(platform(isJson, hasColour))
  )
  const main = Runtime.makeRunMain(({ fiber }) => {
    const stop = () => fiber.interruptUnsafe()
    signals.install({ stop, kill: () => killOwned(process.pid) })
    let isReaderGone = false
    // A reader that has seen enough (`| head`) is no error, but the servers must still end in order.
    process.stdout.on("error", () => {
      isReaderGone = true
      stop()
    })
    // Whoever closes standard error does not want to read of it.
    process.stderr.on("error", () => undefined)
    fiber.addObserver((exit) => {
      if (isReaderGone) return process.exit(signals.exitCode() ?? exitCodes.ok)
      if (Exit.isSuccess(exit)) return leave(signals.exitCode() ?? Ref.getUnsafe(exitCode))
      if (Cause.hasInterruptsOnly(exit.cause)) return leave(signals.exitCode() ?? exitCodes.interrupted)
      leave(exitCodeOfFailure(exit.cause, isJson))
    })
  })
  main(program, { disableErrorReporting: true })
}
