/**
 * The file of a configuration that log lines go to, beside standard error.
 */
import { Logging } from "@signalbox/logging"
import { Effect, Layer, Path } from "effect"
import type { LoadedConfig } from "./config/ConfigFile.ts"

/** Adds the file, if there is to be one. One that cannot be written is told, for it would be missed only when it is needed. */
export const logFile = (config: LoadedConfig) =>
  Layer.unwrap(
    Effect.map(Path.Path, (path) => {
      const { file } = config.options.logging
      if (file === "") return Layer.empty
      return Logging.fileLayer(path.resolve(config.directory, file)).pipe(
        Layer.catch((error) =>
          Layer.effectContext(
            Effect.fail(
              config.invalid([{ path: ["logging", "file"], message: `the file cannot be written: ${error.message}` }])
            )
          )
        )
      )
    })
  )
