/**
 * What is missing when servers do not run: the error that decides the exit code of a command that needs them all.
 */
import type { ServerInfo } from "@signalbox/orchestrator"
import { AllServersDown, SomeServersDown } from "./errors.ts"

/** Nothing where all of them run. */
export const shortfallOf = (servers: ReadonlyArray<ServerInfo>) => {
  const serverNames = servers.filter(({ state }) => state !== "running").map(({ name }) => name)
  const total = servers.length
  if (serverNames.length === 0) return undefined
  return serverNames.length < total
    ? new SomeServersDown({ serverNames, total })
    : new AllServersDown({ serverNames, total })
}
