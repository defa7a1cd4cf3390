/**
 * Where values come from: flags over environment over file over preset. Each leaf keeps its origin, so that
 * `signalbox config explain` can say of every value who set it.
 */
import { nearestName } from "@signalbox/model"
import type { ConfigProblem } from "../errors.ts"
import type { ConfigDocument, ConfigPath } from "./document.ts"
import { presets } from "./presets.ts"
import { readServers } from "./serversVariable.ts"
import { isTree, leavesOf, merge, setAt, valueAt } from "./tree.ts"
import { environmentValues, serversFileVariable, serversVariable } from "./variables.ts"

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
  /** What stands in the file that the environment names for the servers; it wins over their variable. */
  readonly serversFile: string | undefined
}

/** A value that stands over the file, at its path and below it. */
interface Override {
  readonly path: ConfigPath
  readonly value: unknown
  readonly origin: string
}

interface Base {
  readonly value: unknown
  /** What the file itself says. */
  readonly own: unknown
  readonly presetName: string | undefined
  readonly problems: ReadonlyArray<FoundProblem>
}

const expandPreset = (value: unknown): Base => {
  if (!isTree(value)) {
    const isEmpty = value === null || value === undefined
    const problem = {
      path: [],
      message: isEmpty ? "the file is empty" : "the file holds no keys such as servers:",
      suggestion: "begin it with: extends: preset:default@1; or have a whole one written: signalbox init --force"
    }
    return { value, own: value, presetName: undefined, problems: [problem] }
  }
  if (!("extends" in value)) return { value, own: value, presetName: undefined, problems: [] }
  const { extends: name, ...own } = value
  const preset = presets.get(String(name))
  if (preset !== undefined) return { value: merge(preset, own), own, presetName: String(name), problems: [] }
  const nearest = nearestName(String(name), presets.keys()) ?? [...presets.keys()][0]
  const problem = {
    path: ["extends"],
    message: `there is no preset ${JSON.stringify(name)}`,
    ...(nearest === undefined ? {} : { suggestion: `did you mean "${nearest}"?` })
  }
  return { value: own, own, presetName: undefined, problems: [problem] }
}

/** All servers at once, where the environment has them. */
const serversOf = ({ environment, serversFile }: Input) => {
  const text = serversFile ?? environment[serversVariable] ?? ""
  if (text === "") return undefined
  return { ...readServers(text), variable: serversFile === undefined ? serversVariable : serversFileVariable }
}

const overridesOf = (input: Input) => {
  const originOf = (variable: string) => `${input.dotEnvNames.has(variable) ? ".env" : "environment"} ${variable}`
  const overrides: Array<Override> = environmentValues(input.environment).map(({ path, value, variable }) => ({
    path,
    value,
    origin: originOf(variable)
  }))
  const read = serversOf(input)
  if (read !== undefined) overrides.push({ path: ["servers"], value: read.servers, origin: originOf(read.variable) })
  for (const { flag, path, value } of input.flags) overrides.push({ path, value, origin: `flag ${flag}` })
  return { overrides, problems: read?.problems ?? [], notes: read?.notes ?? [] }
}

const isAtOrBelow = (path: ConfigPath, above: ConfigPath): boolean => above.every((key, index) => key === path[index])

/** Joins the layers of a configuration. */
export const layerConfig = (input: Input): LayeredConfig => {
  const { document, file } = input
  const base = expandPreset(document.value)
  const { notes, overrides, problems } = overridesOf(input)
  const overriding = (path: ConfigPath) => overrides.findLast((override) => isAtOrBelow(path, override.path))
  const value = overrides.reduce((below, { path, value }) => setAt(below, path, value), base.value)
  const fileOrPreset = (path: ConfigPath): string =>
    base.presetName === undefined || valueAt(base.own, path) !== undefined
      ? `${file}:${document.lineOf(path)}`
      : base.presetName
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
    origins: leavesOf(value).map(([path]) => ({ path, origin: overriding(path)?.origin ?? fileOrPreset(path) })),
    place,
    // Without a document there is no value, and that has its reason already.
    unreadable: document.problems.length > 0 ? document.problems : base.problems.map(place),
    problems: problems.map(place),
    notes
  }
}
