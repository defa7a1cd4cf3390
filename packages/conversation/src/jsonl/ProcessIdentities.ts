/**
 * Who this process is, and whether another still lives: an id alone says little, since ids are used again. Processes can
 * only be told apart within one system and one namespace of ids, so both are part of the host's name.
 */
import { Context, Effect, FileSystem, Layer, Option } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** Whether a process with this id lives, and since when, in a form of the source's own; `unknown` where it cannot be told. */
export type ProcessStart =
  | { readonly _tag: "Alive"; readonly startTime: string }
  | { readonly _tag: "Gone" }
  | { readonly _tag: "Unknown" }

/** The processes of this machine, as far as locks need them. */
export class ProcessIdentities extends Context.Service<
  ProcessIdentities,
  {
    readonly pid: number
    readonly host: string
    /** Not to see a process is no proof that it is dead: then it is unknown. */
    readonly startOf: (pid: number) => Effect.Effect<ProcessStart>
  }
>()("@signalbox/conversation/ProcessIdentities") {
  /** Reads `/proc` where there is one, else asks `ps`. Where there is neither, all is unknown. */
  static readonly layer = (self: {
    readonly pid: number
    readonly hostname: string
  }): Layer.Layer<ProcessIdentities, never, FileSystem.FileSystem | ChildProcessSpawner.ChildProcessSpawner> =>
    Layer.effect(
      ProcessIdentities,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
        const read = (file: string) => Effect.orElseSucceed(fs.readFileString(file), () => "")
        const hasProc = yield* Effect.orElseSucceed(fs.exists("/proc/self/stat"), () => false)
        const boot = (yield* read("/proc/sys/kernel/random/boot_id")).trim()
        const namespace = yield* Effect.orElseSucceed(fs.readLink("/proc/self/ns/pid"), () => "")
        return {
          pid: self.pid,
          host: [self.hostname, boot, namespace].filter((part) => part !== "").join(" "),
          startOf: hasProc ? startInProc(fs) : startInPs(spawner)
        }
      })
    )
}

/** `proc_pid_stat(5)`: the command in parentheses may hold anything; after the last one, state is first and start 20th. */
const startInProc =
  (fs: FileSystem.FileSystem) =>
  (pid: number): Effect.Effect<ProcessStart> =>
    fs.readFileString(`/proc/${pid}/stat`).pipe(
      Effect.map((text): ProcessStart => {
        const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
        const [state] = fields
        // Dead, and only not yet buried.
        if (state === "Z" || state === "X") return { _tag: "Gone" }
        return { _tag: "Alive", startTime: fields[19] ?? "" }
      }),
      Effect.catch((error) =>
        Effect.succeed<ProcessStart>({ _tag: error.reason._tag === "NotFound" ? "Gone" : "Unknown" })
      )
    )

/** `lstart` is local time in the language of the person; the line of the asking process itself shows that `ps` works. */
const startInPs = (spawner: ChildProcessSpawner.ChildProcessSpawner["Service"]) => (pid: number) =>
  spawner
    .string(
      ChildProcess.make("ps", ["-A", "-o", "pid=,stat=,lstart="], {
        env: { LC_ALL: "C", TZ: "UTC" },
        extendEnv: true,
        stderr: "ignore",
        forceKillAfter: "1 second"
      })
    )
    .pipe(
      Effect.option,
      Effect.map((listed): ProcessStart => {
        const lines = Option.getOrElse(listed, () => "").split("\n")
        const rows = lines.map((line) => line.trim().split(/\s+/)).filter((fields) => fields.length > 2)
        if (rows.length === 0) return { _tag: "Unknown" }
        const [, state = "", ...start] = rows.find(([id]) => id === `${pid}`) ?? []
        if (start.length === 0 || state.startsWith("Z")) return { _tag: "Gone" }
        return { _tag: "Alive", startTime: start.join(" ") }
      })
    )
