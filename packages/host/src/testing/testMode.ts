/**
 * What the configuration's `testing` makes of the servers.
 */
import type { ManagedServer } from "@signalbox/orchestrator"
import type { HostOptions } from "../config/HostOptions.ts"
import { mockServer } from "./mockServer.ts"

/** The server as it is to run in tests. */
export const inTestMode = (
  { healthChecks, mocks, singleConnection }: HostOptions["testing"],
  managed: ManagedServer
): ManagedServer => {
  const kept = mocks ? mockServer(managed) : managed
  return {
    ...kept,
    ...(singleConnection ? { sessions: { ...kept.sessions, min: 0, max: 1, affinity: "shared" } } : {}),
    ...(healthChecks ? {} : { health: { ...kept.health, check: "process" } })
  }
}
