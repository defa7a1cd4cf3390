/**
 * From the name that a model used to the tool that it means.
 */
import {
  nearestName,
  qualifiedNames,
  type RunBy,
  type ToolDefinition,
  type ToolInventory,
  ToolNotFound,
  type ToolUseBlock
} from "@signalbox/model"

/** The tools at one moment, by name. */
export interface ToolIndex extends ToolInventory {
  /** Hidden ones, too: the history may have calls of them, and their source knows why they cannot be called now. */
  readonly byName: ReadonlyMap<string, ToolDefinition>
}

export const indexTools = ({ all, listed }: ToolInventory): ToolIndex => ({
  listed,
  all,
  byName: new Map(all.map((tool) => [tool.name, tool]))
})

const isQualified = (tool: ToolDefinition, name: string): boolean => qualifiedNames(tool).includes(name)

/** The tool of that name, listed or hidden: the name it is listed under, or `<source>__<tool>`, which always works. */
export const findTool = (index: ToolIndex, name: string): ToolDefinition | undefined =>
  index.byName.get(name) ?? index.all.find((tool) => isQualified(tool, name))

/** Who answers a call of a name that nobody has: the host does, with an error. */
const nobody: RunBy = { _tag: "Host", source: "unknown" }

/** The call with `runBy` set. */
export const withRunBy = (index: ToolIndex, call: ToolUseBlock): ToolUseBlock => ({
  ...call,
  runBy: findTool(index, call.name)?.runBy ?? nobody
})

/** The error of a name that nobody has, with the nearest one that is listed. */
export const notFound = (index: ToolIndex, name: string): ToolNotFound => {
  const available = index.listed.map((tool) => tool.name)
  const nearest = nearestName(name, available)
  return new ToolNotFound({ toolName: name, available, ...(nearest === undefined ? {} : { nearest }) })
}
