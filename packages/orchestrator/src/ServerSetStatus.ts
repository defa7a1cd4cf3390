/**
 * How a set of servers is at a moment. Keys are the configured names of its servers, so two entries that run the same
 * program stay two.
 */
import { type DateTime, Schema } from "effect"
import { type ServerInfo, ServerInfoJson, serverInfoJson } from "./ServerInfo.ts"

/** `degraded`: some of its servers do not run, or none does; all are tried again. `closing`: it is being removed. */
export const ServerSetState = Schema.Literals(["connected", "degraded", "closing"])
export type ServerSetState = typeof ServerSetState.Type

/** A set at a moment. */
export interface ServerSetStatus {
  readonly name: string
  readonly state: ServerSetState
  readonly totalServers: number
  readonly connectedServers: number
  /** The names under which its tools are called. */
  readonly tools: ReadonlyArray<string>
  /** State, reason and duration of each server by its configured name, in that order. */
  readonly servers: ReadonlyMap<string, ServerInfo>
}

/** The status of a set whose servers are these. */
export const serverSetStatus = (
  name: string,
  servers: ReadonlyArray<ServerInfo>,
  tools: ReadonlyArray<{ readonly name: string }>,
  isClosing: boolean
): ServerSetStatus => {
  const connectedServers = servers.filter(({ state }) => state === "running").length
  const isWhole = connectedServers === servers.length
  return {
    name,
    state: isClosing ? "closing" : isWhole ? "connected" : "degraded",
    totalServers: servers.length,
    connectedServers,
    tools: tools.map((tool) => tool.name),
    servers: new Map(servers.map((info) => [info.name, info]))
  }
}

/** A set as it is printed. Errors of servers are the envelope of `@signalbox/errors`. */
export const ServerSetStatusJson = Schema.Struct({
  name: Schema.String,
  state: ServerSetState,
  total_servers: Schema.Int,
  connected_servers: Schema.Int,
  total_tools: Schema.Int,
  tool_names: Schema.Array(Schema.String),
  server_status: Schema.Record(Schema.String, ServerInfoJson)
})
export interface ServerSetStatusJson extends Schema.Schema.Type<typeof ServerSetStatusJson> {}

/** The printed form, as of `now`. Secrets in errors are hidden. */
export const serverSetStatusJson = (status: ServerSetStatus, now: DateTime.Utc): ServerSetStatusJson => ({
  name: status.name,
  state: status.state,
  total_servers: status.totalServers,
  connected_servers: status.connectedServers,
  total_tools: status.tools.length,
  tool_names: status.tools,
  server_status: Object.fromEntries([...status.servers].map(([name, info]) => [name, serverInfoJson(info, now)]))
})
