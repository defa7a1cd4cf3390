/**
 * One entry under `agents`: which servers an agent has, which of their tools, with which secrets, and its model.
 */
import { Schema } from "effect"
import { AgentApproval } from "./ApprovalOptions.ts"
import { EnvValue, PositiveInt, ProviderChoice, ServerName, StartCall, ToolLists, VariableName } from "./schemas.ts"

/** The group of secrets that every server of an agent is given. */
export const commonSecrets = "common"

/** An agent. What it leaves out of `model` is that of the configuration. */
export const AgentEntry = Schema.Struct({
  enabled: Schema.Boolean,
  description: Schema.optionalKey(Schema.String),
  /** `files`, `mcp.files`, or `mcp.files.read_file` for one tool of it. */
  servers: Schema.Array(Schema.NonEmptyString),
  /** By server, beside what the server itself allows. */
  tools: Schema.optionalKey(Schema.Record(ServerName, ToolLists)),
  model: Schema.optionalKey(
    Schema.Struct({
      provider: Schema.optionalKey(ProviderChoice),
      name: Schema.optionalKey(Schema.String),
      maxTokens: Schema.optionalKey(PositiveInt),
      systemPrompt: Schema.optionalKey(Schema.String)
    })
  ),
  /** Rounds of tools in one turn of it; those of `conversation` where it is left out. */
  maxHops: Schema.optionalKey(PositiveInt),
  /** What it leaves out is that of `conversation`. */
  approval: Schema.optionalKey(AgentApproval),
  /** Environment variables by server; those under `common` are for each of them, and those of a server win. */
  secrets: Schema.optionalKey(Schema.Record(ServerName, Schema.Record(VariableName, EnvValue))),
  /** Calls that are made once, one after the other, before the agent can be used. */
  onStart: Schema.optionalKey(Schema.Array(StartCall))
})
export type AgentEntry = typeof AgentEntry.Type

/** Every key that an entry may have, for suggestions. */
export const agentKeys: ReadonlyArray<string> = Object.keys(AgentEntry.fields)
