/**
 * What the configuration and the program say about servers as a whole, in the words of the orchestrator.
 */
import { orchestratorDefaults, type OrchestratorOptions } from "@signalbox/orchestrator"
import { Effect, Path } from "effect"
import { alertOptions } from "./alerts.ts"
import { askedBack } from "./askedBack.ts"
import type { HostSetup } from "./HostSetup.ts"

const toolCacheDirectory = ({ cacheDirectory, config }: HostSetup, path: Path.Path): string | undefined => {
  const { toolCache } = config.options.runtime
  if (toolCache === "auto") return cacheDirectory === undefined ? undefined : path.join(cacheDirectory, "tools")
  return toolCache === "" ? undefined : path.resolve(config.directory, toolCache)
}

/** The options for these servers. */
export const orchestratorOptions = Effect.fnUntraced(function* (
  setup: HostSetup,
  servers: OrchestratorOptions["servers"]
) {
  const path = yield* Path.Path
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
    maxTotalConnections: runtime.maxTotalConnections === "unlimited" ? undefined : runtime.maxTotalConnections,
    startsAll: setup.startsAll,
    startsFirst: setup.onlyServer === undefined ? [] : [setup.onlyServer],
    restart: {
      base: runtime.restart.firstDelay,
      cap: runtime.restart.maxDelay,
      factor: runtime.restart.factor,
      healthyAfter: runtime.restart.healthyAfter
    },
    metrics: runtime.metrics,
    alerts: alertOptions(runtime.alerts),
    owner: setup.owner,
    questions: yield* askedBack(setup.config, setup.questions)
  } satisfies OrchestratorOptions
})
