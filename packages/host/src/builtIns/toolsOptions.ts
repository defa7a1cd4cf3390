/**
 * What the configuration says of the built-in tools, in their own words: references resolved, paths absolute.
 */
import type { BuiltInName, ToolsOptions } from "@signalbox/tools"
import { Effect, Path, Redacted } from "effect"
import { Digest } from "effect/crypto"
import { builtInSource } from "../config/builtInSource.ts"
import { configFileNames, type LoadedConfig } from "../config/ConfigFile.ts"
import type { FoundProblem } from "../config/layers.ts"
import { notSet, resolveKey, resolveText, unsetVariables } from "../config/secrets.ts"
import type { ToolsSection } from "../config/ToolsSection.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** Who searches, as the configuration names it; the key is there where one is wanted. */
export type SearchChoice =
  | { readonly provider: "searxng"; readonly url: string }
  | { readonly provider: "brave"; readonly url: string | undefined; readonly key: Redacted.Redacted }

/** The options of the tools, and what keeps those that are switched on from working. */
export interface ResolvedTools {
  readonly options: ToolsOptions
  readonly search: SearchChoice | undefined
  readonly problems: ReadonlyArray<FoundProblem>
}

const environmentOf = (
  { directory, options }: LoadedConfig,
  environment: Environment
): { readonly values: Readonly<Record<string, string>>; readonly problems: ReadonlyArray<FoundProblem> } => {
  const values: Record<string, string> = {}
  const problems: Array<FoundProblem> = []
  for (const [name, text] of Object.entries(options.tools.commands.environment)) {
    const resolved = resolveText(text, environment, directory)
    if (resolved === undefined) {
      problems.push({
        path: ["tools", "commands", "environment", name],
        message: notSet(unsetVariables(text, environment)),
        suggestion: "set it, or take the variable out"
      })
    } else values[name] = typeof resolved === "string" ? resolved : Redacted.value(resolved)
  }
  return { values, problems }
}

const searchOf = (
  { apiKey, provider, url }: ToolsSection["search"],
  environment: Environment
): { readonly search: SearchChoice | undefined; readonly problems: ReadonlyArray<FoundProblem> } => {
  if (provider === "none") return { search: undefined, problems: [] }
  if (provider === "searxng") return { search: { provider, url }, problems: [] }
  const key = resolveKey(apiKey, environment)
  if (key !== undefined) return { search: { provider, url: url === "" ? undefined : url, key }, problems: [] }
  const unset = unsetVariables(apiKey, environment)
  const problem: FoundProblem = {
    path: ["tools", "search", "apiKey"],
    message: unset.length === 0 ? "Brave wants a key" : notSet(unset),
    suggestion: "set it to env:NAME and the variable to the key, or choose another provider"
  }
  return { search: undefined, problems: [problem] }
}

/** A folder of its own for each configuration: what is kept for one is not shown, or taken back, by another. */
const ownFolder = Effect.fnUntraced(function* ({ directory, file }: LoadedConfig, dataDirectory: string | undefined) {
  const path = yield* Path.Path
  if (dataDirectory === undefined) return path.join(directory, ".signalbox")
  const sha = yield* Effect.provide(Digest.Digest, Digest.layerWebCrypto)
  const digest = yield* sha.digestHex(Digest.sha256, new TextEncoder().encode(file ?? directory))
  return path.join(dataDirectory, "tools", digest.slice(0, 16))
})

/** The options of the built-in tools. */
export const toolsOptions = Effect.fn("toolsOptions")(function* (
  config: LoadedConfig,
  environment: Environment,
  dataDirectory: string | undefined
) {
  const path = yield* Path.Path
  const { directory, options } = config
  const { commands, enabled, limits, paths, search, stateFolder, undo, urls } = options.tools
  const own = yield* ownFolder(config, dataDirectory)
  const inConfig = (folder: string) => path.resolve(directory, folder)
  const variables = environmentOf(config, environment)
  const engine = searchOf(search, environment)
  const isOn = (name: BuiltInName) => enabled.includes(name)
  return {
    options: {
      enabled,
      source: builtInSource,
      paths: {
        ...paths,
        cwd: inConfig(paths.cwd),
        roots: paths.roots.map(inConfig),
        readOnlyRoots: paths.readOnlyRoots.map(inConfig),
        // Where there is none, one that is written here would count from the next start on.
        protect: config.file === undefined ? configFileNames.map(inConfig) : [config.file]
      },
      commands: { ...commands, environment: variables.values },
      urls,
      limits,
      stateFolder: stateFolder === "auto" ? path.join(own, "state") : inConfig(stateFolder),
      undo:
        undo.folder === ""
          ? undefined
          : { ...undo, folder: undo.folder === "auto" ? path.join(own, "undo") : inConfig(undo.folder) }
    },
    search: engine.search,
    // What no tool needs that is there need not be right.
    problems: [...(isOn("Bash") ? variables.problems : []), ...(isOn("WebSearch") ? engine.problems : [])]
  } satisfies ResolvedTools
})
