/**
 * What `extends` brings, that of the file and those of its servers: the values of presets below those that stand there.
 * A later preset of a list is above those before it, and the complete one below all.
 */
import { nearestName } from "@signalbox/model"
import type { ConfigPath } from "./document.ts"
import type { FoundProblem } from "./layers.ts"
import { completePreset, type Preset, presets, sizingPresets } from "./presets.ts"
import { isTree, merge, setAt, type Tree, valueAt } from "./tree.ts"

/** A value with its presets below it. */
export interface Extended {
  readonly value: unknown
  /** The preset that a value comes from; nothing where it stands there itself. */
  readonly presetAt: (path: ConfigPath) => string | undefined
  readonly problems: ReadonlyArray<FoundProblem>
}

interface Layer {
  readonly name: string
  readonly values: Tree
}

const readNames = (given: unknown, path: ConfigPath, among: ReadonlyMap<string, Preset>) => {
  const layers: Array<Layer> = []
  const problems: Array<FoundProblem> = []
  for (const [index, name] of (Array.isArray(given) ? given : [given]).entries()) {
    const preset = among.get(String(name))
    if (preset !== undefined) {
      layers.push({ name: String(name), values: preset.values })
      continue
    }
    const nearest = nearestName(String(name), among.keys()) ?? [...among.keys()][0]
    problems.push({
      path: Array.isArray(given) ? [...path, index] : path,
      message: `there is no preset ${JSON.stringify(name)}${among === presets ? "" : " for a server"}`,
      ...(nearest === undefined ? {} : { suggestion: `did you mean "${nearest}"?` })
    })
  }
  return { layers, problems }
}

const stack = (own: Tree, layers: ReadonlyArray<Tree>): unknown =>
  merge(
    layers.reduce<unknown>((below, values) => merge(below, values), {}),
    own
  )

const lastWith = (layers: ReadonlyArray<Layer>, path: ConfigPath): string | undefined =>
  layers.findLast(({ values }) => valueAt(values, path) !== undefined)?.name

/** Presets that only say how servers are sized come over the complete one, whether that is named or not. */
const withComplete = (layers: ReadonlyArray<Layer>): ReadonlyArray<Layer> =>
  layers.some(({ name }) => name === completePreset.name)
    ? layers
    : [{ name: completePreset.name, values: completePreset.values }, ...layers]

/** The file with the presets that it extends, those of its servers aside. */
export const extendFile = (file: Tree): Extended => {
  if (!("extends" in file)) return { value: file, presetAt: () => undefined, problems: [] }
  const { extends: given, ...own } = file
  const { layers: named, problems } = readNames(given, ["extends"], presets)
  const layers = withComplete(named)
  return {
    value: stack(
      own,
      layers.map(({ values }) => values)
    ),
    presetAt: (path) => (valueAt(own, path) === undefined ? lastWith(layers, path) : undefined),
    problems
  }
}

/** What a server takes of a preset: what is said there for all servers. */
const runtimeOf = ({ name, values }: Layer): Layer => ({
  name,
  values: isTree(values["runtime"]) ? values["runtime"] : {}
})

/** A configuration whose servers have the presets that each of them extends. */
export const extendServers = (config: unknown): Extended => {
  const servers = valueAt(config, ["servers"])
  const extended = Object.entries(isTree(servers) ? servers : {}).flatMap(([name, entry]) => {
    if (!isTree(entry) || !("extends" in entry)) return []
    const { extends: given, ...own } = entry
    const { layers, problems } = readNames(given, ["servers", name, "extends"], sizingPresets)
    return [{ name, own, layers: layers.map(runtimeOf), problems }]
  })
  return {
    value: extended.reduce(
      (below, { layers, name, own }) =>
        setAt(
          below,
          ["servers", name],
          stack(
            own,
            layers.map(({ values }) => values)
          )
        ),
      config
    ),
    presetAt: ([section, server, ...rest]) => {
      const entry = section === "servers" ? extended.find(({ name }) => name === server) : undefined
      return entry === undefined || valueAt(entry.own, rest) !== undefined ? undefined : lastWith(entry.layers, rest)
    },
    problems: extended.flatMap(({ problems }) => problems)
  }
}
