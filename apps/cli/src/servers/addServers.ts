/**
 * Adds servers, and agents, to the configuration file. What is there already is left as it is.
 */
import { editConfig } from "@signalbox/host"
import { Effect } from "effect"
import { configSource } from "../withHost.ts"

export interface AddedServers {
  readonly file: string
  readonly added: ReadonlyArray<string>
  readonly addedAgents: ReadonlyArray<string>
  /** Names that were there before. */
  readonly taken: ReadonlyArray<string>
}

type Entries = Readonly<Record<string, unknown>>

/** Those that are not there yet, and the changes that add them. */
const fresh = (section: "servers" | "agents", entries: Entries, there: Entries) => {
  const names = Object.keys(entries)
  const taken = names.filter((name) => Object.hasOwn(there, name))
  const added = names.filter((name) => !taken.includes(name))
  return { taken, added, changes: added.map((name) => ({ path: [section, name], value: entries[name] })) }
}

export const addServers = Effect.fnUntraced(function* (entries: Entries, agents: Entries = {}) {
  const edited = yield* editConfig(yield* configSource(), ({ config, servers: there }) => {
    const servers = fresh("servers", entries, there)
    const others = fresh("agents", agents, config.options.agents)
    return Effect.succeed({
      changes: [...servers.changes, ...others.changes],
      value: { added: servers.added, addedAgents: others.added, taken: [...servers.taken, ...others.taken] }
    })
  })
  return { file: edited.file, ...edited.value } satisfies AddedServers
})
