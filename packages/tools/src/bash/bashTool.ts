/**
 * Bash: a script after its policy has been asked, with limits on time, memory and output.
 */
import type { CallContext, JsonObject } from "@signalbox/model"
import { Duration, Effect, Option, Schema } from "effect"
import { ChildProcessSpawner } from "effect/process"
import { requireApproval } from "../approval.ts"
import { builtIn, type BuiltIn, invalidInput, type ToolOutput } from "../BuiltIn.ts"
import { CommandRefused, ToolTookTooLong } from "../errors.ts"
import { errorText } from "../result.ts"
import { describeSandbox } from "../sandbox/Sandbox.ts"
import type { CommandOptions } from "../ToolsOptions.ts"
import type { CommandPolicy } from "./CommandPolicy.ts"
import type { Job, Jobs } from "./Jobs.ts"
import { type CommandEnd, type CommandPlace, type RunningCommand, startCommand } from "./runCommand.ts"

const Input = Schema.Struct({
  command: Schema.optionalKey(Schema.String.annotate({ description: "The script." })),
  timeout: Schema.optionalKey(
    Schema.Finite.check(Schema.isGreaterThan(0)).annotate({
      description: "How long it may run: milliseconds, or seconds where the number is 600 or less."
    })
  ),
  description: Schema.optionalKey(Schema.String.annotate({ description: "What it does, in a few words." })),
  input: Schema.optionalKey(Schema.String.annotate({ description: "What it reads from standard input." })),
  run_in_background: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Do not wait for its end. The answer has the number of the job." })
  ),
  job: Schema.optionalKey(
    // Words of a command line that are digits come as numbers.
    Schema.Union([Schema.String, Schema.Int]).annotate({
      description: "Instead of command: show the output of a job in the background so far."
    })
  ),
  stop: Schema.optionalKey(Schema.Boolean.annotate({ description: "With job: end it." })),
  dangerouslyDisableSandbox: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Changes nothing: the configuration says whether there is a sandbox." })
  )
})
type BashInput = typeof Input.Type

/** What Bash is made of. */
export interface BashParts extends CommandPlace {
  readonly policy: CommandPolicy
  /** Whose tool it is, for the questions about it. */
  readonly source: string
  readonly jobs: Jobs
  readonly spawner: ChildProcessSpawner.ChildProcessSpawner["Service"]
}

/** Larger numbers are milliseconds, as today's clients send them; smaller ones are seconds, as older ones do. */
const mostSeconds = 600

/** How long a command may run, and where that comes from, in words. */
interface TimeLimit {
  readonly limit: Duration.Duration
  readonly origin: string
}

const limitOf = ({ maxTimeout, timeout }: CommandOptions, given: number | undefined): TimeLimit => {
  if (given === undefined) return { limit: Duration.fromInputUnsafe(timeout), origin: "tools.commands.timeout" }
  const isSeconds = given <= mostSeconds
  const asked = Duration.millis(isSeconds ? given * 1000 : given)
  const most = Duration.fromInputUnsafe(maxTimeout)
  return Duration.isGreaterThan(asked, most)
    ? { limit: most, origin: "tools.commands.maxTimeout" }
    : { limit: asked, origin: `timeout ${given}, taken as ${isSeconds ? "seconds" : "milliseconds"}` }
}

const outputOf = ({ stderr, stdout }: Pick<RunningCommand, "stderr" | "stdout">): string => {
  const [out, errors] = [stdout.text(), stderr.text()]
  if (errors === "") return out
  return out === "" ? `STDERR:\n${errors}` : `STDOUT:\n${out}\nSTDERR:\n${errors}`
}

const headOf = ({ exitCode, signal }: CommandEnd): string => {
  if (exitCode === undefined) return `Ended by ${signal}\n`
  return exitCode === 0 ? "" : `Exit code ${exitCode}\n`
}

/** `null` where it has not ended, or not in this way. */
const dataOf = ({ stderr, stdout }: RunningCommand, end: CommandEnd | undefined) => ({
  exit_code: end?.exitCode ?? null,
  signal: end?.signal ?? null,
  stdout: stdout.text(),
  stderr: stderr.text()
})

