/**
 * Keys that are not set, of providers that a configuration names. A key only matters for those: `auto` takes another one.
 */
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { ConfigPath } from "../config/document.ts"
import type { FoundProblem } from "../config/layers.ts"
import { notSet, unsetVariables } from "../config/secrets.ts"
import { describeProblem, MissingApiKey } from "../errors.ts"
import { namedProviders, type NamedProvider } from "./namedProviders.ts"
import { resolveProviders } from "./resolveProviders.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** What of a provider is not set: its key, or else a header. */
const unsetOf = ({ options }: LoadedConfig, name: string, environment: Environment) => {
  const { apiKey = "", headers = {} } = options.providers[name] ?? {}
  const path = ["providers", name]
  const header = Object.entries(headers).find(([, text]) => unsetVariables(text, environment).length > 0)
  return header === undefined
    ? { path: [...path, "apiKey"], unset: unsetVariables(apiKey, environment) }
    : { path: [...path, "headers", header[0]], unset: unsetVariables(header[1], environment) }
}

/** Whether a value stands in the file, and not in a preset that the file extends. */
const isWritten = ({ origins }: LoadedConfig, path: ConfigPath): boolean =>
  origins.find((one) => one.path === path.map(String).join("."))?.origin.startsWith("preset:") === false

const problemOf = (config: LoadedConfig, { name, path }: NamedProvider, environment: Environment): FoundProblem => {
  const found = unsetOf(config, name, environment)
  const who = path.map(String).join(".")
  return {
    // What the file has no line for is told where it is asked for.
    path: isWritten(config, found.path) ? found.path : path,
    message: found.unset.length === 0 ? "there is no API key" : notSet(found.unset),
    suggestion: `${who} names ${name}; set the key, or choose another provider`
  }
}

/** Each of them at the line where it stands, or is asked for. */
export const missingKeys = (config: LoadedConfig, environment: Environment): ReadonlyArray<FoundProblem> => {
  const { missing } = resolveProviders(config.options, environment)
  return namedProviders(config.options)
    .filter(({ name }) => missing.has(name))
    .map((named) => problemOf(config, named, environment))
}

/** The same errors, each saying what in the file asks for its provider. */
export const withPlaces = (
  missing: ReadonlyMap<string, MissingApiKey>,
  config: LoadedConfig
): ReadonlyMap<string, MissingApiKey> => {
  const places = namedProviders(config.options).flatMap(({ name, path }) => {
    const error = missing.get(name)
    const { file, problems } = config.invalid([{ path, message: `names ${name}` }])
    return error === undefined ? [] : problems.map((problem) => ({ error, place: describeProblem(file, problem) }))
  })
  return new Map([
    ...missing,
    ...places.map(({ error: { provider, variable }, place }) => {
      return [provider, new MissingApiKey({ provider, variable, place })] as const
    })
  ])
}
