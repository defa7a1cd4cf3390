/**
 * Some of the tools of a toolbox.
 */
import { inventoryOf, type Toolbox, type ToolDefinition } from "@signalbox/model"
import { Effect } from "effect"

/** The toolbox with those of its tools that are wanted. */
export const toolsOf = (toolbox: Toolbox["Service"], has: (tool: ToolDefinition) => boolean): Toolbox["Service"] => {
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
