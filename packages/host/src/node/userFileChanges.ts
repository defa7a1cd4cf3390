/**
 * Changes of files, kept in the data folder of the user of this machine.
 */
import { Effect } from "effect"
import { fileChanges } from "../builtIns/fileChanges.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { dataDirectory } from "./dataDirectory.ts"

/** What the built-in tools have changed by this configuration, and the way to take it back. Needs `nodePlatform`. */
export const userFileChanges = (config: LoadedConfig) => Effect.suspend(() => fileChanges(config, dataDirectory()))
