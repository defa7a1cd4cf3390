/**
 * Entries that stand in no file yet as servers that can be started, with the preset for what they leave out.
 */
import { Effect } from "effect"
import { checkText } from "../config/ConfigFile.ts"
import { writeYaml } from "../config/document.ts"
import { resolveServers } from "../servers.ts"

/** The servers of some entries; `missing` says of those that cannot be started as they are what they lack. */
export const resolveEntries = Effect.fnUntraced(function* (
  entries: Readonly<Record<string, unknown>>,
  around: { readonly directory: string; readonly environment: Readonly<Record<string, string | undefined>> }
) {
  const text = writeYaml({ extends: "preset:default@1", servers: entries })
  const source = { ...around, environment: {}, file: undefined, flags: [], whenMissing: "preset" as const }
  const { config } = yield* checkText(source, { file: undefined, shown: "", text })
  const { problems, servers } = yield* resolveServers(config, around.environment)
  const missing = new Map(problems.map(({ message, path }) => [String(path[1]), message]))
  return { servers: servers.filter(({ server }) => !missing.has(server.name)).map(({ server }) => server), missing }
})
