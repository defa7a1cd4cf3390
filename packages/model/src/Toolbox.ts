/**
 * The contract of everything that has tools: MCP servers, built-in tools, the caller's own.
 * A list never fails: a source that is down lists nothing, and says why where it is asked for its status.
 */
import type { SignalboxError } from "@signalbox/errors"
import { Context, Effect } from "effect"
import type { CallContext } from "./CallContext.ts"
import type { JsonObject } from "./ContentBlock.ts"
import { ToolNotFound } from "./errors.ts"
import { type NamingPolicy, nameTools, qualifiedNames } from "./naming.ts"
import { nearestName } from "./nearestName.ts"
import type { ToolDefinition, ToolResult } from "./Tool.ts"

/** What a toolbox has at one moment. Both lists stay the same arrays until something changes. */
export interface ToolInventory {
  /** What can be called now. Each entry is one of `all`. */
  readonly listed: ReadonlyArray<ToolDefinition>
  /** That, and what is hidden for a while, in one stable order. A hidden tool keeps its name and its place. */
  readonly all: ReadonlyArray<ToolDefinition>
}

/**
 * What can be called, and the way to call it: the contract of every source of tools. Implement it to add a source;
 * `joinToolboxes` makes one of several.
 */
export class Toolbox extends Context.Service<
  Toolbox,
  {
    /** What can be called now, in a stable order. */
    readonly list: Effect.Effect<ReadonlyArray<ToolDefinition>>
    /**
     * Only where tools may be hidden for a while: `list`, and what is hidden, at the same moment. Nobody takes the
     * name of a hidden tool meanwhile, and a call of it reaches its source, which says why it is refused.
     * Read it with `inventoryOf`.
     */
    readonly inventory?: Effect.Effect<ToolInventory>
    /**
     * Only where sources come late: waits until it is known whether there is a tool of this name, which `list` and
     * `inventory` then have. Fails with the reason where the source that the name begins with has none now.
     */
    readonly arrival?: (name: string, context: CallContext) => Effect.Effect<void, SignalboxError>
    /**
     * Runs one tool by the name that `list` gave it. A result with `isError` is a value; a failure means
     * that there is no result. Interrupting the call stops it at its source.
     */
    readonly call: (name: string, input: JsonObject, context: CallContext) => Effect.Effect<ToolResult, SignalboxError>
  }
>()("@signalbox/model/Toolbox") {}

/** What a toolbox has, with the tools that it hides now. One that hides none needs no `inventory`. */
export const inventoryOf = ({ inventory, list }: Toolbox["Service"]): Effect.Effect<ToolInventory> =>
  inventory ?? Effect.map(list, (listed) => ({ listed, all: listed }))

/** A toolbox without tools. */
export const emptyToolbox: Toolbox["Service"] = {
  list: Effect.succeed([]),
  call: (name) => Effect.fail(new ToolNotFound({ toolName: name, available: [] }))
}

/**
 * The caller's own tools. They are listed for the model and never run here: the turn loop ends the turn
 * at a call of one and hands it back.
 */
export const callerToolbox = (tools: ReadonlyArray<Omit<ToolDefinition, "runBy">>): Toolbox["Service"] => ({
  list: Effect.succeed(tools.map((tool) => ({ ...tool, runBy: { _tag: "Caller" as const } }))),
  call: emptyToolbox.call
})

interface Entry {
  readonly tool: ToolDefinition
  readonly toolbox: Toolbox["Service"]
}

interface Names extends ToolInventory {
  readonly shown: ReadonlyMap<string, Entry>
  readonly qualified: ReadonlyMap<string, Entry>
}

const namesOf = (
  toolboxes: ReadonlyArray<Toolbox["Service"]>,
  inventories: ReadonlyArray<ToolInventory>,
  policy: NamingPolicy
): Names => {
  // Over all of them: a name must not change because a tool that shares it is hidden.
  const owners = new Map(
    inventories.flatMap(({ all }, index) => all.map((tool) => [tool, toolboxes[index] ?? emptyToolbox] as const))
  )
  const visible = new Set(inventories.flatMap(({ listed }) => listed))
  const entryOf = (tool: ToolDefinition): Entry => ({ tool, toolbox: owners.get(tool) ?? emptyToolbox })
  const named = nameTools([...owners.keys()], policy).tools
  const qualified = new Map<string, Entry>()
  for (const tool of owners.keys()) {
    for (const name of qualifiedNames(tool)) qualified.set(name, entryOf(tool))
  }
  const shownTools = named.map(({ exposedName, tool }) => ({
    definition: { ...tool, name: exposedName },
    isVisible: visible.has(tool)
  }))
  return {
    all: shownTools.map(({ definition }) => definition),
    listed: shownTools.filter(({ isVisible }) => isVisible).map(({ definition }) => definition),
    shown: new Map(named.map(({ exposedName, tool }) => [exposedName, entryOf(tool)])),
    qualified
  }
}

/**
 * Several toolboxes as one, under one naming rule over all of them. Every tool of the host stays callable
 * as `<source>__<tool>`, whatever it is shown as. What one of them hides keeps its name.
 */
export const joinToolboxes = (
  toolboxes: ReadonlyArray<Toolbox["Service"]>,
  policy: NamingPolicy = "prefix"
): Toolbox["Service"] => {
  // Naming is redone only when a list changed: toolboxes answer with the same array until then.
  let last: { readonly inventories: ReadonlyArray<ToolInventory>; readonly names: Names } | undefined
  const names = Effect.map(Effect.forEach(toolboxes, inventoryOf), (inventories) => {
    if (last === undefined || inventories.some((now, index) => !isSameInventory(now, last?.inventories[index]))) {
      last = { inventories, names: namesOf(toolboxes, inventories, policy) }
    }
    return last.names
  })
  const find = (name: string) =>
    Effect.map(names, ({ listed, qualified, shown }) => ({ listed, entry: shown.get(name) ?? qualified.get(name) }))
  const arrival = (name: string, context: CallContext) =>
    Effect.forEach(toolboxes, (toolbox) => toolbox.arrival?.(name, context) ?? Effect.void, { discard: true })
  const late = Effect.fnUntraced(function* (name: string, context: CallContext) {
    yield* arrival(name, context)
    const { entry, listed } = yield* find(name)
    if (entry !== undefined) return entry
    const available = listed.map((tool) => tool.name)
    const nearest = nearestName(name, available)
    return yield* new ToolNotFound({ toolName: name, available, ...(nearest === undefined ? {} : { nearest }) })
  })
  return {
    list: Effect.map(names, ({ listed }) => listed),
    inventory: names,
    arrival,
    call: (name, input, context) =>
      Effect.flatMap(find(name), ({ entry }) =>
        entry === undefined
          ? Effect.flatMap(late(name, context), ({ tool, toolbox }) => toolbox.call(tool.name, input, context))
          : entry.toolbox.call(entry.tool.name, input, context)
      )
  }
}

const isSameInventory = (now: ToolInventory, before: ToolInventory | undefined): boolean =>
  now.listed === before?.listed && now.all === before.all