const answerOf = (command: RunningCommand, end: CommandEnd): ToolOutput => ({
  text: `${headOf(end)}${outputOf(command)}`.trimEnd(),
  data: dataOf(command, end),
  isError: end.exitCode !== 0
})

const showJob = Effect.fnUntraced(function* ({ command, end, id }: Job) {
  const ended = yield* end
  const state = ended === undefined ? "It still runs." : headOf(ended).trimEnd() || "It has ended."
  return {
    text: `Job ${id}. ${state}\n${outputOf(command)}`.trimEnd(),
    data: { job: id, is_running: ended === undefined, ...dataOf(command, ended) }
  }
})

const sandboxSentence = ({ sandbox, sandboxNetwork }: CommandOptions): string => {
  if (sandbox === "off") return ""
  const where = sandbox === "auto" ? " In a sandbox where one is possible" : " In a sandbox"
  return `${where}: only folders that the tools may change can be written to${sandboxNetwork ? "" : ", and there is no network"}.`
}

const descriptionOf = (options: CommandOptions): string =>
  `Runs a Bash script in the working directory, without an environment of its own. timeout is in milliseconds; a number of ${mostSeconds} or less is in seconds. Commands that are not allowed are asked about or refused.${sandboxSentence(options)}`

/** Makes the tool. */
export const bashTool = (parts: BashParts): BuiltIn => {
  const { jobs, options, policy, source } = parts

  const permit = Effect.fnUntraced(function* (tool: BuiltIn, script: string, input: BashInput, context: CallContext) {
    const verdict = yield* policy.judge(script)
    if (verdict.verdict === "allow") return
    if (verdict.verdict === "deny")
      return yield* new CommandRefused({
        reason: verdict.reason,
        ...(verdict.isAboutPath === true ? { isAboutPath: true } : {})
      })
    if (options.undecided === "refuse")
      return yield* new CommandRefused({ reason: `${verdict.reason}, and nobody is to be asked` })
    const asked: JsonObject = { ...input }
    const where = describeSandbox(yield* parts.sandbox.state)
    const reason = where === undefined ? verdict.reason : `${verdict.reason} (it would run ${where})`
    yield* requireApproval({ tool: tool.definition(source), input: asked, reason }, context)
  })

  const runNow = (script: string, input: string | undefined, { limit, origin }: TimeLimit) =>
    Effect.scoped(
      Effect.gen(function* () {
        const command = yield* startCommand(parts, script, input)
        const end = yield* Effect.timeoutOption(command.ended, limit)
        if (Option.isSome(end)) return answerOf(command, end.value)
        const said = outputOf(command)
        const error = new ToolTookTooLong({ what: "The command", limit, origin })
        return said === "" ? yield* error : { text: `${errorText(error)}\n${said}`.trimEnd(), isError: true }
      })
    ).pipe(Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, parts.spawner))

  const run = Effect.fnUntraced(function* (input: BashInput, context: CallContext) {
    if (input.job !== undefined) {
      const id = String(input.job)
      return yield* Effect.flatMap(input.stop === true ? jobs.stop(id, context) : jobs.find(id, context), showJob)
    }
    const script = input.command
    if (script === undefined || script.trim() === "")
      return yield* invalidInput("Bash", "command", "Expected the command to run")
    yield* permit(tool, script, input, context)
    if (input.run_in_background !== true) return yield* runNow(script, input.input, limitOf(options, input.timeout))
    const job = yield* jobs.start(script, input.input, context)
    return {
      text: `Runs in the background as job ${job.id}. See its output with {"job":"${job.id}"}, end it with {"job":"${job.id}","stop":true}.`,
      data: { job: job.id, is_running: true }
    }
  })

  const tool: BuiltIn = builtIn({
    name: "Bash",
    description: descriptionOf(options),
    input: Input,
    annotations: {
      title: "Run a command",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true
    },
    isSelfTimed: true,
    mayAsk: true,
    run
  })
  return tool
}
