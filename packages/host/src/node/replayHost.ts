/**
 * A host in this process that lives from a cassette. It reads and keeps nothing of the user's: no remembered tools, no
 * approvals, no conversations; long results are kept by its seams.
 */
import { availableParallelism } from "node:os"
import { Host } from "../Host.ts"
import type { HostSeams } from "../HostSeams.ts"
import type { HostSetup } from "../HostSetup.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"

/** What of a replay makes a host. */
export interface ReplayHostOptions {
  readonly config: LoadedConfig
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly seams: HostSeams
  readonly startsAll: boolean
  /** What servers may ask back, as it was when it was recorded. */
  readonly questions?: HostSetup["questions"]
}

/** A host for a replay. Needs `nodePlatform`, and uses its HTTP and processes only where the replay goes on live. */
export const nodeReplayHost = ({ config, environment, questions, seams, startsAll }: ReplayHostOptions) =>
  Host.layer({
    config,
    environment,
    owner: undefined,
    cacheDirectory: undefined,
    cores: availableParallelism(),
    startsAll,
    seams,
    ...(questions === undefined ? {} : { questions })
  })
