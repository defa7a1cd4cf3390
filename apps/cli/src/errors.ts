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

/** Every error class of this package, for tables. */
export const cliErrors = [InvalidUsage] as const
