/**
 * What can be done about findings: folders are created, entries of the configuration changed. Each is small, and can be
 * undone by hand.
 */
import { Effect, FileSystem } from "effect"
import type { ConfigSource } from "../config/ConfigFile.ts"
import type { ConfigChange } from "../config/document.ts"
import { editConfig } from "../config/editConfig.ts"
import { type Tree, valueAt } from "../config/tree.ts"
import { ConfigNotWritten } from "../errors.ts"
import type { Repair } from "./Finding.ts"

/** What a repair does, for whoever is asked. */
export const describeRepair = (repair: Repair): string => {
  switch (repair._tag) {
    case "CreateFolder":
      return `create the folder ${repair.folder}`
    case "DisableServer":
      return `disable the server "${repair.serverName}"`
    case "DenyTool":
      return `leave out the tool "${repair.tool}" of "${repair.serverName}"`
  }
}

const denied = (servers: Tree, serverName: string, tools: ReadonlyArray<string>): ConfigChange => {
  const before = valueAt(servers, [serverName, "tools", "deny"])
  const path = ["servers", serverName, "tools", "deny"]
  return { path, value: [...new Set([...(Array.isArray(before) ? before.map(String) : []), ...tools])] }
}

const changesOf = (repairs: ReadonlyArray<Repair>, servers: Tree): ReadonlyArray<ConfigChange> => {
  const disabled = repairs.flatMap((repair) =>
    repair._tag === "DisableServer" ? [{ path: ["servers", repair.serverName, "enabled"], value: false }] : []
  )
  const tools = repairs.flatMap((repair) => (repair._tag === "DenyTool" ? [repair] : []))
  const byServer = Map.groupBy(tools, ({ serverName }) => serverName)
  return [
    ...disabled,
    ...[...byServer].map(([name, denials]) =>
      denied(
        servers,
        name,
        denials.map(({ tool }) => tool)
      )
    )
  ]
}

/** Applies repairs. Fails, with the file as it was, when it cannot be written. */
export const applyRepairs = Effect.fn("applyRepairs")(function* (source: ConfigSource, repairs: ReadonlyArray<Repair>) {
  const fs = yield* FileSystem.FileSystem
  for (const repair of repairs) {
    if (repair._tag !== "CreateFolder") continue
    yield* fs
      .makeDirectory(repair.folder, { recursive: true })
      .pipe(Effect.mapError((cause) => new ConfigNotWritten({ file: repair.folder, reason: cause.message, cause })))
  }
  if (repairs.every(({ _tag }) => _tag === "CreateFolder")) return
  yield* editConfig(source, ({ servers }) => Effect.succeed({ changes: changesOf(repairs, servers), value: undefined }))
})
