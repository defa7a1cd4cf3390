/**
 * Why there is no connection to an MCP server that a request brought by its URL. The words are those of the API, with the
 * name of the server.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

const serverName = Schema.String

/** The address may not be connected to. Nothing was sent there. */
export class McpUrlRefused extends defineError<McpUrlRefused>()("McpUrlRefused", {
  code: "MCP_URL_REFUSED",
  status: statuses.badData,
  fields: {
    serverName,
    reason: Schema.String,
    /** Where the rule stands that refuses it, for clients that are shown no hint. */
    setting: Schema.optionalKey(Schema.String)
  },
  message: ({ reason, serverName, setting }) =>
    `The URL of MCP server "${serverName}" is refused: ${reason}${setting === undefined ? "" : ` (see ${setting} in the configuration)`}.`,
  hint: () => "Which addresses are connected to stands under server.mcpUrls of the configuration."
}) {}

/** Nobody answers at the address, or what answers cannot be used. No tool was called. */
export class McpUrlFailed extends defineError<McpUrlFailed>()("McpUrlFailed", {
  code: "MCP_URL_FAILED",
  status: statuses.badData,
  fields: { serverName, reason: Schema.String },
  message: ({ reason, serverName }) => `Connection error while communicating with MCP server "${serverName}": ${reason}`
}) {}

/** The server wants a token, or refuses the one that the request has for it. */
export class McpUrlUnauthorized extends defineError<McpUrlUnauthorized>()("McpUrlUnauthorized", {
  code: "MCP_URL_UNAUTHORIZED",
  status: statuses.badData,
  fields: { serverName },
  message: ({ serverName }) =>
    `Invalid authorization token for MCP server "${serverName}". Please check your token and try again.`,
  hint: () => "The token stands beside the URL in the request (authorization_token)."
}) {}

/** Why there is no connection. */
export type UrlServerError = McpUrlRefused | McpUrlFailed | McpUrlUnauthorized

/** Every error class of this folder, for the table of codes. */
export const urlServerErrors = [McpUrlRefused, McpUrlFailed, McpUrlUnauthorized] as const
