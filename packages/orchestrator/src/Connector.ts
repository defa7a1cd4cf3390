/**
 * Where the supervisor gets connections from. The default is `connect` of `@signalbox/mcp`; a test or a
 * recording puts something else in its place. What servers write to standard error goes to the log on the way.
 */
import { connect, type ConnectError, type McpClient, type Questions, type ServerOptions } from "@signalbox/mcp"
import { Context, Effect, FileSystem, Layer, Path, type Scope, Stream } from "effect"
import { ChildProcessSpawner } from "effect/process"
import {
  explainRunner,
  makeRuntimeCheck,
  type ProgramError,
  type ProgramNeeds,
  type Requirements
} from "./runtimes/RuntimeCheck.ts"
import { hideSecrets, secretsOf } from "./hideSecrets.ts"
import { statFields } from "./processTable.ts"

type Platform = ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem | Path.Path

/** Opens connections for the orchestrator. Provide another one to put something else than real servers below it. */
export class Connector extends Context.Service<
  Connector,
  {
    /**
     * Opens one connection, within the `connectTimeout` of the server. The scope ends it and its process.
     * The server is told that it may ask what `questions` says.
     */
    readonly connect: (
      server: ServerOptions,
      start: {
        readonly questions: Questions
        /** What has to be here before anything is started. */
        readonly requires: Requirements
        readonly program: ProgramNeeds
        /** Runs when the process is seen to wait, or to say something, before it answers. */
        readonly onLoaded: Effect.Effect<void>
        /** Is given each whole line of standard error, as soon as it is written. */
        readonly onStderr: (line: string) => void
      }
    ) => Effect.Effect<McpClient, ConnectError | ProgramError, Scope.Scope>
  }
>()("@signalbox/orchestrator/Connector") {
  /** Real servers: processes and HTTP. */
  static readonly layer: Layer.Layer<Connector, never, Platform> = Layer.effect(
    Connector,
    Effect.gen(function* () {
      const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
      const fs = yield* FileSystem.FileSystem
      const runtimes = makeRuntimeCheck()
      const decorate = yield* ConnectorSeam
      // Only these: the whole context holds the scope of this layer, and a connection must end with its own.
      const files = Context.pick(FileSystem.FileSystem, Path.Path)(yield* Effect.context<Platform>())
      return decorate({
        connect: (server, { onLoaded, onStderr, program, questions, requires }) =>
          connect(server, questions).pipe(
            Effect.provideService(
              ChildProcessSpawner.ChildProcessSpawner,
              watchingSpawner(spawner, fs, server, { onLoaded, onStderr })
            ),
            Effect.mapError((error) => explainRunner(error, program)),
            (connected) => Effect.andThen(runtimes.require(server, requires, program), connected),
            Effect.provideContext(files),
            Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, spawner)
          )
      })
    })
  )
}

/**
 * Stands between the orchestrator and its connections to real servers: a recording sees them here, and a replay gives others.
 * Whoever composes a program provides it below the layers of the orchestrator.
 */
export const ConnectorSeam = Context.Reference<(connector: Connector["Service"]) => Connector["Service"]>(
  "@signalbox/orchestrator/ConnectorSeam",
  { defaultValue: () => (connector) => connector }
)

/** Standard output, where speed matters, is left alone. */
const watchingSpawner = (
  spawner: ChildProcessSpawner.ChildProcessSpawner["Service"],
  fs: FileSystem.FileSystem,
  server: ServerOptions,
  { onLoaded, onStderr }: { readonly onLoaded: Effect.Effect<void>; readonly onStderr: (line: string) => void }
): ChildProcessSpawner.ChildProcessSpawner["Service"] =>
  ChildProcessSpawner.make((command) =>
    Effect.gen(function* () {
      const child = yield* spawner.spawn(command)
      // Bounded: a server that is always busy must not be looked at for its whole life.
      yield* Effect.forkScoped(Effect.andThen(Effect.timeoutOption(untilIdle(fs, child.pid), "250 millis"), onLoaded))
      const said = hideSecrets(child.stderr, secretsOf(server))
      const stderr = Stream.onFirst(said, () => onLoaded)
      return ChildProcessSpawner.makeHandle({ ...child, stderr: logged(stderr, server.name, onStderr) })
    })
  )

/**
 * Waits until a process sleeps and has used no processor time since the last look: it has loaded its program
 * and waits for us or for a network. Only Linux shows this; elsewhere nothing is ever said.
 */
const untilIdle = (fs: FileSystem.FileSystem, pid: number): Effect.Effect<void> => {
  const look = (used: string | undefined): Effect.Effect<void> =>
    Effect.flatMap(Effect.sleep("20 millis"), () =>
      Effect.matchEffect(fs.readFileString(`/proc/${pid}/stat`), {
        onFailure: () => Effect.never,
        onSuccess: (text) => {
          const fields = statFields(text)
          // User and system time, in ticks (fields 14 and 15 of `proc_pid_stat(5)`).
          const now = `${fields[11]} ${fields[12]}`
          return fields[0] === "S" && now === used ? Effect.void : look(now)
        }
      })
    )
  return look(undefined)
}

/** Copies standard error to the log, line by line, at Debug. */
const logged = <E>(
  bytes: Stream.Stream<Uint8Array, E>,
  serverName: string,
  onStderr: (line: string) => void
): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    const decoder = new TextDecoder()
    let rest = ""
    return Stream.tap(bytes, (chunk) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/)
      rest = (lines.pop() ?? "").slice(-maxLineCharacters)
      for (const line of lines) onStderr(line)
      return Effect.forEach(lines, (line) => (line === "" ? Effect.void : Effect.logDebug(line)), {
        discard: true
      }).pipe(Effect.annotateLogs({ server: serverName, stream: "stderr" }))
    })
  })

/** A server that never ends its line must not fill our memory. */
const maxLineCharacters = 16_384
