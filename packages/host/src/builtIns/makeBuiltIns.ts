/**
 * The built-in tools of a configuration, over what surrounds the program.
 */
import type { SearchEngine } from "@signalbox/tools"
import { Effect } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { type SearchChoice, toolsOptions } from "./toolsOptions.ts"

/** Where no tool is switched on, the code of none is loaded. */
const loaded = Effect.promise(() => import("@signalbox/tools"))

const engineOf = ({ brave, searxng }: Effect.Success<typeof loaded>, search: SearchChoice | undefined) => {
  if (search === undefined) return Effect.succeed<SearchEngine | undefined>(undefined)
  return search.provider === "searxng" ? searxng(search.url) : brave(search.key, search.url)
}

/**
 * Makes them. Fails with what the tools that are switched on need and do not have. What runs in the background ends with
 * the scope.
 */
export const makeBuiltIns = Effect.fn("makeBuiltIns")(function* (
  config: LoadedConfig,
  environment: Readonly<Record<string, string | undefined>>,
  dataDirectory: string | undefined
) {
  const { options, problems, search } = yield* toolsOptions(config, environment, dataDirectory)
  if (problems.length > 0) return yield* config.invalid(problems)
  const tools = yield* loaded
  const engine = yield* engineOf(tools, search)
  return yield* Effect.provideService(tools.BuiltInTools.make(options), tools.SearchProvider, engine)
})
