/**
 * Whether a server that was lost, or could not be started, is started again by itself.
 */
import type { SignalboxError } from "@signalbox/errors"
import { ServerExited } from "@signalbox/mcp"
import { ServerIncomplete } from "./errors.ts"
import type { RestartPolicy } from "./OrchestratorOptions.ts"

/** A process that ended on its own and reported success did what it wanted to do. */
const isCleanEnd = (reason: SignalboxError): boolean => reason instanceof ServerExited && reason.exitCode === 0

/** `restarts` counts those since it was last healthy or was asked for. */
export const mayRestart = (policy: RestartPolicy, reason: SignalboxError, restarts: number): boolean => {
  // What is missing in the environment of this process does not come into it while it runs.
  if (reason instanceof ServerIncomplete) return false
  if (policy.when === "never" || (policy.when === "on-failure" && isCleanEnd(reason))) return false
  return policy.maxRestarts === undefined || restarts < policy.maxRestarts
}
