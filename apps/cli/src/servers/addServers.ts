/**
 * Adds servers to the configuration file. What is there already is left as it is.
 */
import { editConfig } from "@signalbox/host"
import { Effect } from "effect"
import { configSource } from "../withHost.ts"

export interface AddedServers {
  readonly file: string
  readonly added: ReadonlyArray<string>
  /** Names that were there before. */
  readonly taken: ReadonlyArray<string>
}

export const addServers = Effect.fnUntraced(function* (entries: Readonly<Record<string, unknown>>) {
  const edited = yield* editConfig(yield* configSource(), ({ servers }) => {
    const names = Object.keys(entries)
    const taken = names.filter((name) => Object.hasOwn(servers, name))
    const added = names.filter((name) => !taken.includes(name))
    const changes = added.map((name) => ({ path: ["servers", name], value: entries[name] }))
    return Effect.succeed({ changes, value: { added, taken } })
  })
  return { file: edited.file, ...edited.value } satisfies AddedServers
})
