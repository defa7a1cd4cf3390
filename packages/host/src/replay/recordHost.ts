/**
 * Begins the cassette of a host: its configuration goes into the head, and its seams write down the rest.
 */
import { makeRecorder } from "@signalbox/conversation/replay"
import { Effect } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { HostSetup } from "../HostSetup.ts"
import { recordSeams } from "./recordSeams.ts"
import { describeHost, type RecordedHost, secretsOf } from "./recordedConfig.ts"

/** What is recorded, and where. */
export interface RecordedRun {
  /** Must not be there yet. */
  readonly file: string
  /** Who records, with the version. */
  readonly program: string
  readonly config: LoadedConfig
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The agent that is talked to, if it is one. */
  readonly agent?: string | undefined
  /** What servers may ask back. */
  readonly questions?: HostSetup["questions"]
  /** What the head says of the host, where that is not this configuration: that of a replay that is recorded. */
  readonly subject?: RecordedHost
}

/**
 * The seams of a host that is recorded (`HostSetup.seams`), for the length of the scope. No byte of a secret that the
 * configuration, the environment or a login holds reaches the file, which nobody else can read (0600).
 */
export const recordHost = Effect.fn("recordHost")(function* (run: RecordedRun) {
  const { config, environment, file, program } = run
  const subject = run.subject ?? (yield* describeHost(config, environment, run))
  const recorder = yield* makeRecorder({ file, program, subject, secrets: secretsOf(config, environment) })
  return recordSeams(recorder)
})
