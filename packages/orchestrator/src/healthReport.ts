/**
 * How a set of servers is as a whole, and what whoever uses it has lost.
 */
import type { HealthStatus, ServerInfo } from "./ServerInfo.ts"

/** One server that is not quite well. */
export interface HealthProblem {
  readonly serverName: string
  readonly status: HealthStatus
  readonly reason: string
  /** Original names of the tools that cannot be called, as far as they are known. */
  readonly lostTools: ReadonlyArray<string>
}

/** `unhealthy` when none works that should, or a required one does not; `degraded` when some do not. */
export interface HealthReport {
  readonly status: HealthStatus
  readonly problems: ReadonlyArray<HealthProblem>
}

/** The report on these servers. Those that are stopped on purpose, or being started, are no problem. */
export const healthReport = (servers: ReadonlyArray<ServerInfo>): HealthReport => {
  const problems = servers.flatMap(problemOf)
  const wanted = servers.filter(({ state }) => state !== "stopped" && state !== "stopping")
  const down = wanted.filter(({ health }) => health.status === "unhealthy")
  if (down.some(({ isRequired }) => isRequired) || (wanted.length > 0 && down.length === wanted.length)) {
    return { status: "unhealthy", problems }
  }
  if (problems.length > 0) return { status: "degraded", problems }
  return { status: wanted.some(({ health }) => health.status === "healthy") ? "healthy" : "unknown", problems }
}

const problemOf = ({ health, hiddenTools, name, state, tools }: ServerInfo): ReadonlyArray<HealthProblem> => {
  if (health.status === "healthy" || health.status === "unknown") return []
  // One that runs and fails many calls can still be called, until its circuit opens.
  const lostTools = health.status === "unhealthy" && state !== "running" ? tools : hiddenTools
  return [{ serverName: name, status: health.status, reason: health.reason ?? "", lostTools }]
}
