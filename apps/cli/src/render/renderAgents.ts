/**
 * Agents as people read them: one line each, and below it the servers of those that run.
 */
import type { AgentInfoJson } from "@signalbox/host"
import { counted, printable, type Style } from "./style.ts"
import { renderTable } from "./table.ts"

/** What is said where there is nothing to show. */
export const noAgents = 'No agents are configured. See "agents" in the file that signalbox init writes.'

const stateOf = ({ enabled, state }: AgentInfoJson, style: Style): string => {
  if (!enabled) return style.dim("disabled")
  if (state === "connected") return style.green(state)
  return state === "stopped" ? style.dim(state) : style.yellow(state)
}

/** A table of agents; those that run with how much of them does. */
export const renderAgents = (agents: ReadonlyArray<AgentInfoJson>, style: Style, columns: number): string =>
  renderTable(
    agents.map((agent) => [
      style.bold(agent.name),
      stateOf(agent, style),
      agent.state === "stopped"
        ? agent.servers.join(", ")
        : `${agent.connected_servers}/${counted(agent.total_servers, "server")}, ${counted(agent.total_tools, "tool")}`,
      printable(agent.description)
    ]),
    { columns, paint: style.dim }
  )

/** What is wrong with the servers of an agent, one line each. */
export const renderTroubles = ({ name, server_status }: AgentInfoJson, style: Style): ReadonlyArray<string> =>
  Object.values(server_status).flatMap(({ error, name: server, state }) => {
    if (state === "running") return []
    const message = error?.["message"]
    const reason = typeof message === "string" ? message : state
    return [`${style.red("✗")} ${style.bold(`${name}.${server}`)}: ${printable(reason)}`]
  })
