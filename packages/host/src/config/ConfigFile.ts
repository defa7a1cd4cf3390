/**
 * Finding, reading and checking the configuration file. Nothing is started before all of it is known to be right.
 */
import { Effect, FileSystem, Path, Result } from "effect"
import { ConfigInvalid, ConfigNotFound, type ConfigProblem } from "../errors.ts"
import { decodeOptions, valueAt } from "./decode.ts"
import { type ConfigPath, readDocument } from "./document.ts"
import { type HostOptions } from "./HostOptions.ts"
import { type ConfigOrigin, layerConfig } from "./layers.ts"
import { configTemplate } from "./template.ts"

/** Names that are looked for in the working directory, in this order. */
export const configFileNames = ["signalbox.yaml", "signalbox.yml", "signalbox.json"] as const

/** What surrounds the file: given by the app, never read here. */
export interface ConfigSource {
  /** The file named by `--config` or `SIGNALBOX_CONFIG`. */
  readonly file: string | undefined
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly flags: ReadonlyArray<{ readonly path: ConfigPath; readonly value: unknown; readonly flag: string }>
  /** What to do where there is no file: fail, or take the preset with no servers. */
  readonly whenMissing: "fail" | "preset"
}

/** A configuration that has been checked. */
export interface LoadedConfig {
  readonly options: HostOptions
  readonly origins: ReadonlyArray<ConfigOrigin>
  /** The file, or `undefined` when the preset is used without one. */
  readonly file: string | undefined
  /** The folder that relative paths start from. */
  readonly directory: string
}

const findFile = Effect.fnUntraced(function* (source: ConfigSource) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const candidates =
    source.file === undefined
      ? configFileNames.map((name) => path.join(source.directory, name))
      : [path.resolve(source.directory, source.file)]
  for (const candidate of candidates) {
    if (yield* fs.exists(candidate)) return candidate
  }
  if (source.file === undefined && source.whenMissing === "preset") return undefined
  return yield* new ConfigNotFound({ searched: candidates })
})

/** A value that a variable or a flag set is not to be looked for in the file. */
const withOrigin = (problem: ConfigProblem, origins: ReadonlyMap<string, string>): ConfigProblem => {
  const keys = problem.path.split(".")
  for (let length = keys.length; length > 0; length--) {
    const prefix = keys.slice(0, length).join(".")
    const origin = [...origins].find(([path]) => path === prefix || path.startsWith(`${prefix}.`))?.[1]
    if (origin === undefined) continue
    return /^(environment|flag) /.test(origin)
      ? { ...problem, line: 0, message: `${problem.message}, from ${origin}` }
      : problem
  }
  return problem
}

/** Loads the configuration, or fails with every problem that it has. */
export const loadConfig = Effect.fn("loadConfig")(function* (source: ConfigSource) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = yield* findFile(source)
  const text = file === undefined ? configTemplate : yield* fs.readFileString(file)
  const shown = file === undefined ? "preset:default@1" : path.relative(source.directory, file)
  const document = readDocument(text)
  const layered = layerConfig({ document, file: shown, environment: source.environment, flags: source.flags })
  if (layered.problems.length > 0) return yield* new ConfigInvalid({ file: shown, problems: layered.problems })
  const decoded = decodeOptions(layered.value, document.lineOf)
  if (Result.isFailure(decoded)) {
    const problems = decoded.failure.map((problem) => withOrigin(problem, layered.origins))
    return yield* new ConfigInvalid({ file: shown, problems })
  }
  return {
    options: decoded.success,
    origins: Array.from(layered.origins, ([key, origin]) => ({
      path: key,
      value: valueAt(layered.value, key.split(".")),
      origin
    })).filter(({ value }) => value !== undefined),
    file,
    directory: file === undefined ? source.directory : path.dirname(file)
  } satisfies LoadedConfig
})
