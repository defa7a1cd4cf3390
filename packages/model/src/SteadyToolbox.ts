/**
 * The tools of one conversation. A name that its model has seen means the same tool for as long as the conversation
 * goes on, and a place in the list is kept, whatever servers come and go: the history stays true, and prompt caches
 * keep. Within a turn nothing changes at all.
 */
import { Effect } from "effect"
import { fitName, freeName, identityOf, isFixed, ownName, qualifiedName, sourceOf } from "./naming.ts"
import { type ToolDefinition } from "./Tool.ts"
import { type Toolbox } from "./Toolbox.ts"

/** A toolbox that is looked at once a turn. */
export interface SteadyToolbox {
  /**
   * The tools for the next turn. What was listed before keeps name and place, what is new comes after it, what is
   * gone leaves the list. A call goes to the tool that had the name, under whatever name it has now.
   */
  readonly forTurn: Effect.Effect<Toolbox["Service"]>
}

/** Makes one for a conversation that begins. */
export const makeSteadyToolbox = (toolbox: Toolbox["Service"]): SteadyToolbox => {
  let last: Names = { source: [], listed: [], tools: new Map(), names: new Map() }
  let now: Now = { source: [], names: new Map() }
  const callNow: Toolbox["Service"]["call"] = (name, input, context) => {
    const known = last.tools.get(name)
    if (known === undefined) return toolbox.call(name, input, context)
    return Effect.flatMap(toolbox.list, (source) => {
      if (source !== now.source) now = { source, names: new Map(source.map((tool) => [identityOf(tool), tool.name])) }
      return toolbox.call(now.names.get(identityOf(known)) ?? addressOf(known), input, context)
    })
  }
  return {
    forTurn: Effect.map(toolbox.list, (tools) => {
      if (tools !== last.source) last = follow(last, tools)
      return { list: Effect.succeed(last.listed), call: callNow }
    })
  }
}

interface Names {
  /** What the toolbox listed. */
  readonly source: ReadonlyArray<ToolDefinition>
  readonly listed: ReadonlyArray<ToolDefinition>
  /** Every name there has been, with what it means. */
  readonly tools: ReadonlyMap<string, ToolDefinition>
  /** The names by the identity of their tools. */
  readonly names: ReadonlyMap<string, string>
}

/** What the tools are called now, by their identity. Toolboxes answer with the same list until something changed. */
interface Now {
  readonly source: ReadonlyArray<ToolDefinition>
  readonly names: ReadonlyMap<string, string>
}

const follow = (before: Names, source: ReadonlyArray<ToolDefinition>): Names => {
  const tools = new Map(before.tools)
  const names = new Map(before.names)
  // Names that are not ours to change come first: a tool of ours gives way, even where it had the name before.
  for (const tool of source.filter(isFixed)) {
    const holder = tools.get(tool.name)
    if (holder !== undefined && !isFixed(holder)) names.delete(identityOf(holder))
    tools.set(tool.name, tool)
    names.set(identityOf(tool), tool.name)
  }
  for (const tool of source) {
    const identity = identityOf(tool)
    const name = names.get(identity) ?? claim(tool, tools)
    names.set(identity, name)
    tools.set(name, tool)
  }
  const present = new Map(source.map((tool) => [identityOf(tool), tool]))
  const listed = [...names].flatMap(([identity, name]) => {
    const tool = present.get(identity)
    return tool === undefined ? [] : [tool.name === name ? tool : { ...tool, name }]
  })
  return { source, listed, tools, names }
}

const claim = (tool: ToolDefinition, taken: ReadonlyMap<string, unknown>): string =>
  taken.has(tool.name) ? freeName(tool, addressOf(tool), (name) => taken.has(name)) : tool.name

/** The name under which a tool can always be called. */
const addressOf = (tool: ToolDefinition): string => {
  const source = sourceOf(tool.runBy)
  return source === undefined ? fitName(ownName(tool)) : qualifiedName(source, ownName(tool))
}
