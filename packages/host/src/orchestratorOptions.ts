/**
 * What the configuration and the program say about servers as a whole, in the words of the orchestrator.
 */
import { orchestratorDefaults, type OrchestratorOptions } from "@signalbox/orchestrator"
import { type Path } from "effect"
import { alertOptions } from "./alerts.ts"
import { type HostSetup } from "./HostSetup.ts"

const toolCacheDirectory = ({ cacheDirectory, config }: HostSetup, path: Path.Path): string | undefined => {
  const { toolCache } = config.options.runtime
  if (toolCache === "auto") return cacheDirectory === undefined ? undefined : path.join(cacheDirectory, "tools")
  return toolCache === "" ? undefined : path.resolve(config.directory, toolCache)
}

/** The options for these servers. */
export const orchestratorOptions = (
  setup: HostSetup,
  servers: OrchestratorOptions["servers"],
  path: Path.Path
): OrchestratorOptions => {
  const { runtime } = setup.config.options
  return {
    ...orchestratorDefaults,
    servers,
    toolCacheDirectory: toolCacheDirectory(setup, path),
    naming: runtime.naming,
    spawnConcurrency: runtime.spawnConcurrency === 0 ? setup.cores + 1 : runtime.spawnConcurrency,
    startConcurrency: runtime.startConcurrency,
    packageConcurrency: runtime.packageConcurrency,
    packageTimeout: runtime.packageTimeout,
    startsAll: setup.startsAll,
    restart: {
      base: runtime.restart.firstDelay,
      cap: runtime.restart.maxDelay,
      factor: runtime.restart.factor,
      healthyAfter: runtime.restart.healthyAfter
    },
    metrics: runtime.metrics,
    alerts: alertOptions(runtime.alerts),
    owner: setup.owner,
    ...(setup.questions === undefined ? {} : { questions: setup.questions })
  }
}
