/**
 * Where values come from: flags over environment over file over preset. Each leaf keeps its origin, so that
 * `signalbox config explain` can say of every value who set it.
 */
import type { ConfigProblem } from "../errors.ts"
import { shellWord } from "../shellWord.ts"
import { type ConfigDocument, type ConfigPath, readScalar } from "./document.ts"
import { type Extended, extendFile, extendServers } from "./extendPresets.ts"
import { variableConflicts } from "./gatewayVariables.ts"
import { catalogVariable, enabledVariable } from "./mcpVariables.ts"
import { readServers } from "./serversVariable.ts"
import { isTree, leavesOf, setAt, valueAt } from "./tree.ts"
import { environmentValues, serversVariable, variableOf } from "./variables.ts"

/** Something that is wrong with the value at a path; its line is found later. */
export interface FoundProblem {
  readonly path: ConfigPath
  readonly message: string
  readonly suggestion?: string
  /** That of its error class, where it has one of its own. */
  readonly code?: string
}

/** All layers as one value, that still knows who set each part of it. */
export interface LayeredConfig {
  readonly value: unknown
  /** Every leaf with who set it. */
  readonly origins: ReadonlyArray<{ readonly path: ConfigPath; readonly origin: string }>
  /** Gives a problem its line, or the name of the variable or flag that set the value. */
  readonly place: (problem: FoundProblem) => ConfigProblem
  /** Why the file cannot be read at all; when there is something, `value` is not to be checked. */
  readonly unreadable: ReadonlyArray<ConfigProblem>
  /** What is wrong besides what a check of `value` finds. */
  readonly problems: ReadonlyArray<ConfigProblem>
  /** What a reader would not expect, one sentence each. */
  readonly notes: ReadonlyArray<string>
}

/** One value from the command line. */
export interface FlagValue {
  readonly path: ConfigPath
  /** A secret is `Redacted` from the start: texts end up in messages. */
  readonly value: unknown
  /** The flag as a person writes it. */
  readonly flag: string
}

interface Input {
  readonly document: ConfigDocument
  readonly file: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Variables that come from a `.env` file; origins say so. */
  readonly dotEnvNames: ReadonlySet<string>
  readonly flags: ReadonlyArray<FlagValue>
  /** What stands in the file that a variable names for the servers; it wins over the variable that holds them. */
  readonly serversFile: { readonly text: string; readonly variable: string } | undefined
}

/** A value that stands over the file, at its path and below it. */
interface Override {
  readonly path: ConfigPath
  readonly value: unknown
  readonly origin: string
}

/** What is below all overrides. What is no map at all holds no keys that could be checked. */
const extendRoot = (value: unknown, file: string): Extended => {
  if (isTree(value)) return extendFile(value)
  const isEmpty = value === null || value === undefined
  const problem = {
    path: [],
    message: isEmpty ? "the file is empty" : "the file holds no keys such as servers:",
    suggestion: `begin it with: extends: preset:default@1; or have a whole one written in its place: signalbox init --force -c ${shellWord(file)}`
  }
  return { value, presetAt: () => undefined, problems: [problem] }
}

/** All servers at once, where the environment has them. */
const serversOf = ({ environment, serversFile }: Input) => {
  const text = serversFile?.text ?? environment[serversVariable] ?? ""
  if (text === "") return undefined
  return { ...readServers(text), variable: serversFile?.variable ?? serversVariable }
}

/** The servers that a variable switches off: all or none. */
const disabledOf = ({ environment }: Input, servers: unknown) => {
  const text = environment[enabledVariable] ?? ""
  const value = text === "" ? true : readScalar(text)
  const names = value === false && isTree(servers) ? Object.keys(servers).filter((name) => isTree(servers[name])) : []
  const wrong = { path: [], message: `${enabledVariable}: Expected true or false, found ${JSON.stringify(value)}` }
  return { names, problems: typeof value === "boolean" ? [] : [wrong] }
}

/** A program may have a variable of other hosts for their sake, and not expect that it matters here. */
const catalogNote = (variable: string, servers: unknown): ReadonlyArray<string> =>
  variable === catalogVariable && isTree(servers) && Object.keys(servers).length > 0
    ? [`The servers of the configuration are not used: ${catalogVariable} names a file with others.`]
    : []

