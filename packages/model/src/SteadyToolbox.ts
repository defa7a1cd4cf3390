/**
 * The tools of one conversation. A name that its model has seen means the same tool for as long as the conversation
 * goes on, and a place in the list is kept, whatever servers come and go: the history stays true, and prompt caches
 * keep. Within a turn nothing changes at all.
 */
import { Effect } from "effect"
import { fitName, freeName, identityOf, isFixed, ownName, qualifiedName, sourceOf } from "./naming.ts"
import type { ToolDefinition } from "./Tool.ts"
import { inventoryOf, type Toolbox, type ToolInventory } from "./Toolbox.ts"

/** A toolbox that is looked at once a turn. */
export interface SteadyToolbox {
  /**
   * The tools for the next turn. What was listed before keeps name and place, what is new comes after it, what is
   * gone or hidden leaves the list. A call goes to the tool that had the name, under whatever name it has now.
   */
  readonly forTurn: Effect.Effect<Toolbox["Service"]>
}

/** Makes one for a conversation that begins. */
export const makeSteadyToolbox = (toolbox: Toolbox["Service"]): SteadyToolbox => {
  let last: Names = { source: { listed: [], all: [] }, listed: [], all: [], tools: new Map(), names: new Map() }
  let now: Now = { source: [], names: new Map() }
  const callNow: Toolbox["Service"]["call"] = (name, input, context) => {
    const known = last.tools.get(name)
    if (known === undefined) return toolbox.call(name, input, context)
    return Effect.flatMap(inventoryOf(toolbox), ({ all: source }) => {
      if (source !== now.source) now = { source, names: new Map(source.map((tool) => [identityOf(tool), tool.name])) }
      return toolbox.call(now.names.get(identityOf(known)) ?? addressOf(known), input, context)
    })
  }
  return {
    forTurn: Effect.map(inventoryOf(toolbox), (now) => {
      if (now.listed !== last.source.listed || now.all !== last.source.all) last = follow(last, now)
      const { all, listed } = last
      return { list: Effect.succeed(listed), inventory: Effect.succeed({ listed, all }), call: callNow }
    })
  }
}

interface Names extends ToolInventory {
  /** What the toolbox had. */
  readonly source: ToolInventory
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

const follow = (before: Names, source: ToolInventory): Names => {
  const tools = new Map(before.tools)
  const names = new Map(before.names)
  const visible = new Set(source.listed)
  // What is hidden when the conversation begins is not to come between the others later.
  const inOrder = [...source.listed, ...source.all.filter((tool) => !visible.has(tool))]
  // Names that are not ours to change come first: a tool of ours gives way, even where it had the name before.
  for (const tool of inOrder.filter(isFixed)) {
    const holder = tools.get(tool.name)
    if (holder !== undefined && !isFixed(holder)) names.delete(identityOf(holder))
    tools.set(tool.name, tool)
    names.set(identityOf(tool), tool.name)
  }
  for (const tool of inOrder) {
    const identity = identityOf(tool)
    const name = names.get(identity) ?? claim(tool, tools)
    names.set(identity, name)
    tools.set(name, tool)
  }
  const present = new Map(inOrder.map((tool) => [identityOf(tool), tool]))
  const all = [...names].flatMap(([identity, name]) => {
    const tool = present.get(identity)
    if (tool === undefined) return []
    return [{ isVisible: visible.has(tool), tool: tool.name === name ? tool : { ...tool, name } }]
  })
  return {
    source,
    listed: all.filter(({ isVisible }) => isVisible).map(({ tool }) => tool),
    all: all.map(({ tool }) => tool),
    tools,
    names
  }
}

const claim = (tool: ToolDefinition, taken: ReadonlyMap<string, unknown>): string =>
  taken.has(tool.name) ? freeName(tool, addressOf(tool), (name) => taken.has(name)) : tool.name

/** The name under which a tool can always be called. */
const addressOf = (tool: ToolDefinition): string => {
  const source = sourceOf(tool.runBy)
  return source === undefined ? fitName(ownName(tool)) : qualifiedName(source, ownName(tool))
}
