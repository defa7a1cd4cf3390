/**
 * What the host cannot know by itself: the configuration, and what surrounds the program.
 */
import type { EventStore, ResultStore, TurnHooks } from "@signalbox/conversation"
import type { OrchestratorOptions } from "@signalbox/orchestrator"
import type { LoadedConfig } from "./config/ConfigFile.ts"
import type { HostSeams } from "./HostSeams.ts"

/** What a program tells its host. */
export interface HostSetup {
  readonly config: LoadedConfig
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Marks the processes of this program, so that the next one can clear up what a kill left behind. */
  readonly owner: string | undefined
  /** The folder of this program for what can be made again; `undefined` where there is none. */
  readonly cacheDirectory: string | undefined
  /** The folder of this program for what belongs to its user; without it nothing is approved for good. */
  readonly dataDirectory?: string
  /** Processor cores: how many processes are worth spawning at once. */
  readonly cores: number
  /** Whether all servers are started at once. Without it each starts when it is asked for. */
  readonly startsAll: boolean
  /** The one server that the program will use: it starts before anything else is made, and built-in tools are not. */
  readonly onlyServer?: string
  /** Where conversations with a name are kept; without it they end with the program. */
  readonly conversationStore?: EventStore["Service"]
  /** Where results of tools are kept that are too long for a history; without it the rest of them is gone. */
  readonly resultStore?: ResultStore
  /** Rules of the program itself, for every turn. They come before the hooks of the configuration. */
  readonly hooks?: TurnHooks
  /** What servers may ask back. A front end that answers such questions says so here; without it all are declined. */
  readonly questions?: OrchestratorOptions["questions"]
  /** What stands between the host and the world: a recording, or a replay. Nothing where it is absent. */
  readonly seams?: HostSeams
}

/** What a program keeps of its conversations, and what sees them. */
export type KeptStores = Pick<HostSetup, "conversationStore" | "resultStore" | "seams">
