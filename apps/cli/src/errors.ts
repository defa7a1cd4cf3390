/**
 * Failures of the command line itself.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Duration, Schema } from "effect"

export class InvalidUsage extends defineError<InvalidUsage>()("InvalidUsage", {
  code: "INVALID_USAGE",
  status: statuses.invalidParams,
  fields: { command: Schema.String, reason: Schema.String },
  message: ({ reason }) => reason,
  hint: ({ command }) => `See: ${command} --help`
}) {}

export class CommandTimeout extends defineError<CommandTimeout>()("CommandTimeout", {
  code: "TIMEOUT",
  status: statuses.timeout,
  fields: { limit: Schema.DurationFromMillis },
  message: ({ limit }) => `The command did not end within ${Duration.format(limit)}, which --timeout allows it.`,
  hint: () => "Give it more time, or look for what is slow with --log-level debug."
}) {}

/** Every error class of this package, for tables. */
export const cliErrors = [InvalidUsage, CommandTimeout] as const
