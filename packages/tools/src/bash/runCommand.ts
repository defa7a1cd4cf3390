/**
 * Runs one script in a process group of its own. Whatever ends the run, its end, a limit or a stop, ends the whole
 * group: TERM first, KILL 100 ms later.
 */
import { Deferred, Duration, Effect, Exit, Fiber, Option, type Scope, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { CommandNotStarted } from "../errors.ts"
import type { SandboxUnavailable } from "../errors.ts"
import type { Sandbox } from "../sandbox/Sandbox.ts"
import type { CommandOptions } from "../ToolsOptions.ts"
import { type CappedOutput, makeCappedOutput } from "./cappedOutput.ts"

/** A script that runs. */
export interface RunningCommand {
  readonly stdout: CappedOutput
  readonly stderr: CappedOutput
  /** Waits for its end, and for what it said last. */
  readonly ended: Effect.Effect<CommandEnd>
}

/** How it ended. `signal` where it was killed. */
export interface CommandEnd {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

const killGrace = Duration.millis(100)
/** What was said just before the end is still read, unless a process that it left behind holds the pipe. */
const drainGrace = Duration.millis(100)

/**
 * Limits first, then Bash anew, so that the script is read as a whole and knows nothing of this. Where a stricter
 * limit is set already, it stays.
 */
const prelude = 'ulimit -c 0; [ "$2" = unlimited ] || ulimit -d "$2" 2>/dev/null; exec "$0" --noprofile --norc -c "$1"'

/** Where scripts run, and with what. */
export interface CommandPlace {
  readonly options: CommandOptions
  readonly cwd: string
  readonly sandbox: Sandbox
}

/** Starts a script. The scope ends it. */
export const startCommand = Effect.fnUntraced(function* (
  { cwd, options, sandbox }: CommandPlace,
  script: string,
  input: string | undefined
): Effect.fn.Return<
  RunningCommand,
  CommandNotStarted | SandboxUnavailable,
  ChildProcessSpawner.ChildProcessSpawner | Scope.Scope
> {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const memory = options.maxMemoryBytes === "unlimited" ? "unlimited" : String(Math.ceil(options.maxMemoryBytes / 1024))
  const args = ["--noprofile", "--norc", "-c", prelude, options.shell, script, memory]
  const program = yield* sandbox.enclose({ command: options.shell, args })
  const command = ChildProcess.make(program.command, [...program.args], {
    cwd,
    env: { ...options.environment },
    extendEnv: false,
    stdin: input === undefined ? "ignore" : Stream.encodeText(Stream.succeed(input)),
    forceKillAfter: killGrace
  })
  const child = yield* Effect.mapError(
    spawner.spawn(command),
    (cause) => new CommandNotStarted({ reason: cause.message, cause })
  )
  const collect = (output: CappedOutput, stream: typeof child.stdout) =>
    stream.pipe(
      Stream.runForEach((bytes) => Effect.sync(() => output.push(bytes))),
      // What was read until then is all there is.
      Effect.ignore,
      Effect.forkScoped
    )
  const stdout = makeCappedOutput(options.maxOutputBytes)
  const stderr = makeCappedOutput(options.maxOutputBytes)
  const readers = [yield* collect(stdout, child.stdout), yield* collect(stderr, child.stderr)]
  const end = yield* Deferred.make<CommandEnd>()
  yield* Effect.exit(child.exitCode).pipe(
    Effect.flatMap((exit) =>
      Effect.andThen(Effect.timeoutOption(Fiber.awaitAll(readers), drainGrace), Deferred.succeed(end, endOf(exit)))
    ),
    Effect.forkScoped
  )
  return { stdout, stderr, ended: Deferred.await(end) }
})

/** The spawner reports a death by signal as a failure that names the signal in its text and nowhere else. */
const endOf = (exit: Exit.Exit<number, { readonly reason: { readonly cause?: unknown } }>): CommandEnd => {
  if (Exit.isSuccess(exit)) return { exitCode: exit.value, signal: undefined }
  const cause = Option.getOrUndefined(Exit.findErrorOption(exit))?.reason.cause
  const signal = cause instanceof Error ? /SIG[A-Z0-9]+/.exec(cause.message)?.[0] : undefined
  return { exitCode: undefined, signal: signal ?? "an unknown signal" }
}
