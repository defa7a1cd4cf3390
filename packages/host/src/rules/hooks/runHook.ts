/**
 * Asks one hook: a process in a group of its own, which ends with whoever waits for it. What it says is bounded, and what
 * it leaves behind is ended with it.
 */
import { childEnvironment, type MaybeSecret, resolveCommand } from "@signalbox/mcp"
import { Duration, Effect, Fiber, type FileSystem, type Path, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** A program that is asked. */
export interface HookProgram {
  readonly command: readonly [string, ...ReadonlyArray<string>]
  /** The folder that it runs in. */
  readonly directory: string
  /** Beyond the short list. */
  readonly env: Readonly<Record<string, MaybeSecret>>
  readonly timeout: Duration.Duration
}

/** How it ended, and what it said. */
export interface HookEnd {
  readonly exitCode: number
  readonly stdout: string
  /** The end of what it wrote to standard error. */
  readonly stderr: string
}

/** Why there is no answer: a clause. */
export interface HookTrouble {
  readonly _tag: "HookTrouble"
  readonly reason: string
}

/** What a hook may write. */
const maxOutputBytes = 1024 * 1024
const maxErrorCharacters = 4096
const killGrace = Duration.millis(100)
/** What was said just before the end is still read, unless a process that it left behind holds the pipe. */
const drainGrace = Duration.millis(100)

const encoder = new TextEncoder()

const trouble = (reason: string): HookTrouble => ({ _tag: "HookTrouble", reason })

const plural = (ms: number): string => Duration.format(Duration.millis(ms))

/** Asks it. The environment is that of this program, of which it gets little. */
export const runHook = (
  program: HookProgram,
  input: string,
  parent: Readonly<Record<string, string | undefined>>
): Effect.Effect<HookEnd, HookTrouble, ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path> =>
  Effect.scoped(ask(program, input, parent)).pipe(
    Effect.timeoutOrElse({
      duration: program.timeout,
      orElse: () => Effect.fail(trouble(`it took longer than ${plural(Duration.toMillis(program.timeout))}`))
    })
  )

const ask = Effect.fnUntraced(function* (
  { command: [name, ...args], directory, env: declared }: HookProgram,
  input: string,
  parent: Readonly<Record<string, string | undefined>>
) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const env = childEnvironment(parent, declared, false)
  const { args: all, file } = yield* findHook(name, args, directory, env)
  const child = yield* spawner
    .spawn(ChildProcess.make(file, all, { cwd: directory, env, extendEnv: false, forceKillAfter: killGrace }))
    .pipe(Effect.mapError((error) => trouble(`it cannot be started: ${error.message}`)))
  yield* Stream.make(encoder.encode(input)).pipe(
    Stream.run(child.stdin),
    // One that does not want to know is no fault.
    Effect.ignore,
    Effect.forkScoped
  )
  const said: Array<Uint8Array> = []
  let length = 0
  const reading = yield* child.stdout.pipe(
    Stream.runForEach((bytes) =>
      Effect.sync(() => {
        length += bytes.length
        if (length <= maxOutputBytes) said.push(bytes)
      })
    ),
    // What was read until then is all there is.
    Effect.ignore,
    Effect.forkScoped
  )
  let stderr = ""
  const readingErrors = yield* child.stderr.pipe(
    Stream.decodeText,
    Stream.runForEach((text) => Effect.sync(() => void (stderr = `${stderr}${text}`.slice(-maxErrorCharacters)))),
    // Likewise.
    Effect.ignore,
    Effect.forkScoped
  )
  const exitCode = yield* Effect.mapError(child.exitCode, (error) => trouble(`it was killed: ${error.message}`))
  yield* Effect.timeoutOption(Fiber.awaitAll([reading, readingErrors]), drainGrace)
  if (length > maxOutputBytes) return yield* Effect.fail(trouble(`it wrote more than ${maxOutputBytes} bytes`))
  const decoder = new TextDecoder()
  const stdout = said.map((bytes) => decoder.decode(bytes, { stream: true })).join("") + decoder.decode()
  return { exitCode, stdout, stderr: stderr.trim() } satisfies HookEnd
})

/** The file of a hook; a path starts from its folder. */
export const findHook = (
  name: string,
  args: ReadonlyArray<string>,
  directory: string,
  env: Readonly<Record<string, MaybeSecret>>
) =>
  resolveCommand(
    "hook",
    { transport: "stdio", command: name, args, cwd: directory, env: {}, inheritsEnv: false },
    env
  ).pipe(
    Effect.mapError(({ reason }) =>
      trouble(
        reason === "BatchFile"
          ? `"${name}" is a batch file, which only a shell can run`
          : `there is no program "${name}"`
      )
    )
  )
