/**
 * Why a client is not let in, or may not have what it asks for.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

/** A request without a key, where one is asked for. */
export class KeyMissing extends defineError<KeyMissing>()("KeyMissing", {
  code: "KEY_MISSING",
  status: statuses.unauthenticated,
  fields: {},
  message: () => "This server wants a key: send it as x-api-key or as Authorization: Bearer.",
  hint: () => "Keys are those under server.auth.keys of the configuration."
}) {}

/** A key that is none of this server's. */
export class KeyRefused extends defineError<KeyRefused>()("KeyRefused", {
  code: "KEY_REFUSED",
  status: statuses.unauthenticated,
  fields: {},
  message: () => "Invalid API key (x-api-key or Authorization: Bearer).",
  hint: () => "Keys are those under server.auth.keys of the configuration."
}) {}

/** The key of the client does not allow this model. */
export class ModelNotAllowed extends defineError<ModelNotAllowed>()("ModelNotAllowed", {
  code: "MODEL_NOT_ALLOWED",
  status: statuses.forbidden,
  fields: { client: Schema.String, model: Schema.String },
  message: ({ client, model }) => `The key of "${client}" does not allow the model "${model}".`,
  hint: () => "The models of a key stand under server.auth.keys of the configuration."
}) {}

/** A header says something of tools that has no meaning. Nothing was run. */
export class ToolExecutionUnknown extends defineError<ToolExecutionUnknown>()("ToolExecutionUnknown", {
  code: "TOOL_EXECUTION_UNKNOWN",
  status: statuses.badData,
  fields: { given: Schema.String },
  message: ({ given }) => `x-tool-execution: "${given}" has no meaning: send passthrough, or server, or leave it out.`
}) {}

/** A header that approves tool calls beforehand cannot be read. Nothing was run. */
export class ToolApprovalInvalid extends defineError<ToolApprovalInvalid>()("ToolApprovalInvalid", {
  code: "TOOL_APPROVAL_INVALID",
  status: statuses.badData,
  fields: { given: Schema.String },
  message: ({ given }) => `x-tool-approval: "${given}" names no tool calls.`,
  hint: () => "Send names of tools, or write_file(path=/tmp/*), with semicolons between them."
}) {}

/** The request names a server that is not configured, or that its key does not allow; or brings one, which it may not. */
export class ServerNotAllowed extends defineError<ServerNotAllowed>()("ServerNotAllowed", {
  code: "SERVER_NOT_ALLOWED",
  status: statuses.badData,
  fields: {
    serverName: Schema.String,
    available: Schema.Array(Schema.String),
    /** What would have to be set for the URL that the request has for it. */
    setting: Schema.optionalKey(Schema.String)
  },
  message: ({ available, serverName, setting }) =>
    [
      `mcp_servers: there is no server "${serverName}" for this key.`,
      available.length === 0 ? "There is none." : `Available: ${available.join(", ")}.`,
      ...(setting === undefined ? [] : [`Its URL is not connected to without ${setting}.`])
    ].join(" "),
  hint: () => "Requests name servers of the configuration, or bring their own where their key allows it (mcpUrls)."
}) {}
