/**
 * Makes ready to replay a cassette: its configuration as this version reads it, and the seams of a host that lives from it.
 */
import {
  CassetteInvalid,
  type CassetteError,
  makePlayer,
  readCassette,
  type RecordedTurn,
  turnsOf
} from "@signalbox/conversation/replay"
import { Effect, Schema } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { playSeams, type Replay } from "./playSeams.ts"
import { readRecordedConfig, recordedEnvironment, RecordedHost } from "./recordedConfig.ts"

/** How a cassette is replayed. */
export interface ReplayChoice {
  /** `strict` ends at the first difference, `lenient` notes all. */
  readonly mode: "strict" | "lenient"
  /** Where it goes on live, with which model, and whether tools stay those of the cassette. */
  readonly fork?: {
    readonly step: number
    readonly provider?: string | undefined
    readonly model: string
    readonly tools: "live" | "recorded"
    /** The variables that hold keys. */
    readonly environment: Readonly<Record<string, string | undefined>>
  }
}

/** A cassette that can be replayed: give `config`, `environment` and `replay.seams` to a host, then play the turns. */
export interface OpenedReplay {
  readonly subject: RecordedHost
  readonly config: LoadedConfig
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly turns: ReadonlyArray<RecordedTurn>
  readonly replay: Replay
}

const decodeSubject = Schema.decodeUnknownEffect(RecordedHost)

/** Reads a cassette. Fails where it is none, or where its configuration is not one of this version. */
export const openReplay = Effect.fn("openReplay")(function* (file: string, choice: ReplayChoice) {
  const cassette = yield* readCassette(file)
  const subject = yield* Effect.mapError(
    decodeSubject(cassette.head.subject),
    (): CassetteError => new CassetteInvalid({ file, line: 1, reason: "is the head of another kind of recording" })
  )
  const config = yield* readRecordedConfig(cassette, subject)
  const { fork, mode } = choice
  const player = makePlayer(cassette, {
    mode,
    ...(fork === undefined ? {} : { liveFrom: fork.step, keepsTools: fork.tools === "recorded" })
  })
  const replay = playSeams(player, fork === undefined ? undefined : { ...fork, config })
  return {
    subject,
    config,
    environment: { ...recordedEnvironment(subject), ...fork?.environment },
    turns: turnsOf(cassette),
    replay
  } satisfies OpenedReplay
})
