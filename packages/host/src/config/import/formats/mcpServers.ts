/**
 * What the many formats with an `mcpServers` map have in common.
 */
import { type Tree, isTree } from "../../tree.ts"
import { type Dialect, entriesAt, type ForeignEntry } from "../ForeignFormat.ts"

/** Whether a file has the map, whatever stands in it. */
export const hasMcpServers = (value: Tree): boolean => isTree(value["mcpServers"])

export const mcpServersOf = (value: Tree): ReadonlyArray<ForeignEntry> => entriesAt(value, "mcpServers")

/** Names of transports that programs agree on; `command` is the older name of stdio. */
const commonTypes = {
  stdio: "stdio",
  command: "stdio",
  http: "http",
  "streamable-http": "http",
  streamableHttp: "http",
  sse: "sse"
} as const

/** `type`, `command` and `url`. */
export const commonDialect: Dialect = {
  typeKey: "type",
  types: commonTypes,
  urls: { url: "http", serverUrl: "http", httpUrl: "http" },
  keys: [],
  references: {}
}
