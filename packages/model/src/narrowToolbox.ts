/**
 * A part of a toolbox, for whoever may not use all of it.
 */
import { Effect } from "effect"
import type { ToolDefinition } from "./Tool.ts"
import { inventoryOf, type Toolbox } from "./Toolbox.ts"

/**
 * Lists those tools only. It calls what it is asked to call: what joins it with others, and the loop, ask for nothing
 * that is not listed.
 */
export const narrowToolbox = (
  toolbox: Toolbox["Service"],
  has: (tool: ToolDefinition) => boolean
): Toolbox["Service"] => {
  const filtered = new WeakMap<ReadonlyArray<ToolDefinition>, ReadonlyArray<ToolDefinition>>()
  // The same list as long as nothing changes, as for every toolbox.
  const filter = (tools: ReadonlyArray<ToolDefinition>) => {
    const known = filtered.get(tools) ?? tools.filter(has)
    filtered.set(tools, known)
    return known
  }
  return {
    ...toolbox,
    list: Effect.map(toolbox.list, filter),
    inventory: Effect.map(inventoryOf(toolbox), ({ all, listed }) => ({ all: filter(all), listed: filter(listed) }))
  }
}
