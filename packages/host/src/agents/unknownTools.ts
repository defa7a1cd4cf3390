/**
 * Tools that an agent names one by one (`mcp.<server>.<tool>`) and that their server does not have. What a server has is known
 * when it runs: a server that is still coming says nothing yet.
 */
import type { ServerInfo } from "@signalbox/orchestrator"
import type { AgentEntry } from "../config/AgentEntry.ts"
import type { FoundProblem } from "../config/layers.ts"
import { readReference } from "./serverReference.ts"

/** Every such reference. Only the tools are known that the agent is let through to, so none can be suggested. */
export const unknownTools = (
  agentName: string,
  { servers: references }: AgentEntry,
  servers: ReadonlyArray<Pick<ServerInfo, "name" | "state" | "tools" | "areToolsRemembered">>
): ReadonlyArray<FoundProblem> =>
  references.flatMap((text, index) => {
    const { server, tool } = readReference(text)
    const known = servers.find(
      ({ areToolsRemembered, name, state }) => name === server && state === "running" && !areToolsRemembered
    )
    if (tool === undefined || known === undefined || known.tools.includes(tool)) return []
    return [
      {
        path: ["agents", agentName, "servers", index],
        message: `"${server}" has no tool "${tool}" that may be called`,
        suggestion: `see which it has: signalbox tools list --server ${server}`
      }
    ]
  })
