/**
 * Whether what an entry needs is here before it is started: its file, and programs in a version that it can use, asked
 * of the programs themselves.
 */
import type { ServerOptions } from "@signalbox/mcp"
import { isInRange, type ManagedServer, requireFile, runtimeVersion } from "@signalbox/orchestrator"
import { Effect } from "effect"
import type { ServerEntry } from "../config/HostOptions.ts"
import { type Finding, finding } from "./Finding.ts"

const checkVersion = Effect.fnUntraced(function* (
  server: ServerOptions,
  entry: ServerEntry,
  program: string,
  wanted: string
) {
  const found = yield* runtimeVersion(program, server)
  if (found !== undefined && isInRange(found, wanted)) return []
  const has = found === undefined ? `${program} does not answer` : `${program} ${found} is here`
  return [
    finding({
      code: "RUNTIME_VERSION",
      severity: "error",
      serverName: server.name,
      path: [
        "servers",
        server.name,
        ...(entry.requires?.[program] === undefined ? ["version"] : ["requires", program])
      ],
      message: `"${server.name}" needs ${program} ${wanted}, and ${has}.`,
      fix: `Install ${program} ${wanted}, give the full path of one as "command", or let a "runner" bring it.`
    })
  ]
})

const checkFile = ({ program, server }: ManagedServer) =>
  Effect.match(requireFile(server.name, program), {
    onSuccess: () => [],
    onFailure: ({ hint = "", message }) => [
      finding({
        code: "FILE_MISSING",
        severity: "error",
        serverName: server.name,
        path: ["servers", server.name, "file"],
        message,
        fix: hint
      })
    ]
  })

/** Compares what a server needs with what is here. */
export const checkRuntimes = Effect.fnUntraced(function* (managed: ManagedServer, entry: ServerEntry) {
  const files = yield* checkFile(managed)
  const versions = yield* Effect.forEach(Object.entries(managed.requires), ([program, wanted]) =>
    checkVersion(managed.server, entry, program, wanted)
  )
  return [...files, ...versions.flat()] satisfies ReadonlyArray<Finding>
})
