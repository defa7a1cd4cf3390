/**
 * From the name that a model used to the tool that it means.
 */
import {
  nearestName,
  qualifiedNames,
  type RunBy,
  type ToolDefinition,
  ToolNotFound,
  type ToolUseBlock
} from "@signalbox/model"

/** The tools of one list, by name. */
export interface ToolIndex {
  readonly tools: ReadonlyArray<ToolDefinition>
  readonly byName: ReadonlyMap<string, ToolDefinition>
}

export const indexTools = (tools: ReadonlyArray<ToolDefinition>): ToolIndex => ({
  tools,
  byName: new Map(tools.map((tool) => [tool.name, tool]))
})

const isQualified = (tool: ToolDefinition, name: string): boolean => qualifiedNames(tool).includes(name)

/** The tool of that name: the name it is listed under, or `<source>__<tool>`, which always works. */
export const findTool = (index: ToolIndex, name: string): ToolDefinition | undefined =>
  index.byName.get(name) ?? index.tools.find((tool) => isQualified(tool, name))

/** Who answers a call of a name that nothing is listed under: the host does, with an error. */
const nobody: RunBy = { _tag: "Host", source: "unknown" }

/** The call with `runBy` set. */
export const withRunBy = (index: ToolIndex, call: ToolUseBlock): ToolUseBlock => ({
  ...call,
  runBy: findTool(index, call.name)?.runBy ?? nobody
})

/** The error of a name that nothing is listed under, with the nearest one that is. */
export const notFound = (index: ToolIndex, name: string): ToolNotFound => {
  const available = [...index.byName.keys()]
  const nearest = nearestName(name, available)
  return new ToolNotFound({ toolName: name, available, ...(nearest === undefined ? {} : { nearest }) })
}
