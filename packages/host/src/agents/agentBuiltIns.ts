/**
 * The built-in tools of an agent: none, unless it names them among its servers, and then those that it lets through.
 */
import { emptyToolbox, narrowToolbox, type Toolbox } from "@signalbox/model"
import { letsThrough } from "@signalbox/orchestrator"
import type { AgentEntry } from "../config/AgentEntry.ts"
import { builtInSource } from "../config/builtInSource.ts"
import type { ToolLists } from "../config/schemas.ts"
import { allowedTools } from "./agentServers.ts"
import { readReference } from "./serverReference.ts"

/** Which of them an agent may call; nothing where it has none. */
export const builtInChoice = (agent: AgentEntry): ToolLists | undefined => {
  const isNamed = agent.servers.some((text) => readReference(text).server === builtInSource)
  return isNamed ? allowedTools(agent, builtInSource, {}) : undefined
}

/** The tools themselves. */
export const agentBuiltIns = (agent: AgentEntry, builtIns: Toolbox["Service"]): Toolbox["Service"] => {
  const choice = builtInChoice(agent)
  return choice === undefined
    ? emptyToolbox
    : narrowToolbox(builtIns, ({ originalName }) => letsThrough(choice, originalName))
}
