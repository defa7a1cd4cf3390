/**
 * Failures of the command line itself.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

export class InvalidUsage extends defineError<InvalidUsage>()("InvalidUsage", {
  code: "INVALID_USAGE",
  status: statuses.invalidParams,
  fields: { command: Schema.String, reason: Schema.String },
  message: ({ reason }) => reason,
  hint: ({ command }) => `See: ${command} --help`
}) {}

export class ToolFailed extends defineError<ToolFailed>()("ToolFailed", {
  code: "TOOL_FAILED",
  status: { ...statuses.internal, http: 502 },
  fields: { toolName: Schema.String, text: Schema.String },
  message: ({ text, toolName }) => `The tool "${toolName}" answered with an error: ${text}`
}) {}

/** Every error class of this package, for tables. */
export const cliErrors = [InvalidUsage, ToolFailed] as const
