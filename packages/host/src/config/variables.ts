/**
 * The environment variables of the configuration: one for each key, named after its path. Names that look like
 * ours and are not are told, because a misspelt variable would otherwise change nothing in silence.
 */
import { nearestName } from "@signalbox/model"
import { type ConfigPath, readScalar } from "./document.ts"
import { gatewayVariables } from "./gatewayVariables.ts"
import { catalogVariable, enabledVariable, mcpVariables, type Shorthand } from "./mcpVariables.ts"
import { presetValue } from "./presetValue.ts"
import { leavesOf } from "./tree.ts"

type Environment = Readonly<Record<string, string | undefined>>

const prefix = "SIGNALBOX_"

/** The variable that overrides a key: `conversation.maxHops` is `SIGNALBOX_CONVERSATION_MAX_HOPS`. */
export const variableOf = (path: ConfigPath): string =>
  `${prefix}${path
    .map((key) => String(key).replace(/[A-Z]/g, (letter) => `_${letter}`))
    .join("_")
    .toUpperCase()}`

/** Every key that a variable can override, with that variable. */
const overridableKeys: ReadonlyArray<{ readonly path: ConfigPath; readonly variable: string }> = leavesOf(presetValue)
  .filter(([path]) => path[0] !== "servers" && path[0] !== "agents")
  .map(([path]) => ({ path, variable: variableOf(path) }))

/** Holds all servers as JSON. */
export const serversVariable = "SIGNALBOX_SERVERS"
/** Names a file that holds all servers. */
const serversFileVariable = "SIGNALBOX_SERVERS_CONFIG"

/** The file that a variable names for the servers, and that variable. */
export const serversFileOf = (environment: Environment) => {
  const own = environment[serversFileVariable] ?? ""
  if (own !== "") return { file: own, variable: serversFileVariable }
  const catalog = (environment[serversVariable] ?? "") === "" ? (environment[catalogVariable] ?? "") : ""
  return catalog === "" ? undefined : { file: catalog, variable: catalogVariable }
}

/** Weaker than the names of the keys themselves, which come after them. */
const shorthands: ReadonlyArray<Shorthand> = [...mcpVariables, ...gatewayVariables]

const ownNames = overridableKeys.map((key): Shorthand => ({ ...key, read: readScalar }))

/** The keys that the environment sets, with the providers that the file has. An empty variable sets nothing. */
export const environmentValues = (environment: Environment, providers: ReadonlySet<string>) =>
  [...shorthands, ...ownNames].flatMap(({ counts, path, read, variable }) => {
    const text = environment[variable] ?? ""
    const isMeant = text !== "" && (counts?.(text, providers) ?? true)
    const value = isMeant ? read(text) : undefined
    return value === undefined ? [] : [{ path, variable, value }]
  })

/** A variable that the configuration is read from, and the key that it sets. */
export interface ConfigVariable {
  readonly variable: string
  readonly key: string
}

/** All of them, those of one key together. */
export const configVariables: ReadonlyArray<ConfigVariable> = [
  ...[...overridableKeys, ...shorthands].map(({ path, variable }) => ({ variable, key: path.map(String).join(".") })),
  ...[serversVariable, serversFileVariable, catalogVariable].map((variable) => ({ variable, key: "servers" })),
  { variable: enabledVariable, key: "servers.*.enabled" }
].toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))

/** Variables with our prefix that are no keys: the name of the file, the servers, and the mark that our servers carry. */
const otherNames = ["SIGNALBOX_CONFIG", serversVariable, serversFileVariable, "SIGNALBOX_OWNER"]

const knownNames: ReadonlyArray<string> = [...otherNames, ...overridableKeys.map(({ variable }) => variable)]

/** Says of every `SIGNALBOX_…` variable that nothing reads it, and which one may have been meant. */
export const unknownVariables = (environment: Environment): ReadonlyArray<string> =>
  Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !knownNames.includes(name))
    .map((name) => {
      // Without the prefix, which all of them share, only what really looks alike is near.
      const own = knownNames.map((known) => known.slice(prefix.length))
      const nearest = nearestName(name.slice(prefix.length), own)
      const advice =
        nearest === undefined ? 'All names: "signalbox config explain --json".' : `Did you mean ${prefix}${nearest}?`
      return `The variable ${name} is not known and changes nothing. ${advice}`
    })
