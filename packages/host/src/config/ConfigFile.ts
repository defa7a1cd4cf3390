/**
 * Finding, reading and checking the configuration file. Nothing is started before all of it is known to be right.
 */
import { fileTrouble } from "@signalbox/errors"
import { Effect, FileSystem, Path, type PlatformError, Result } from "effect"
import { agentProblems } from "../agents/agentProblems.ts"
import { modelProblems } from "../models/modelProblems.ts"
import { ConfigInvalid, ConfigNotFound, type ConfigProblem, UntrustedServerType } from "../errors.ts"
import { approvalProblems } from "./approvalProblems.ts"
import { decodeOptions } from "./decode.ts"
import { readDocument } from "./document.ts"
import type { HostOptions } from "./HostOptions.ts"
import { type FlagValue, type FoundProblem, layerConfig } from "./layers.ts"
import { showable } from "./secrets.ts"
import { serverProblems } from "./serverProblems.ts"
import { configTemplate } from "./template.ts"
import { valueAt } from "./tree.ts"
import { serversFileOf, unknownVariables } from "./variables.ts"

/** Names that are looked for in the working directory, in this order. */
export const configFileNames = ["signalbox.yaml", "signalbox.yml", "signalbox.json"] as const

/** What surrounds the file: given by the app, never read here. */
export interface ConfigSource {
  /** The file named by `--config` or `SIGNALBOX_CONFIG`. */
  readonly file: string | undefined
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Those names in `environment` that come from a `.env` file; where values come from is told with it. */
  readonly dotEnvNames?: ReadonlySet<string>
  readonly flags: ReadonlyArray<FlagValue>
  /** What to do where there is no file: fail, or take the preset with no servers. */
  readonly whenMissing: "fail" | "preset"
}

/** One value of the configuration and who set it. Values that are secrets are masked. */
export interface ConfigOrigin {
  readonly path: string
  readonly value: unknown
  readonly origin: string
}

/** A configuration that has been checked. */
export interface LoadedConfig {
  readonly options: HostOptions
  readonly origins: ReadonlyArray<ConfigOrigin>
  /** The file, or `undefined` when the preset is used without one. */
  readonly file: string | undefined
  /** The folder that relative paths start from. */
  readonly directory: string
  /** The same from the file as it is now. */
  readonly reread: Effect.Effect<LoadedConfig, ConfigInvalid | ConfigNotFound, FileSystem.FileSystem | Path.Path>
  /** The error for what turns out to be wrong later, with the lines of the values that it is about. */
  readonly invalid: (problems: ReadonlyArray<FoundProblem>) => ConfigInvalid
}

const findFile = Effect.fnUntraced(function* (source: ConfigSource) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const candidates =
    source.file === undefined
      ? configFileNames.map((name) => path.join(source.directory, name))
      : [path.resolve(source.directory, source.file)]
  for (const candidate of candidates) {
    // What may not be looked at is there: reading it says why it cannot be used.
    if (yield* Effect.orElseSucceed(fs.exists(candidate), () => true)) return candidate
  }
  if (source.file === undefined && source.whenMissing === "preset") return undefined
  return yield* new ConfigNotFound({ searched: candidates })
})

const isThere = Effect.fnUntraced(function* (file: string, type: FileSystem.File.Type) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.stat(file).pipe(
    Effect.map((info) => info.type === type),
    Effect.orElseSucceed(() => false)
  )
})

/** Why a file cannot be read. Where a folder was named, most likely a file in it was meant. */
const unreadable = Effect.fnUntraced(function* (file: string, shown: string, cause: PlatformError.PlatformError) {
  const path = yield* Path.Path
  const invalid = (message: string, suggestion?: string) => {
    const problem = { path: "", line: 0, message: `cannot be read: ${message}` }
    const problems = [suggestion === undefined ? problem : { ...problem, suggestion }]
    return new ConfigInvalid({ file: shown, problems, cause })
  }
  if (!(yield* isThere(file, "Directory"))) return invalid(fileTrouble(cause))
  for (const name of configFileNames) {
    if (!(yield* isThere(path.join(file, name), "File"))) continue
    return invalid("it is a folder", `did you mean "${path.join(shown, name)}"?`)
  }
  return invalid("it is a folder", "name a file")
})

