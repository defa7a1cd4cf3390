/**
 * What the built-in tools have changed in files, by this program or another of the same configuration, to be taken back.
 */
import { BuiltInTools } from "@signalbox/tools"
import { Effect } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { toolsOptions } from "./toolsOptions.ts"

/** The changes that the configuration keeps. What its tools would need beyond files does not matter here. */
export const fileChanges = Effect.fn("fileChanges")(function* (
  config: LoadedConfig,
  dataDirectory: string | undefined
) {
  const { options } = yield* toolsOptions(config, {}, dataDirectory)
  const { changedFile, changes, preview, revert } = yield* BuiltInTools.make({ ...options, enabled: [] })
  return { changes, revert, changedFile, preview, areKept: options.undo !== undefined }
})
