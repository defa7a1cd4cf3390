/**
 * Where values come from: flags over environment over file over preset. Each leaf keeps its origin, so that
 * `signalbox config explain` can say of every value who set it.
 */
import { nearestName } from "@signalbox/model"
import { type ConfigProblem } from "../errors.ts"
import { type ConfigDocument, type ConfigPath, readScalar } from "./document.ts"
import { presets, presetValue } from "./presets.ts"

/** One value of the configuration and who set it. */
export interface ConfigOrigin {
  readonly path: string
  readonly value: unknown
  readonly origin: string
}

export interface LayeredConfig {
  readonly value: unknown
  readonly origins: ReadonlyMap<string, string>
  readonly problems: ReadonlyArray<ConfigProblem>
}

type Tree = { readonly [key: string]: unknown }

/** Whether a value is a map, and so merged key by key. Lists and scalars are replaced as a whole. */
export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Every leaf of a tree with its path. Empty maps are leaves. */
const leavesOf = (value: unknown, path: ConfigPath = []): ReadonlyArray<readonly [ConfigPath, unknown]> =>
  isTree(value) && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
    : [[path, value]]

const merge = (below: unknown, above: unknown): unknown =>
  isTree(below) && isTree(above)
    ? Object.fromEntries(
        [...new Set([...Object.keys(below), ...Object.keys(above)])].map((key) => [
          key,
          key in above ? (key in below ? merge(below[key], above[key]) : above[key]) : below[key]
        ])
      )
    : above

const setAt = (value: unknown, path: ConfigPath, leaf: unknown): unknown => {
  const [key, ...rest] = path
  if (key === undefined) return leaf
  const tree = isTree(value) ? value : {}
  return { ...tree, [key]: setAt(tree[String(key)], rest, leaf) }
}

/** The variable that overrides a key: `conversation.maxHops` is `SIGNALBOX_CONVERSATION_MAX_HOPS`. */
export const variableOf = (path: ConfigPath): string =>
  `SIGNALBOX_${path
    .map((key) => String(key).replace(/[A-Z]/g, (letter) => `_${letter}`))
    .join("_")
    .toUpperCase()}`

/** Every key that a variable can override, with that variable. */
export const overridableKeys: ReadonlyArray<{ readonly path: ConfigPath; readonly variable: string }> = leavesOf(
  presetValue
)
  .filter(([path]) => path[0] !== "servers")
  .map(([path]) => ({ path, variable: variableOf(path) }))

const shorthands: ReadonlyArray<readonly [string, ConfigPath]> = [
  ["LOG_LEVEL", ["logging", "level"]],
  ["LOG_FORMAT", ["logging", "format"]]
]

const environmentLayer = (environment: Readonly<Record<string, string | undefined>>) => {
  const named = [...shorthands.map(([variable, path]) => ({ variable, path })), ...overridableKeys]
  const scalars = named.flatMap(({ path, variable }) => {
    const text = environment[variable]
    return text === undefined || text === ""
      ? []
      : [{ path, value: readScalar(text), origin: `environment ${variable}` }]
  })
  const servers = environment["SIGNALBOX_SERVERS"]
  return servers === undefined || servers === "" ? { scalars } : { scalars, servers }
}

const expandPreset = (document: ConfigDocument): LayeredConfig => {
  const value = document.value
  const fileLeaves = leavesOf(value).map(([path]) => [path.join("."), `line ${document.lineOf(path)}`] as const)
  if (!isTree(value) || !("extends" in value))
    return { value, origins: new Map(fileLeaves), problems: document.problems }
  const { extends: name, ...own } = value
  const preset = presets.get(String(name))
  if (preset === undefined) {
    const nearest = nearestName(String(name), presets.keys()) ?? [...presets.keys()][0]
    const problem = {
      path: "extends",
      line: document.lineOf(["extends"]),
      message: `there is no preset ${JSON.stringify(name)}`,
      ...(nearest === undefined ? {} : { suggestion: `did you mean "${nearest}"?` })
    }
    return { value: own, origins: new Map(fileLeaves), problems: [...document.problems, problem] }
  }
  const presetLeaves = leavesOf(preset).map(([path]) => [path.join("."), String(name)] as const)
  return { value: merge(preset, own), origins: new Map([...presetLeaves, ...fileLeaves]), problems: document.problems }
}

/** Joins the layers of a configuration. `flags` are paths and values from the command line. */
export const layerConfig = (input: {
  readonly document: ConfigDocument
  readonly file: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly flags: ReadonlyArray<{ readonly path: ConfigPath; readonly value: unknown; readonly flag: string }>
}): LayeredConfig => {
  const base = expandPreset(input.document)
  const origins = new Map(
    [...base.origins].map(([path, origin]) => [path, origin.replace(/^line (\d+)$/, `${input.file}:$1`)])
  )
  let value = base.value
  const override = (path: ConfigPath, leaf: unknown, origin: string) => {
    value = setAt(value, path, leaf)
    for (const [inner] of leavesOf(leaf, path)) origins.set(inner.join("."), origin)
  }
  const { scalars, servers } = environmentLayer(input.environment)
  for (const { origin, path, value: leaf } of scalars) override(path, leaf, origin)
  const problems = [...base.problems]
  if (servers !== undefined) {
    const parsed = parseServers(servers)
    if (parsed === undefined) {
      problems.push({
        path: "servers",
        line: 0,
        message: "the environment variable SIGNALBOX_SERVERS is not a JSON object"
      })
    } else override(["servers"], parsed, "environment SIGNALBOX_SERVERS")
  }
  for (const { flag, path, value: leaf } of input.flags) override(path, leaf, `flag ${flag}`)
  return { value, origins, problems }
}

const parseServers = (text: string): Tree | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isTree(value) ? value : undefined
  } catch {
    // Told to the person as a problem of the variable.
    return undefined
  }
}
