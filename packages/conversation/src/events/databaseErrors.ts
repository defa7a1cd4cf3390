/**
 * What a store over a database can fail with. Each names the place of the database, never its login.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

const where = { place: Schema.String, reason: Schema.String }

/** No connection, or one that was lost. What was being written may be there or not; adding the same again is safe. */
export class DatabaseUnreachable extends defineError<DatabaseUnreachable>()("DatabaseUnreachable", {
  code: "HISTORY_DATABASE_UNREACHABLE",
  status: statuses.unavailable,
  retryable: true,
  fields: where,
  message: ({ place, reason }) => `The database of the history, ${place}, cannot be reached: ${reason}.`,
  hint: () => "Check that it runs and that its host and port are right; signalbox doctor tries the connection."
}) {}

const refusalHints = {
  login: "Check the user and the password in the address of the database.",
  database: "Create the database (createdb NAME), or name another one in the address.",
  permission: "Give the user the right to create tables there (GRANT CREATE ON SCHEMA …), or name another user.",
  address: "Write it as postgres://USER@HOST:PORT/DATABASE, with the password after the user.",
  version: "Use a version of Signalbox that is as new as the one that wrote to it last."
} as const

/** The database answers, and will not have it. Trying again changes nothing. */
export class DatabaseRefused extends defineError<DatabaseRefused>()("DatabaseRefused", {
  code: "HISTORY_DATABASE_REFUSED",
  status: statuses.configuration,
  fields: { ...where, what: Schema.Literals(["login", "database", "permission", "address", "version"]) },
  message: ({ place, reason }) => `The database of the history, ${place}, cannot be used: ${reason}.`,
  hint: ({ what }) => refusalHints[what]
}) {}

/** The database failed in a way that nothing here expects. */
export class DatabaseFailed extends defineError<DatabaseFailed>()("DatabaseFailed", {
  code: "HISTORY_DATABASE_FAILED",
  status: statuses.unavailable,
  fields: where,
  message: ({ place, reason }) => `The database of the history, ${place}, failed: ${reason}.`,
  hint: () => "Look into its log; nothing of what was to be written counts."
}) {}

/** While the connection was lost that kept others waiting, one of them began a turn. Nothing of this turn is added any more. */
export class TurnTakenOver extends defineError<TurnTakenOver>()("TurnTakenOver", {
  code: "HISTORY_TURN_TAKEN_OVER",
  status: statuses.conflict,
  fields: { conversationId: Schema.String },
  message: ({ conversationId }) => `Another process has gone on with conversation "${conversationId}".`,
  hint: () => "Ask again: the history has what the other one said and did."
}) {}

/** What only stores over a database fail with. */
export type DatabaseError = DatabaseUnreachable | DatabaseRefused | DatabaseFailed | TurnTakenOver

/** Their classes. */
export const databaseErrors = [DatabaseUnreachable, DatabaseRefused, DatabaseFailed, TurnTakenOver] as const
