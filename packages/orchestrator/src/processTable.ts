/**
 * The processes of this machine, as far as the sweep needs them. Two sources: `/proc` on Linux, `ps` elsewhere.
 * Reading is in two steps, because marks are looked for at every start and the rest is seldom needed.
 */
import { Cause, Context, Effect, type FileSystem, type PlatformError } from "effect"
import { ChildProcess, type ChildProcessSpawner } from "effect/process"

/** The variable that says who owns a server process. */
export const ownerVariable = "SIGNALBOX_OWNER"

/**
 * The environments of all processes that can be read, by their ids and in the form of `/proc`. Provide it where files can be
 * read at once: file by file through a pool of threads, those of a hundred processes keep a short program busy.
 */
export const ProcessEnvironments = Context.Reference<
  Effect.Effect<ReadonlyArray<readonly [pid: number, environment: string]>> | undefined
>("@signalbox/orchestrator/ProcessEnvironments", { defaultValue: () => undefined })

export interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly group: number
}

export interface ProcessTable {
  /**
   * Who a living process is: `<pid>-<start>`, the start in a form of the source's own. Nothing for one that is gone, or is dead and only not yet buried.
   * It fails where that cannot be told: not to see a process is no proof that it is dead.
   */
  readonly identity: (
    pid: number
  ) => Effect.Effect<string | undefined, PlatformError.PlatformError | Cause.NoSuchElementError>
  /** Processes that carry a mark, with the owner that it names. */
  readonly marked: Effect.Effect<ReadonlyMap<number, string>>
  readonly rows: Effect.Effect<ReadonlyArray<ProcessRow>>
}

/** Few at once: the sweep runs beside the start of servers and must not take the disk threads from them. */
const concurrency = 4

/** Linux: `proc_pid_stat(5)`, `proc_pid_environ(5)`. Processes of other users cannot be read and are left out. */
export const procTable = (fs: FileSystem.FileSystem, given: typeof ProcessEnvironments.Service): ProcessTable => {
  const read = (path: string) => Effect.orElseSucceed(fs.readFileString(path), () => "")
  const namespace = (pid: number | "self") => Effect.orElseSucceed(fs.readLink(`/proc/${pid}/ns/pid`), () => undefined)
  const pids = Effect.orElseSucceed(fs.readDirectory("/proc"), () => []).pipe(
    Effect.map((names) => names.filter((name) => /^\d+$/.test(name)).map(Number))
  )
  const environments =
    given ??
    Effect.flatMap(pids, (found) =>
      Effect.forEach(found, (pid) => Effect.map(read(`/proc/${pid}/environ`), (text) => [pid, text] as const), {
        concurrency
      })
    )
  const stat = (pid: number) => Effect.map(read(`/proc/${pid}/stat`), statFields)

  return {
    identity: (pid) =>
      fs.readFileString(`/proc/${pid}/stat`).pipe(
        Effect.map((text) => {
          const [state, ...rest] = statFields(text)
          return state === "Z" || state === "X" ? undefined : `${pid}-${rest[18]}`
        }),
        Effect.catchIf(
          (error) => error.reason._tag === "NotFound",
          () => Effect.succeed(undefined)
        )
      ),
    marked: Effect.gen(function* () {
      const found = new Map<number, string>()
      for (const [pid, text] of yield* environments) {
        const owner = text.includes(ownerVariable) ? ownerIn(text.split("\0"), /^\d+-\d+$/) : undefined
        // Inside a container process ids mean something else, and so do the owners named there.
        if (owner !== undefined && (yield* namespace(pid)) === (yield* namespace("self"))) found.set(pid, owner)
      }
      return found
    }),
    rows: Effect.gen(function* () {
      const rows = yield* Effect.forEach(
        yield* pids,
        (pid) =>
          Effect.map(stat(pid), ([, parent, group]) =>
            group === undefined ? [] : [{ pid, parent: Number(parent), group: Number(group) }]
          ),
        { concurrency }
      )
      return rows.flat()
    })
  }
}

/** The fields of `/proc/<pid>/stat` from the third on. The command in parentheses may hold anything, parentheses too; what follows the last one has fixed places. */
export const statFields = (text: string): ReadonlyArray<string> =>
  text
    .slice(text.lastIndexOf(")") + 2)
    .trimEnd()
    .split(" ")

/** Elsewhere: POSIX `ps`, with the environment of processes shown as BSD systems and macOS do (`e`). */
export const psTable = (spawner: ChildProcessSpawner.ChildProcessSpawner["Service"]): ProcessTable => {
  const ps = (...args: ReadonlyArray<string>) =>
    spawner
      .string(
        ChildProcess.make("ps", args, {
          // `lstart` is local time in the language of the person.
          env: { LC_ALL: "C", TZ: "UTC" },
          extendEnv: true,
          stderr: "ignore",
          forceKillAfter: "1 second"
        })
      )
      .pipe(
        Effect.orElseSucceed(() => ""),
        Effect.map((text) => text.split("\n").filter((line) => line.trim() !== ""))
      )
  const commands = (environment: "" | "e") =>
    Effect.map(
      ps(`ax${environment}ww`, "-o", "pid=,command="),
      (lines) =>
        new Map(
          lines.map((line) => /^\s*(\d+) (.*)$/.exec(line)).map((match) => [Number(match?.[1]), match?.[2] ?? ""])
        )
    )

  return {
    identity: (pid) =>
      Effect.flatMap(ps("-A", "-o", "pid=,stat=,lstart="), (lines) => {
        if (lines.length === 0) return Effect.fail(new Cause.NoSuchElementError("ps answered nothing"))
        const fields = lines.map((line) => line.trim().split(/\s+/)).find(([id]) => id === `${pid}`)
        const [, state = "", ...start] = fields ?? []
        return Effect.succeed(start.length === 0 || state.startsWith("Z") ? undefined : `${pid}-ps.${start.join(".")}`)
      }),
    marked: Effect.gen(function* () {
      const plain = yield* commands("")
      const found = new Map<number, string>()
      for (const [pid, text] of yield* commands("e")) {
        const command = plain.get(pid)
        // Only what follows the command itself is environment; an argument may look like a mark and is none.
        if (command === undefined || !text.startsWith(command)) continue
        const owner = ownerIn(text.slice(command.length).split(" "), /^\d+-ps\./)
        if (owner !== undefined) found.set(pid, owner)
      }
      return found
    }),
    rows: Effect.map(ps("-A", "-o", "pid=,ppid=,pgid="), (lines) =>
      lines.map((line) => {
        const [pid, parent, group] = line.trim().split(/\s+/)
        return { pid: Number(pid), parent: Number(parent), group: Number(group) }
      })
    )
  }
}

/** The mark, if it is of the form that the same source makes: another's cannot be told dead or alive. */
const ownerIn = (variables: ReadonlyArray<string>, form: RegExp): string | undefined => {
  const mark = variables.find((variable) => variable.startsWith(`${ownerVariable}=`))?.slice(ownerVariable.length + 1)
  return mark !== undefined && form.test(mark) ? mark : undefined
}
