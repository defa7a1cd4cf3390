/**
 * The process of a stdio server: started in a process group of its own, watched, and ended together with
 * everything it started. Death is the `exit` of the process or the end of its output, whichever comes
 * first; waiting for both would hang whenever a grandchild holds the pipe.
 */
import { type Cause, Deferred, Duration, Effect, Exit, Option, type PlatformError, Queue, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { SpawnFailed } from "../connectErrors.ts"
import { ServerExited } from "../connectionErrors.ts"
import type { MaybeSecret, ServerOptions, StdioOptions } from "../ServerOptions.ts"
import type { Program } from "./command.ts"
import { makeLineTail } from "./lineTail.ts"

/** A running server. */
export interface ServerProcess {
  readonly pid: number
  /** Queues text for standard input; false when it is closed already. */
  readonly write: (text: string) => boolean
  /** Waits for the end of the process, or of its output. */
  readonly ended: Effect.Effect<ServerExited>
  readonly stderrTail: Effect.Effect<ReadonlyArray<string>>
  /** Ends the whole group at once, for a server that never came up. */
  readonly abort: Effect.Effect<void>
}

/** From the end of input to `SIGTERM` (MCP lifecycle, "Shutdown", names no time). */
const endOfInputGrace = Duration.millis(500)
/** From `SIGTERM` to `SIGKILL` when there is nothing to be saved. */
const abortGrace = Duration.millis(100)
/** What was written just before the end is still read, unless a grandchild holds the pipe. */
const drainGrace = Duration.millis(50)
const stderrTailLines = 50
const encoder = new TextEncoder()

/** Starts a program. Its output goes to `onOutput` as it comes; the scope ends it. */
export const startProcess = Effect.fnUntraced(function* (
  server: ServerOptions,
  options: StdioOptions,
  program: Program,
  env: Readonly<Record<string, MaybeSecret>>,
  onOutput: (bytes: Uint8Array) => void
) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const input = yield* Queue.unbounded<string, Cause.Done>()
  const tail = makeLineTail(stderrTailLines)
  const untilKill = Duration.max(Duration.subtract(server.shutdownTimeout, endOfInputGrace), abortGrace)

  const command = ChildProcess.make(program.file, program.args, {
    cwd: options.cwd,
    env: { ...env },
    extendEnv: false,
    forceKillAfter: untilKill
  })
  const child = yield* spawner.spawn(command).pipe(
    Effect.mapError((cause) => {
      const reason = cause.reason._tag === "PermissionDenied" ? ("NotExecutable" as const) : ("SystemRefused" as const)
      return new SpawnFailed({
        serverName: server.name,
        command: options.command,
        reason,
        searchedPath: undefined,
        cwd: options.cwd,
        retryable: reason === "SystemRefused",
        cause
      })
    })
  )
  // Its output, or its input: without either there is no conversation.
  const pipeEnded = yield* Deferred.make<void>()
  const errorsEnded = yield* Deferred.make<void>()
  const exited = yield* Deferred.make<ProcessEnd>()
  yield* child.stdout.pipe(
    Stream.runForEach((bytes) => Effect.sync(() => onOutput(bytes))),
    Effect.onExit(() => Deferred.succeed(pipeEnded, undefined)),
    Effect.forkScoped
  )
  yield* child.stderr.pipe(
    Stream.runForEach((bytes) => Effect.sync(() => tail.push(bytes))),
    Effect.onExit(() => Deferred.succeed(errorsEnded, undefined)),
    Effect.forkScoped
  )
  yield* Stream.fromQueue(input).pipe(
    // What came together is written together: a system call takes as long as all else that is done for a small message.
    Stream.mapArray((texts) => [encoder.encode(texts.join(""))]),
    Stream.run(child.stdin),
    // A server that no longer reads is of no more use than one that no longer writes.
    Effect.onError(() => Deferred.succeed(pipeEnded, undefined)),
    // The line above has told everybody who waits.
    Effect.ignore,
    Effect.forkScoped
  )
  yield* Effect.exit(child.exitCode).pipe(
    Effect.flatMap((exit) => Deferred.succeed(exited, endOf(exit))),
    Effect.forkScoped
  )

  // Runs before the fibers above are stopped, so that what was written last (a cancellation, above all) still goes
  // out, and before the spawner's own release, which then sends TERM and KILL to the group.
  yield* Effect.addFinalizer(() =>
    Queue.end(input).pipe(Effect.andThen(Effect.timeoutOption(Effect.exit(child.exitCode), endOfInputGrace)))
  )

  // Whichever comes first, the others are given a moment: the last words are often read after both.
  const allEnded = Effect.all([Deferred.await(exited), Deferred.await(pipeEnded), Deferred.await(errorsEnded)], {
    concurrency: "unbounded",
    discard: true
  })
  const ended = Effect.raceFirst(Deferred.await(exited), Deferred.await(pipeEnded)).pipe(
    Effect.andThen(Effect.timeoutOption(allEnded, drainGrace)),
    Effect.andThen(Deferred.poll(exited)),
    Effect.flatMap(Option.getOrElse(() => Effect.succeed(unknownEnd))),
    Effect.map(
      ({ exitCode, signal }) =>
        new ServerExited({ serverName: server.name, exitCode, signal, stderrTail: tail.lines() })
    )
  )
  return {
    pid: child.pid,
    write: (text) => Queue.offerUnsafe(input, text),
    ended,
    stderrTail: Effect.sync(() => tail.lines()),
    // It fails for a process that has ended by itself.
    abort: Effect.ignore(child.kill({ killSignal: "SIGTERM", forceKillAfter: abortGrace }))
  } satisfies ServerProcess
})

interface ProcessEnd {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

const unknownEnd: ProcessEnd = { exitCode: undefined, signal: undefined }

/** The spawner reports a death by signal as a failure that names the signal in its text and nowhere else. */
const endOf = (exit: Exit.Exit<number, PlatformError.PlatformError>): ProcessEnd => {
  if (Exit.isSuccess(exit)) return { exitCode: exit.value, signal: undefined }
  const cause = Option.getOrUndefined(Exit.findErrorOption(exit))?.reason.cause
  const signal = cause instanceof Error ? /SIG[A-Z0-9]+/.exec(cause.message)?.[0] : undefined
  return { exitCode: undefined, signal }
}
