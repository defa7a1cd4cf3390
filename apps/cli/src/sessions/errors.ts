/**
 * Failures of the commands about conversations that are kept.
 */
import { defineError, exitCodes, statuses } from "@signalbox/errors"
import { Schema } from "effect"

/** A conversation is to be kept, and the configuration says that none is. */
export class HistoryOff extends defineError<HistoryOff>()("HistoryOff", {
  code: "HISTORY_OFF",
  status: statuses.configuration,
  fields: {},
  message: () => "No conversations are kept: history.folder is empty.",
  hint: () => 'Set history.folder in the configuration to "auto", or to a folder.'
}) {}

/** Several conversations begin with what was given for a name. */
export class SessionAmbiguous extends defineError<SessionAmbiguous>()("SessionAmbiguous", {
  code: "SESSION_AMBIGUOUS",
  status: statuses.notFound,
  fields: { given: Schema.String, names: Schema.Array(Schema.String) },
  message: ({ given, names }) =>
    `Several sessions begin with "${given}": ${names.slice(0, 5).join(", ")}${names.length > 5 ? " …" : ""}`,
  hint: () => "Give more of the name. See: signalbox sessions list"
}) {}

/** A file of records holds something else: nothing of it was taken in. */
export class RecordsInvalid extends defineError<RecordsInvalid>()("RecordsInvalid", {
  code: "RECORDS_INVALID",
  status: statuses.badData,
  fields: { file: Schema.String, line: Schema.Int, reason: Schema.String },
  message: ({ file, line, reason }) => `${file}:${line} is no record, nor is any other line: ${reason}.`,
  hint: () => "Each line is a record of a conversation as a JSON object; signalbox sessions export writes them."
}) {}

/** Some lines of a file of records are none; the others were taken in. */
export class SomeRecordsInvalid extends defineError<SomeRecordsInvalid>()("SomeRecordsInvalid", {
  code: "RECORDS_PARTLY_INVALID",
  status: { ...statuses.badData, exit: exitCodes.partial },
  fields: { file: Schema.String, line: Schema.Int, reason: Schema.String, rejected: Schema.Int, total: Schema.Int },
  message: ({ file, line, reason, rejected, total }) =>
    `${rejected} of ${total} lines are no records and were left out, the first at ${file}:${line}: ${reason}.`,
  hint: () => "Correct these lines and import the file again: what is there already stays as it is."
}) {}

/** Every error class of these commands, for tables. */
export const sessionErrors = [HistoryOff, SessionAmbiguous, RecordsInvalid, SomeRecordsInvalid] as const
