/**
 * Whether the programs that an entry needs are here in a version that it can use: asked of the programs themselves.
 */
import { ParentEnvironment, type ServerOptions } from "@signalbox/mcp"
import { Effect, Redacted } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { type ServerEntry } from "../config/HostOptions.ts"
import { isInRange, versionIn } from "../config/versionRange.ts"
import { type Finding, finding } from "./Finding.ts"

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
  return own === program || names.includes(own) || new RegExp(`^${program}[\\d.]+$`).test(own) ? [command] : names
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
const versionOf = Effect.fnUntraced(function* (program: string, env: Readonly<Record<string, string>>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const command = ChildProcess.make(program, ["--version"], {
    env,
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

const checkOne = Effect.fnUntraced(function* (server: ServerOptions, program: string, wanted: string) {
  const env = environmentOf(server, yield* ParentEnvironment)
  let found: string | undefined
  for (const candidate of programsFor(program, server)) found ??= yield* versionOf(candidate, env)
  if (found !== undefined && isInRange(found, wanted)) return []
  const has = found === undefined ? `${program} does not answer` : `${program} ${found} is here`
  return [
    finding({
      code: "RUNTIME_VERSION",
      severity: "error",
      serverName: server.name,
      path: ["servers", server.name, "requires", program],
      message: `"${server.name}" needs ${program} ${wanted}, and ${has}.`,
      fix: `Install ${program} ${wanted}, or give the full path of one under "command".`
    })
  ]
})

/** Compares what an entry requires with what is here. */
export const checkRuntimes = (
  server: ServerOptions,
  entry: ServerEntry
): Effect.Effect<ReadonlyArray<Finding>, never, ChildProcessSpawner.ChildProcessSpawner> =>
  Effect.map(
    Effect.forEach(Object.entries(entry.requires ?? {}), ([program, wanted]) => checkOne(server, program, wanted)),
    (findings) => findings.flat()
  )
