/**
 * The built-in tools of a configuration, over what surrounds the program.
 */
import { ownerVariable } from "@signalbox/orchestrator"
import type { SearchEngine, ToolsOptions } from "@signalbox/tools"
import { Effect } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { HostSetup } from "../HostSetup.ts"
import { type SearchChoice, toolsOptions } from "./toolsOptions.ts"

/** Where no tool is switched on, the code of none is loaded. */
const loaded = Effect.promise(() => import("@signalbox/tools"))

/** Commands carry the mark of this program as servers do: what a kill leaves of them is cleared up at the next start. */
const marked = (options: ToolsOptions, owner: string | undefined): ToolsOptions => {
  const { commands } = options
  return owner === undefined
    ? options
    : { ...options, commands: { ...commands, environment: { ...commands.environment, [ownerVariable]: owner } } }
}

const engineOf = ({ brave, searxng }: Effect.Success<typeof loaded>, search: SearchChoice | undefined) => {
  if (search === undefined) return Effect.succeed<SearchEngine | undefined>(undefined)
  return search.provider === "searxng" ? searxng(search.url) : brave(search.key, search.url)
}

/**
 * Makes them. Fails with what the tools that are switched on need and do not have. What runs in the background ends with
 * the scope.
 */
export const makeBuiltIns = Effect.fn("makeBuiltIns")(function* (
  { dataDirectory, environment, owner }: Pick<HostSetup, "dataDirectory" | "environment" | "owner">,
  config: LoadedConfig
) {
  const { options, problems, search } = yield* toolsOptions(config, environment, dataDirectory)
  if (problems.length > 0) return yield* config.invalid(problems)
  const tools = yield* loaded
  const engine = yield* engineOf(tools, search)
  return yield* Effect.provideService(tools.BuiltInTools.make(marked(options, owner)), tools.SearchProvider, engine)
})