const modelProvider: ConfigPath = ["model", "provider"]
const modelName: ConfigPath = ["model", "name"]

/** The names of the providers that the file has. */
const providersOf = (base: unknown): ReadonlySet<string> => {
  const providers = valueAt(base, ["providers"])
  return new Set(isTree(providers) ? Object.keys(providers) : [])
}

/**
 * The overrides of one more layer. Who names a model there, and no provider, means that model also where a layer below says that
 * the offline one answers.
 */
const namedOver = (below: ReadonlyArray<Override>, layer: ReadonlyArray<Override>, base: unknown) => {
  const at = (overrides: ReadonlyArray<Override>, path: ConfigPath) =>
    overrides.findLast((override) => isSame(override.path, path))
  const name = at(layer, modelName)
  const isOffline = (at(below, modelProvider)?.value ?? valueAt(base, modelProvider)) === "offline"
  const isMeant = name !== undefined && name.value !== "" && at(layer, modelProvider) === undefined && isOffline
  return [...below, ...layer, ...(isMeant ? [{ ...name, path: modelProvider, value: "auto" }] : [])]
}

const overridesOf = (input: Input, base: unknown) => {
  const originOf = (variable: string) => `${input.dotEnvNames.has(variable) ? ".env" : "environment"} ${variable}`
  const providers = providersOf(base)
  const overrides: Array<Override> = environmentValues(input.environment, providers).map(
    ({ path, value, variable }) => ({ path, value, origin: originOf(variable) })
  )
  const read = serversOf(input)
  const own = valueAt(base, ["servers"])
  if (read !== undefined) overrides.push({ path: ["servers"], value: read.servers, origin: originOf(read.variable) })
  const disabled = disabledOf(input, read?.servers ?? own)
  for (const name of disabled.names)
    overrides.push({ path: ["servers", name, "enabled"], value: false, origin: originOf(enabledVariable) })
  const flags = input.flags.map(({ flag, path, value }) => ({ path, value, origin: `flag ${flag}` }))
  return {
    overrides: namedOver(namedOver([], overrides, base), flags, base),
    problems: [
      ...(read?.problems ?? []),
      ...disabled.problems,
      ...variableConflicts(input.environment, providers, variableOf)
    ],
    notes: read === undefined ? [] : [...read.notes, ...catalogNote(read.variable, own)]
  }
}

const isSame = (path: ConfigPath, other: ConfigPath): boolean =>
  path.length === other.length && isAtOrBelow(path, other)

const isAtOrBelow = (path: ConfigPath, above: ConfigPath): boolean => above.every((key, index) => key === path[index])

/** Joins the layers of a configuration. */
export const layerConfig = (input: Input): LayeredConfig => {
  const { document, file } = input
  const base = extendRoot(document.value, file)
  const { notes, overrides, problems } = overridesOf(input, base.value)
  const overriding = (path: ConfigPath) => overrides.findLast((override) => isAtOrBelow(path, override.path))
  const overridden = overrides.reduce((below, { path, value }) => setAt(below, path, value), base.value)
  const sized = extendServers(overridden)
  const { value } = sized
  const originOf = (path: ConfigPath): string =>
    sized.presetAt(path) ?? overriding(path)?.origin ?? base.presetAt(path) ?? `${file}:${document.lineOf(path)}`
  const place = ({ message, path, ...problem }: FoundProblem): ConfigProblem => {
    const origin = overriding(path)?.origin
    return {
      path: path.map(String).join("."),
      ...(origin === undefined
        ? { line: document.lineOf(path), message }
        : { line: 0, message: `${message}, from ${origin}` }),
      ...problem
    }
  }
  return {
    value,
    origins: leavesOf(value).map(([path]) => ({ path, origin: originOf(path) })),
    place,
    // Without a document there is no value, and that has its reason already.
    unreadable: document.problems.length > 0 ? document.problems : base.problems.map(place),
    problems: [...problems, ...sized.problems].map(place),
    notes
  }
}
