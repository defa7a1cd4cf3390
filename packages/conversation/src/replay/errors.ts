/**
 * Failures of recording and replaying.
 */
import { defineError, statuses } from "@signalbox/errors"
import { Schema } from "effect"

/** A file is no cassette, or a line of it is broken. */
export class CassetteInvalid extends defineError<CassetteInvalid>()("CassetteInvalid", {
  code: "CASSETTE_INVALID",
  status: statuses.badData,
  fields: { file: Schema.String, line: Schema.Int, reason: Schema.String },
  message: ({ file, line, reason }) => `"${file}" cannot be replayed: line ${line} ${reason}.`,
  hint: ({ line }) =>
    line === 1
      ? "Name a file that --record has written: signalbox chat --record FILE"
      : `Replay what stands before it: head -n ${line - 1} FILE > PART, then replay PART.`
}) {}

/** A cassette was written by a later version. */
export class CassetteTooNew extends defineError<CassetteTooNew>()("CassetteTooNew", {
  code: "CASSETTE_TOO_NEW",
  status: statuses.badData,
  fields: { file: Schema.String, line: Schema.Int, format: Schema.Int, known: Schema.Int, program: Schema.String },
  message: ({ file, format, known, line }) =>
    `"${file}" cannot be replayed: by line ${line} it has format ${format}, and the latest known here is ${known}.`,
  hint: ({ program }) => `Replay it with the version that wrote it or a later one: ${program}`
}) {}

/** A cassette cannot be read or written where it is. */
export class CassetteUnusable extends defineError<CassetteUnusable>()("CassetteUnusable", {
  code: "CASSETTE_UNUSABLE",
  status: statuses.badData,
  fields: { file: Schema.String, use: Schema.Literals(["read", "written"]), reason: Schema.String },
  message: ({ file, reason, use }) => `The cassette "${file}" cannot be ${use}: ${reason}.`,
  hint: ({ use }) =>
    use === "read"
      ? "Name a file that --record has written: signalbox chat --record FILE"
      : "Name a file that is not there yet, in a folder that is there and is yours."
}) {}

/** The program asks for something else than it did when the conversation was recorded. */
export class ReplayDiverged extends defineError<ReplayDiverged>()("ReplayDiverged", {
  code: "REPLAY_DIVERGED",
  status: statuses.conflict,
  fields: { place: Schema.String, reason: Schema.String },
  message: ({ place, reason }) => `At ${place} this version does something else than the recording: ${reason}.`,
  hint: () => "See all differences with --diff, or go on from a step before it with --from STEP --model NAME."
}) {}

/** What a tool failed with when it was recorded. Its code, message and next step are those of that failure. */
export class RecordedFailure extends defineError<RecordedFailure>()("RecordedFailure", {
  code: "RECORDED_FAILURE",
  status: statuses.internal,
  fields: { text: Schema.String },
  message: ({ text }) => text
}) {}

/** What can keep a cassette from being read. */
export type CassetteError = CassetteInvalid | CassetteTooNew | CassetteUnusable

/** Every error class of recording and replaying, for tables. */
export const replayErrors = [
  CassetteInvalid,
  CassetteTooNew,
  CassetteUnusable,
  ReplayDiverged,
  RecordedFailure
] as const