const readText = Effect.fnUntraced(function* (file: string, shown: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs
    .readFileString(file)
    .pipe(Effect.catch((cause) => Effect.flatMap(unreadable(file, shown, cause), Effect.fail)))
})

/** The error for some problems, in the order of their lines; what stands in no line of the file comes first. */
const invalidAt = (file: string, found: ReadonlyArray<ConfigProblem>): ConfigInvalid => {
  const problems = found.toSorted((a, b) => a.line - b.line)
  const untrusted = problems.find(({ code }) => code === UntrustedServerType.definition.code)
  return new ConfigInvalid({ file, problems, ...(untrusted === undefined ? {} : { cause: causeOf(untrusted) }) })
}

const causeOf = ({ line, message: reason, path }: ConfigProblem) => new UntrustedServerType({ path, line, reason })

/** A configuration of which all is known but whether it is right. */
export interface FoundConfig {
  readonly file: string | undefined
  readonly shown: string
  readonly text: string
}

/** Finds the file of a source and reads it. */
export const findConfig = Effect.fnUntraced(function* (source: ConfigSource) {
  const path = yield* Path.Path
  const file = yield* findFile(source)
  const shown = file === undefined ? "preset:default@1" : path.relative(source.directory, file)
  const text = file === undefined ? configTemplate : yield* readText(file, shown)
  return { file, shown, text } satisfies FoundConfig
})

/** Checks a text as the configuration of a source, with all layers that stand over it. */
export const checkText = Effect.fnUntraced(function* (source: ConfigSource, { file, shown, text }: FoundConfig) {
  const path = yield* Path.Path
  const { dotEnvNames = new Set<string>(), environment, flags } = source
  const named = serversFileOf(environment)
  const serversFile =
    named === undefined
      ? undefined
      : { ...named, text: yield* readText(path.resolve(source.directory, named.file), named.file) }
  const document = readDocument(text)
  const layered = layerConfig({ document, file: shown, environment, dotEnvNames, flags, serversFile })
  if (layered.unreadable.length > 0) return yield* invalidAt(shown, layered.unreadable)
  const decoded = decodeOptions(layered.value)
  const misshapen = (Result.isFailure(decoded) ? decoded.failure : []).map(layered.place)
  const told = new Set(misshapen.map(({ path }) => path))
  const adrift = [agentProblems, modelProblems, serverProblems, approvalProblems].flatMap((find) =>
    find(layered.value).map(layered.place)
  )
  const problems = [...layered.problems, ...misshapen, ...adrift.filter(({ path }) => !told.has(path))]
  if (Result.isFailure(decoded) || problems.length > 0) return yield* invalidAt(shown, problems)
  const config: LoadedConfig = {
    options: decoded.success,
    origins: layered.origins.map(({ origin, path }) => ({
      path: path.map(String).join("."),
      value: showable(path, valueAt(layered.value, path)),
      origin
    })),
    file,
    directory: file === undefined ? source.directory : path.dirname(file),
    reread: Effect.suspend(() => loadConfig(source)),
    invalid: (problems) => invalidAt(shown, problems.map(layered.place))
  }
  return { config, notes: layered.notes }
})

/** Loads the configuration, or fails with every problem that it has. Warns of variables that look like ours and are not. */
export const loadConfig: (
  source: ConfigSource
) => Effect.Effect<LoadedConfig, ConfigInvalid | ConfigNotFound, FileSystem.FileSystem | Path.Path> = Effect.fn(
  "loadConfig"
)(function* (source: ConfigSource) {
  yield* Effect.forEach(unknownVariables(source.environment), (warning) => Effect.logWarning(warning))
  const { config, notes } = yield* checkText(source, yield* findConfig(source))
  yield* Effect.forEach(notes, (note) => Effect.logWarning(note))
  return config
})

/**
 * What the preset says, in the place of a file that is there and broken: for work that is wanted just then, such as taking back
 * what broke it. What is kept for the file is found; nothing else that it or the environment says is known.
 */
export const presetInstead = Effect.fn("presetInstead")(function* (source: ConfigSource) {
  const file = yield* findFile(source)
  const alone = { ...source, environment: {}, flags: [] }
  return (yield* checkText(alone, { file, shown: "preset:default@1", text: configTemplate })).config
})
