/**
 * What the circuit of a server means to those who look at the server.
 */
import { DateTime } from "effect"
import type { ServerCircuit, ServerHealth, ServerInfo } from "../ServerInfo.ts"
import { worseHealth } from "../metrics/errorHealth.ts"

/** The server as its circuit lets it be used. */
export const withCircuit = (info: ServerInfo, circuit: ServerCircuit): ServerInfo => {
  if (circuit.phase === "closed") return info
  const hiddenTools = circuit.phase === "open" ? info.tools : []
  // Of one that does not run there is more to say than that it is not called.
  const health = info.state === "running" ? worseHealth(healthOf(circuit), info.health) : info.health
  return { ...info, circuit, hiddenTools, health }
}

const healthOf = ({ openUntil, phase, reason }: ServerCircuit): ServerHealth => {
  const why = reason === undefined ? "" : `: ${reason}`
  if (phase === "half-open") return { status: "degraded", reason: `calls find out whether it works again${why}` }
  const until = openUntil === undefined ? "until its circuit is closed" : `until ${DateTime.formatIso(openUntil)}`
  return { status: "unhealthy", reason: `it is not called ${until}, and its tools are hidden${why}` }
}
