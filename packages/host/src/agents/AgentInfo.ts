/**
 * What is known of an agent: what the configuration says, and how its servers are while it runs.
 */
import { ServerSetState, type ServerSetStatus, ServerSetStatusJson, serverSetStatusJson } from "@signalbox/orchestrator"
import { type DateTime, Schema } from "effect"

/** An agent at a moment. */
export interface AgentInfo {
  readonly name: string
  readonly description: string
  readonly isEnabled: boolean
  /** Names of the servers that the configuration gives it. */
  readonly servers: ReadonlyArray<string>
  /** While it runs. */
  readonly status: ServerSetStatus | undefined
}

/** An agent as it is printed: with the numbers and servers of its set while it runs, else `stopped`. */
export const AgentInfoJson = Schema.Struct({
  name: Schema.String,
  description: Schema.String,
  enabled: Schema.Boolean,
  servers: Schema.Array(Schema.String),
  state: Schema.Union([ServerSetState, Schema.Literal("stopped")]),
  total_servers: Schema.Int,
  connected_servers: Schema.Int,
  total_tools: Schema.Int,
  tool_names: Schema.Array(Schema.String),
  server_status: ServerSetStatusJson.fields.server_status
})
export interface AgentInfoJson extends Schema.Schema.Type<typeof AgentInfoJson> {}

/** The printed form, as of `now`. */
export const agentInfoJson = (
  { description, isEnabled, name, servers, status }: AgentInfo,
  now: DateTime.Utc
): AgentInfoJson => ({
  state: "stopped",
  total_servers: servers.length,
  connected_servers: 0,
  total_tools: 0,
  tool_names: [],
  server_status: {},
  ...(status === undefined ? {} : serverSetStatusJson(status, now)),
  name,
  description,
  enabled: isEnabled,
  servers
})
