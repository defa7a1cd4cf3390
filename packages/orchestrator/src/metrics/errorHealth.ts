/**
 * What the calls of the last minutes say of the health of a server that runs: it may answer every check and fail every
 * call. It is healthy again when the failures have left the window.
 */
import { Duration } from "effect"
import type { MetricsOptions } from "../OrchestratorOptions.ts"
import type { HealthStatus, ServerHealth } from "../ServerInfo.ts"
import { callsIn, errorRateOf } from "./callNumbers.ts"
import type { WindowSums } from "./CallWindow.ts"

/** The health by the calls alone; `lastFailure` is the code of the last call that failed. */
export const errorHealth = (
  sums: WindowSums,
  options: Pick<MetricsOptions, "window" | "minimumCalls" | "degradedErrorRate" | "unhealthyErrorRate">,
  lastFailure: string | undefined
): ServerHealth => {
  const calls = callsIn(sums)
  const rate = errorRateOf(sums) ?? 0
  if (calls < options.minimumCalls || rate < options.degradedErrorRate) return { status: "healthy", reason: undefined }
  return {
    status: rate >= options.unhealthyErrorRate ? "unhealthy" : "degraded",
    reason: `${sums.failed} of ${calls} calls in the last ${Duration.format(options.window)} failed, the last one with ${lastFailure}`
  }
}

const badness: Readonly<Record<HealthStatus, number>> = { unknown: 0, healthy: 1, degraded: 2, unhealthy: 3 }

/** The worse of two; the first where they are alike. */
export const worseHealth = (first: ServerHealth, second: ServerHealth): ServerHealth =>
  badness[second.status] > badness[first.status] ? second : first
