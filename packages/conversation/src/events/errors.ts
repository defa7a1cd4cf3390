/**
 * What a store of conversations can fail with. Each names the file, where there is one.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"
import { type DatabaseError, databaseErrors } from "./databaseErrors.ts"

/** Another process holds the lock of a file and did not let go of it in time. */
export class LockTimeout extends defineError<LockTimeout>()("LockTimeout", {
  code: "HISTORY_LOCKED",
  status: statuses.timeout,
  retryable: true,
  fields: {
    file: Schema.String,
    holder: Schema.optionalKey(Schema.Struct({ pid: Schema.Int, host: Schema.String })),
    /** Whether it is no file, but a conversation in which another turn runs. */
    isTurn: Schema.optionalKey(Schema.Boolean)
  },
  message: ({ file, holder, isTurn }) =>
    isTurn === true
      ? `Another turn of ${file} is still running.`
      : holder === undefined
        ? `"${file}" is locked, and by whom cannot be read.`
        : `"${file}" is locked by process ${holder.pid} on ${holder.host}.`,
  hint: ({ file, isTurn }) =>
    isTurn === true
      ? "Wait until it is over, or stop it. A process that died has let go of it already."
      : `Wait for that process or end it. If there is no such process, remove "${file}.lock".`
}) {}

/** The disk, or the share of it that one may use, is full. Nothing of what was to be written counts. */
export class StorageFull extends defineError<StorageFull>()("StorageFull", {
  code: "HISTORY_STORAGE_FULL",
  status: statuses.unavailable,
  fields: { file: Schema.String },
  message: ({ file }) => `There is no space left for "${file}".`,
  hint: () => "Free some space, or keep the history on another disk."
}) {}

/** The file system refused something. */
export class HistoryUnavailable extends defineError<HistoryUnavailable>()("HistoryUnavailable", {
  code: "HISTORY_UNAVAILABLE",
  status: statuses.unavailable,
  fields: { file: Schema.String, reason: Schema.String },
  message: ({ file, reason }) => `"${file}" cannot be used: ${reason}`,
  hint: () => "Check that the folder of the history is there and may be written."
}) {}

/** A file holds lines that are no records, and its reader is strict. */
export class HistoryCorrupt extends defineError<HistoryCorrupt>()("HistoryCorrupt", {
  code: "HISTORY_CORRUPT",
  status: statuses.badData,
  fields: { file: Schema.String, lines: Schema.Array(Schema.Int), reason: Schema.String },
  message: ({ file, lines, reason }) =>
    `"${file}" holds ${lines.length} unreadable ${lines.length === 1 ? "line" : "lines"}, the first is line ${lines[0]}: ${reason}`,
  hint: () => 'Repair the lines, or read without "strict": they are set aside then.'
}) {}

/** A later Signalbox has written to a file. Nothing of it is read, and nothing added. */
export class HistoryTooNew extends defineError<HistoryTooNew>()("HistoryTooNew", {
  code: "HISTORY_TOO_NEW",
  status: statuses.badData,
  fields: { file: Schema.String, line: Schema.Int, version: Schema.Finite },
  message: ({ file, line, version }) =>
    `"${file}" was written by a later Signalbox: line ${line} is a record of version ${version}, and this one knows up to 2.`,
  hint: () => "Update Signalbox, or use another conversation."
}) {}

/** A record that is larger than a store keeps, or that is none. */
export class EventRejected extends defineError<EventRejected>()("EventRejected", {
  code: "HISTORY_EVENT_REJECTED",
  status: statuses.tooLarge,
  fields: { conversationId: Schema.String, reason: Schema.String },
  message: ({ conversationId, reason }) => `A record of conversation "${conversationId}" cannot be kept: ${reason}.`,
  hint: () => "Keep large data in files of its own, and say where."
}) {}

/** A conversation has no such turn or step to go back to. */
export class PointNotFound extends defineError<PointNotFound>()("PointNotFound", {
  code: "HISTORY_POINT_NOT_FOUND",
  status: statuses.notFound,
  fields: {
    conversationId: Schema.String,
    turn: Schema.Finite,
    step: Schema.optionalKey(Schema.Finite),
    /** How many turns there are, and steps of the turn. */
    turns: Schema.Int,
    steps: Schema.optionalKey(Schema.Int)
  },
  message: ({ conversationId, step, steps, turn, turns }) =>
    steps === undefined
      ? `There is no turn ${turn} in "${conversationId}": it has ${turns === 0 ? "none" : `1 to ${turns}`}.`
      : `There is no step ${step} in turn ${turn} of "${conversationId}": it has ${steps === 0 ? "none" : `1 to ${steps}`}.`,
  hint: () => "Turn 0 is the beginning, and step 0 what was said before the first answer."
}) {}

/** What the verbs of a store fail with. */
export type StoreError =
  | LockTimeout
  | StorageFull
  | HistoryUnavailable
  | HistoryCorrupt
  | HistoryTooNew
  | EventRejected
  | DatabaseError

/** Every error class of stores, for tables. */
export const storeErrors = [
  LockTimeout,
  StorageFull,
  HistoryUnavailable,
  HistoryCorrupt,
  HistoryTooNew,
  EventRejected,
  PointNotFound,
  ...databaseErrors
] as const
