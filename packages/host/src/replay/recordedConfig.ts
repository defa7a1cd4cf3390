/**
 * The configuration in the head of a cassette: all of it with its references, and none of the secrets that they lead to. Read
 * again, each variable that was set then is set to what stands for a secret in a cassette.
 */
import { isSecretKey } from "@signalbox/errors"
import type { Questions } from "@signalbox/mcp"
import { type Cassette, entriesOf } from "@signalbox/conversation/replay"
import { Effect, FileSystem, Path, Redacted, Schema } from "effect"
import { checkText, type LoadedConfig } from "../config/ConfigFile.ts"
import { HostOptions } from "../config/HostOptions.ts"
import type { FlagValue } from "../config/layers.ts"
import { showable, variablesIn } from "../config/secrets.ts"
import { leavesOf, setAt, valueAt } from "../config/tree.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** What the head of a cassette says of a host. */
export const RecordedHost = Schema.Struct({
  options: Schema.Record(Schema.String, Schema.Unknown),
  file: Schema.NullOr(Schema.String),
  directory: Schema.String,
  /** The variables that the configuration refers to and that were set. */
  variables: Schema.Array(Schema.String),
  /** The values that were given for that run alone. */
  flags: Schema.Array(Schema.Array(Schema.String)),
  /** The agent that was talked to; everything where there was none. */
  agent: Schema.NullOr(Schema.String),
  /** What servers might ask back. */
  questions: Schema.NullOr(
    Schema.Struct({ elicitation: Schema.Array(Schema.Literals(["form", "url"])), sampling: Schema.Boolean })
  )
})
export interface RecordedHost extends Schema.Schema.Type<typeof RecordedHost> {}

/** Stands in a cassette where a secret stood. */
const masked = "<redacted>"

/** Stands for a secret that the configuration holds itself: as a reference, it is one again. */
const ownSecret = "SIGNALBOX_RECORDED_SECRET"

/** The variable of POSIX shells, which is named like a password elsewhere. */
const workingDirectory = "PWD"

type Leaf = readonly [path: ReadonlyArray<PropertyKey>, value: unknown]

/** Every value of a configuration, those in lists as well. */
const valuesOf = (value: unknown, path: ReadonlyArray<PropertyKey> = []): ReadonlyArray<Leaf> =>
  leavesOf(value, path).flatMap(([at, leaf]): ReadonlyArray<Leaf> =>
    Array.isArray(leaf) ? leaf.flatMap((item, index) => valuesOf(item, [...at, index])) : [[at, leaf]]
  )

const nameOf = (path: ReadonlyArray<PropertyKey>): string => path.findLast((part) => typeof part === "string") ?? ""

const isAgentSecret = (path: ReadonlyArray<PropertyKey>): boolean => path[0] === "agents" && path[2] === "secrets"

/** Every secret that the configuration holds or leads to, and those of the environment. */
export const secretsOf = ({ options }: LoadedConfig, environment: Environment): ReadonlyArray<string> => {
  const values = valuesOf(options)
  const texts = values.flatMap(([path, value]) => (typeof value === "string" ? [{ path, value }] : []))
  const referred = texts.flatMap(({ value }) => variablesIn(value)).map((name) => environment[name] ?? "")
  const own = texts
    .filter(({ path, value }) => (isSecretKey(nameOf(path)) || isAgentSecret(path)) && variablesIn(value).length === 0)
    .map(({ value }) => value)
  const given = values.flatMap(([, value]) => (Redacted.isRedacted(value) ? [String(Redacted.value(value))] : []))
  const around = Object.entries(environment).flatMap(([name, value = ""]) =>
    isSecretKey(name) && name !== workingDirectory ? [value] : []
  )
  return [...referred, ...own, ...given, ...around].filter((secret) => secret.trim() !== "")
}

const withoutSecrets = (options: HostOptions): unknown =>
  leavesOf(options).reduce<unknown>(
    (tree, [path, value]) => (Redacted.isRedacted(value) ? setAt(tree, path, `env:${ownSecret}`) : tree),
    options
  )

