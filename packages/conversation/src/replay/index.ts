// The format
export {
  type Cassette,
  CassetteEntry,
  cassetteFormat,
  CassetteHead,
  entriesOf,
  type EntryOf,
  readCassette,
  readCassetteText,
  RecordedRequest
} from "./Cassette.ts"

// Recording
export { type ExchangeTape, type LinkTape, makeRecorder, type Recorder, type RecorderOptions } from "./Recorder.ts"
export { recordConversations } from "./recordConversations.ts"
export { recordedTools, playedTools } from "./tapedTools.ts"
export { makeMask, type Mask } from "./Mask.ts"
export { IsWithinAnswer } from "./within.ts"
export { outsideTurn } from "../turnSurroundings.ts"

// Replaying
export {
  describeDifference,
  type Difference,
  makePlayer,
  type PlayedExchange,
  type Player,
  type PlayerOptions
} from "./Player.ts"
export {
  changesOf,
  type PlayOptions,
  playTurn,
  type RecordedChange,
  recordedConversation,
  type RecordedTurn,
  turnsOf
} from "./playTurns.ts"
export { bytesOf } from "./maskPieces.ts"
export { firstDifference, showDifference, type ValueDifference } from "./differences.ts"

// Errors
export {
  type CassetteError,
  CassetteInvalid,
  CassetteTooNew,
  CassetteUnusable,
  RecordedFailure,
  ReplayDiverged
} from "./errors.ts"
