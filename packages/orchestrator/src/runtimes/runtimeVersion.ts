/**
 * The version of a program that a server needs, as the program itself tells it: found where the server's own
 * environment finds it, which need not be where this program would.
 */
import { ParentEnvironment, type ServerOptions } from "@signalbox/mcp"
import { Effect, Redacted } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { versionIn } from "./versionRange.ts"

/** What a program needs to be found and to start; it is asked for nothing but its version. */
const inherited = new Set(["PATH", "PATHEXT", "HOME", "USERPROFILE", "SYSTEMROOT", "LANG"])

const longestAnswer = "10 seconds"

/** Names of the same program, the most usual first. */
const otherNames: Readonly<Record<string, ReadonlyArray<string>>> = { python: ["python3", "python"] }

/** The programs to ask: the command of the server itself where it is one of that name, such as `/opt/bin/node`. */
const programsFor = (program: string, { endpoint }: ServerOptions): ReadonlyArray<string> => {
  const names = otherNames[program] ?? [program]
  const command = endpoint.transport === "stdio" ? endpoint.command : ""
  const own = (command.split(/[\\/]/).at(-1) ?? "").replace(/\.(exe|cmd)$/i, "")
  const isVersioned = own.startsWith(program) && /^[\d.]+$/.test(own.slice(program.length))
  return own === program || names.includes(own) || isVersioned ? [command] : names
}

const environmentOf = ({ endpoint }: ServerOptions, parent: Readonly<Record<string, string | undefined>>) => {
  const declared = endpoint.transport === "stdio" ? endpoint.env : {}
  const all = { ...parent, ...declared }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value === undefined || !inherited.has(name.toUpperCase())
        ? []
        : [[name, typeof value === "string" ? value : Redacted.value(value)]]
    )
  )
}

/** The version that a program says it has; nothing when it does not start, or says none. */
const versionOf = Effect.fnUntraced(function* (
  program: string,
  cwd: string | undefined,
  env: Readonly<Record<string, string>>
) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const command = ChildProcess.make(program, ["--version"], {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    extendEnv: false,
    stdin: "ignore",
    forceKillAfter: "1 second"
  })
  // Python 2 printed it to standard error.
  const text = yield* Effect.orElseSucceed(
    Effect.timeout(spawner.string(command, { includeStderr: true }), longestAnswer),
    () => ""
  )
  return versionIn(text)
})

/** Where a program is looked for: two servers that agree on this have the same one. */
export interface RuntimeSearch {
  readonly programs: ReadonlyArray<string>
  readonly cwd: string | undefined
  readonly env: Readonly<Record<string, string>>
}

/** Where the program of this name is looked for on behalf of a server. */
export const runtimeSearch = (program: string, server: ServerOptions): Effect.Effect<RuntimeSearch> =>
  Effect.map(ParentEnvironment, (parent) => ({
    programs: programsFor(program, server),
    cwd: server.endpoint.transport === "stdio" ? server.endpoint.cwd : undefined,
    env: environmentOf(server, parent)
  }))

/** The version of the first of the programs that answers `--version` with one. */
export const findVersion = Effect.fnUntraced(function* ({ cwd, env, programs }: RuntimeSearch) {
  for (const candidate of programs) {
    const found = yield* versionOf(candidate, cwd, env)
    if (found !== undefined) return found
  }
  return undefined
})

/** The version of the program of this name that a server would run; nothing where none answers `--version`. */
export const runtimeVersion = (
  program: string,
  server: ServerOptions
): Effect.Effect<string | undefined, never, ChildProcessSpawner.ChildProcessSpawner> =>
  Effect.flatMap(runtimeSearch(program, server), findVersion)
