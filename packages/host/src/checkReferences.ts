/**
 * What a configuration needs from the environment and does not find there. A start fails with the same, but with
 * the first kind of it only; whoever checks wants to know everything at once.
 */
import { Effect } from "effect"
import { agentServers } from "./agents/agentServers.ts"
import { toolsOptions } from "./builtIns/toolsOptions.ts"
import { readClientKeys } from "./clientKeys.ts"
import type { LoadedConfig } from "./config/ConfigFile.ts"
import { historyDatabase } from "./config/HistorySection.ts"
import type { FoundProblem } from "./config/layers.ts"
import { hookProblems } from "./rules/hooks/resolveHooks.ts"
import { missingKeys } from "./models/missingKeys.ts"
import { patternProblems } from "./models/routingPlan.ts"
import { resolveServers } from "./servers.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** Problems, and those of others that are not told yet: a server that an agent shares with the rest is told of once. */
export const withNews = (
  told: ReadonlyArray<FoundProblem>,
  more: ReadonlyArray<FoundProblem>
): ReadonlyArray<FoundProblem> => {
  const paths = new Set(told.map(({ path }) => path.join(".")))
  return [...told, ...more.filter(({ path }) => !paths.has(path.join(".")))]
}

/** The enabled servers, as a start would have them. Fails with every variable and key that is missing, those of agents too. */
export const checkReferences = Effect.fn("checkReferences")(function* (config: LoadedConfig, environment: Environment) {
  const { problems, servers } = yield* resolveServers(config, environment)
  const tools = yield* toolsOptions(config, environment, undefined)
  let all: ReadonlyArray<FoundProblem> = [
    ...missingKeys(config, environment),
    ...readClientKeys(config, environment).problems,
    ...patternProblems(config.options),
    ...tools.problems,
    ...(yield* hookProblems(config, environment)),
    ...historyDatabase(config.options.history, environment).problems,
    ...problems
  ]
  for (const [name, agent] of Object.entries(config.options.agents)) {
    if (!agent.enabled) continue
    const needed = yield* agentServers(config, environment, name, agent)
    all = withNews(all, needed.problems)
  }
  return all.length > 0 ? yield* config.invalid(all) : servers
})
