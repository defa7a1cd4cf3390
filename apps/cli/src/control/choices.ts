/**
 * The servers that can be chosen from: those of the configuration, or those of the host that runs, which may know others
 * than its file by now.
 */
import { checkReferences, type LoadedConfig, type ServerEntry, shownTarget } from "@signalbox/host"
import type { ControlConnection } from "@signalbox/server/control"
import { Effect } from "effect"
import { readConfig } from "../withHost.ts"
import { Setting } from "../Setting.ts"

/** A server that can be chosen. */
export interface Choice {
  readonly name: string
  readonly transport: string
  readonly isEnabled: boolean
  /** For the person who chooses. */
  readonly about: string
}

/** What servers lack of the environment, by their names: it is better known before than after. */
const lackedBy = Effect.fnUntraced(function* (config: LoadedConfig) {
  const { environment } = yield* Setting
  const problems = yield* Effect.match(checkReferences(config, environment), {
    onSuccess: () => [],
    onFailure: (error) => error.problems
  })
  return new Map(
    problems.flatMap(({ message, path }) => {
      const [section, name = ""] = path.split(".")
      return section === "servers" ? [[name, message] as const] : []
    })
  )
})

const aboutOf = (entry: ServerEntry, lack: string | undefined): string => {
  if (!entry.enabled) return "disabled in the configuration"
  if (lack !== undefined) return `cannot start: ${lack}`
  return entry.description ?? shownTarget(entry)
}

/** The servers of the configuration file. */
export const configChoices = Effect.gen(function* () {
  const config = yield* readConfig()
  const lacks = yield* lackedBy(config)
  return Object.entries(config.options.servers).map(([name, entry]): Choice => ({
    name,
    transport: entry.transport,
    isEnabled: entry.enabled,
    about: aboutOf(entry, lacks.get(name))
  }))
})

/** The servers of a running host. */
export const hostChoices = ({ ask }: ControlConnection) =>
  Effect.map(
    ask((client) => client.servers.list()),
    (servers) =>
      servers.map(({ name, state, transport }): Choice => ({ name, transport, isEnabled: true, about: state }))
  )
