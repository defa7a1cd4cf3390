/**
 * Refuses to start a server whose file is not there, or whose programs are not here in a version that it can use. A version that fits is remembered,
 * so that restarts cost nothing; one that does not is asked for again each time, because somebody may install another.
 */
import { type ServerOptions, SpawnFailed } from "@signalbox/mcp"
import { Effect, FileSystem, Semaphore } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { RunnerNotFound, RuntimeVersionMismatch, ServerFileNotFound } from "../errors.ts"
import type { RunnerChoice } from "./runtimeCommand.ts"
import { findVersion, runtimeSearch } from "./runtimeVersion.ts"
import { isInRange } from "./versionRange.ts"

/** Programs by name, each with the versions that will do, such as `{ node: ">=20" }`. */
export type Requirements = Readonly<Record<string, string>>

/** What a command needs beside programs in a version that fits. */
export interface ProgramNeeds {
  /** The file that it runs, as a complete path. */
  readonly file?: string
  /** What it is started with, for the runtime that this provides. */
  readonly runner?: RunnerChoice
}

/** Why a server was not even started. */
export type ProgramError = RunnerNotFound | RuntimeVersionMismatch | ServerFileNotFound

type Platform = ChildProcessSpawner.ChildProcessSpawner | FileSystem.FileSystem

export interface RuntimeCheck {
  readonly require: (
    server: ServerOptions,
    wanted: Requirements,
    needs: ProgramNeeds
  ) => Effect.Effect<void, ProgramError, Platform>
}

/** Fails where the file that a command runs is not there. */
export const requireFile = Effect.fnUntraced(function* (serverName: string, { file }: ProgramNeeds) {
  if (file === undefined) return
  const isThere = Effect.map((yield* FileSystem.FileSystem).stat(file), ({ type }) => type === "File")
  if (!(yield* Effect.orElseSucceed(isThere, () => false))) return yield* new ServerFileNotFound({ serverName, file })
})

/** The failure to start a runner, in words about what it was to provide. */
export const explainRunner = <E>(
  error: E | SpawnFailed,
  { runner }: ProgramNeeds
): E | SpawnFailed | RunnerNotFound => {
  if (runner === undefined || !(error instanceof SpawnFailed) || error.reason !== "CommandNotFound") return error
  const { name, runtime, version } = runner
  return new RunnerNotFound({ serverName: error.serverName, runner: name, runtime, version, cause: error })
}

/** Nothing is known yet. */
export const makeRuntimeCheck = (): RuntimeCheck => {
  const known = new Map<string, string>()
  // Servers that start together mostly need the same program: the first one asks, the others read.
  const asking = Semaphore.makeUnsafe(1)

  const requireOne = Effect.fnUntraced(function* (server: ServerOptions, program: string, wanted: string) {
    const search = yield* runtimeSearch(program, server)
    const key = JSON.stringify(search)
    const remembered = known.get(key)
    if (remembered !== undefined && isInRange(remembered, wanted)) return
    const found = yield* findVersion(search)
    if (found === undefined || !isInRange(found, wanted)) {
      return yield* new RuntimeVersionMismatch({ serverName: server.name, program, wanted, found })
    }
    known.set(key, found)
  })

  return {
    require: (server, wanted, needs) => {
      const programs = Object.entries(wanted)
      const checked = requireFile(server.name, needs)
      if (programs.length === 0) return checked
      return Effect.andThen(
        checked,
        asking.withPermit(
          Effect.forEach(programs, ([program, range]) => requireOne(server, program, range), { discard: true })
        )
      )
    }
  }
}
