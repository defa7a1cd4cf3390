/**
 * Tools as a request offers them: the caller's by schema, and those that the API knows by their `type`.
 */
import { JsonObject } from "@signalbox/model"
import { Schema } from "effect"
import { nullable, open } from "./open.ts"

/** A tool, or a set of them. `type` is absent or `custom` for the caller's own; a toolset has no name of its own. */
export const ToolWire = open({
  type: nullable(Schema.String),
  name: nullable(Schema.String),
  description: nullable(Schema.String),
  input_schema: nullable(JsonObject),
  cache_control: nullable(JsonObject),
  strict: nullable(Schema.Boolean),
  defer_loading: nullable(Schema.Boolean),
  eager_input_streaming: nullable(Schema.Boolean),
  input_examples: nullable(Schema.Array(Schema.Unknown)),
  allowed_callers: nullable(Schema.Array(Schema.String))
})
export type ToolWire = typeof ToolWire.Type

/** Whether, and which, tools the model must use. */
export const ToolChoiceWire = open({
  type: Schema.Literals(["auto", "any", "tool", "none"]),
  name: nullable(Schema.String),
  disable_parallel_tool_use: nullable(Schema.Boolean)
})
export type ToolChoiceWire = typeof ToolChoiceWire.Type

/** What a request says of one tool of a server, or of all that it does not name. */
export const McpToolConfigWire = open({ enabled: nullable(Schema.Boolean), defer_loading: nullable(Schema.Boolean) })

/** A server whose tools the request wants. Here it may also be known to the host by its name alone. */
export const McpServerWire = open({
  type: nullable(Schema.String),
  name: Schema.NonEmptyString,
  url: nullable(Schema.String),
  authorization_token: nullable(Schema.String),
  tool_configuration: nullable(
    open({ enabled: nullable(Schema.Boolean), allowed_tools: nullable(Schema.Array(Schema.String)) })
  )
})
export type McpServerWire = typeof McpServerWire.Type

/** The tools of a server among `tools`, with what is wanted of them (beta `mcp-client-2025-11-20` and later). */
export const McpToolsetWire = open({
  type: Schema.Literal("mcp_toolset"),
  mcp_server_name: Schema.NonEmptyString,
  default_config: nullable(McpToolConfigWire),
  configs: nullable(Schema.Record(Schema.String, McpToolConfigWire)),
  tools: nullable(Schema.Array(JsonObject)),
  cache_control: nullable(JsonObject)
})
export type McpToolsetWire = typeof McpToolsetWire.Type
