/**
 * Refuses to start a server whose programs are not here in a version that it can use. A version that fits is remembered,
 * so that restarts cost nothing; one that does not is asked for again each time, because somebody may install another.
 */
import type { ServerOptions } from "@signalbox/mcp"
import { Effect, Semaphore } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import { RuntimeVersionMismatch } from "../errors.ts"
import { findVersion, runtimeSearch } from "./runtimeVersion.ts"
import { isInRange } from "./versionRange.ts"

/** Programs by name, each with the versions that will do, such as `{ node: ">=20" }`. */
export type Requirements = Readonly<Record<string, string>>

export interface RuntimeCheck {
  readonly require: (
    server: ServerOptions,
    wanted: Requirements
  ) => Effect.Effect<void, RuntimeVersionMismatch, ChildProcessSpawner.ChildProcessSpawner>
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
    require: (server, wanted) => {
      const programs = Object.entries(wanted)
      if (programs.length === 0) return Effect.void
      return asking.withPermit(
        Effect.forEach(programs, ([program, range]) => requireOne(server, program, range), { discard: true })
      )
    }
  }
}