/** What of a host belongs into the head of a cassette. */
export const describeHost = Effect.fnUntraced(function* (
  config: LoadedConfig,
  environment: Environment,
  { agent, questions }: { readonly agent?: string | undefined; readonly questions?: Questions | undefined }
) {
  // It was decoded by this schema, but for secrets, of which a reference is left.
  const plain = withoutSecrets(config.options) as HostOptions
  const encoded: unknown = yield* Effect.orDie(Schema.encodeEffect(HostOptions)(plain))
  const options = leavesOf(encoded).reduce<unknown>((tree, [path, value]) => {
    const shown = showable([...path], value)
    return shown === masked ? setAt(tree, path, `env:${ownSecret}`) : setAt(tree, path, shown)
  }, encoded)
  const referred = valuesOf(options).flatMap(([, value]) => (typeof value === "string" ? variablesIn(value) : []))
  return {
    // It is a map, as its schema is.
    options: options as Readonly<Record<string, unknown>>,
    file: config.file ?? null,
    directory: config.directory,
    variables: [...new Set(referred)]
      .filter((name) => name === ownSecret || (environment[name] ?? "") !== "")
      .toSorted(),
    flags: config.origins.filter(({ origin }) => origin.startsWith("flag ")).map(({ path }) => path.split(".")),
    agent: agent ?? null,
    questions: questions === undefined ? null : { elicitation: questions.elicitation, sampling: questions.sampling }
  } satisfies RecordedHost
})

/** The variables as they were set, without their values. */
export const recordedEnvironment = ({ variables }: RecordedHost): Readonly<Record<string, string>> =>
  Object.fromEntries(variables.map((name) => [name, masked]))

/** What a replay does not do: it tells nobody, and keeps no log. */
const quiet: ReadonlyArray<FlagValue> = [
  { path: ["telemetry", "endpoint"], value: "", flag: "replay" },
  { path: ["runtime", "alerts", "webhook"], value: "", flag: "replay" },
  { path: ["runtime", "agents"], value: "lazy", flag: "replay" }
]

/** The model that was chosen is chosen again, whoever has a key now. */
const withModel = (options: RecordedHost["options"], cassette: Cassette): unknown => {
  const [chosen] = entriesOf(cassette, "model")
  if (chosen === undefined) return options
  return setAt(setAt(options, ["model", "provider"], chosen.upstream), ["model", "name"], chosen.model)
}

/** Built-in tools need their folders; where one is not on this machine, those that were recorded are listed. */
const hasFolders = Effect.fnUntraced(function* ({ directory, options }: LoadedConfig) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { cwd, readOnlyRoots, roots } = options.tools.paths
  const there = yield* Effect.forEach([cwd, ...roots, ...readOnlyRoots], (folder) =>
    Effect.orElseSucceed(fs.exists(path.resolve(directory, folder)), () => false)
  )
  return there.every((isThere) => isThere)
})

/** The configuration of a cassette, checked by this version. What it does not have is as the preset has it. */
export const readRecordedConfig = Effect.fnUntraced(function* (
  cassette: Cassette,
  { directory, flags, options }: RecordedHost
) {
  const recorded = withModel(options, cassette)
  const given = flags.map((path) => ({ path, value: valueAt(recorded, path), flag: `--${path.at(-1)}` }))
  const text = JSON.stringify({ extends: "preset:default@1", ...Object(recorded) }, null, 1)
  const read = (more: ReadonlyArray<FlagValue>) =>
    Effect.map(
      checkText(
        { file: undefined, directory, environment: {}, flags: [...given, ...quiet, ...more], whenMissing: "preset" },
        { file: undefined, shown: cassette.file, text }
      ),
      ({ config }) => config
    )
  const config = yield* read([])
  return (yield* hasFolders(config)) ? config : yield* read([{ path: ["tools", "enabled"], value: [], flag: "replay" }])
})
