/**
 * Whether the programs that an entry needs are here in a version that it can use: asked of the programs themselves.
 */
import type { ServerOptions } from "@signalbox/mcp"
import { isInRange, runtimeVersion } from "@signalbox/orchestrator"
import { Effect } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import type { ServerEntry } from "../config/HostOptions.ts"
import { type Finding, finding } from "./Finding.ts"

const checkOne = Effect.fnUntraced(function* (server: ServerOptions, program: string, wanted: string) {
  const found = yield* runtimeVersion(program, server)
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
