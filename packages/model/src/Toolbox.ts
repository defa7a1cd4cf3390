/**
 * The contract of everything that has tools: MCP servers, built-in tools, the caller's own.
 * A list never fails: a source that is down lists nothing, and says why where it is asked for its status.
 */
import { type SignalboxError } from "@signalbox/errors"
import { Context, Effect } from "effect"
import { type CallContext } from "./CallContext.ts"
import { type JsonObject } from "./ContentBlock.ts"
import { ToolNotFound } from "./errors.ts"
import { type NamingPolicy, nameTools, qualifiedNames } from "./naming.ts"
import { nearestName } from "./nearestName.ts"
import { type ToolDefinition, type ToolResult } from "./Tool.ts"

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
     * Runs one tool by the name that `list` gave it. A result with `isError` is a value; a failure means
     * that there is no result. Interrupting the call stops it at its source.
     */
    readonly call: (name: string, input: JsonObject, context: CallContext) => Effect.Effect<ToolResult, SignalboxError>
  }
>()("@signalbox/model/Toolbox") {}

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

interface Names {
  readonly listed: ReadonlyArray<ToolDefinition>
  readonly shown: ReadonlyMap<string, Entry>
  readonly qualified: ReadonlyMap<string, Entry>
}

const namesOf = (
  toolboxes: ReadonlyArray<Toolbox["Service"]>,
  lists: ReadonlyArray<ReadonlyArray<ToolDefinition>>,
  policy: NamingPolicy
): Names => {
  const owners = new Map(
    lists.flatMap((tools, index) => tools.map((tool) => [tool, toolboxes[index] ?? emptyToolbox] as const))
  )
  const entryOf = (tool: ToolDefinition): Entry => ({ tool, toolbox: owners.get(tool) ?? emptyToolbox })
  const named = nameTools([...owners.keys()], policy).tools
  const qualified = new Map<string, Entry>()
  for (const tool of owners.keys()) {
    for (const name of qualifiedNames(tool)) qualified.set(name, entryOf(tool))
  }
  return {
    listed: named.map(({ exposedName, tool }) => ({ ...tool, name: exposedName })),
    shown: new Map(named.map(({ exposedName, tool }) => [exposedName, entryOf(tool)])),
    qualified
  }
}

/**
 * Several toolboxes as one, under one naming rule over all of them. Every tool of the host stays callable
 * as `<source>__<tool>`, whatever it is shown as.
 */
export const joinToolboxes = (
  toolboxes: ReadonlyArray<Toolbox["Service"]>,
  policy: NamingPolicy = "prefix"
): Toolbox["Service"] => {
  // Naming is redone only when a list changed: toolboxes answer with the same array until then.
  let last: { readonly lists: ReadonlyArray<ReadonlyArray<ToolDefinition>>; readonly names: Names } | undefined
  const names = Effect.map(
    Effect.forEach(toolboxes, (toolbox) => toolbox.list),
    (lists) => {
      if (last === undefined || lists.some((list, index) => list !== last?.lists[index])) {
        last = { lists, names: namesOf(toolboxes, lists, policy) }
      }
      return last.names
    }
  )
  return {
    list: Effect.map(names, ({ listed }) => listed),
    call: (name, input, context) =>
      Effect.flatMap(names, ({ qualified, shown }) => {
        const entry = shown.get(name) ?? qualified.get(name)
        if (entry !== undefined) return entry.toolbox.call(entry.tool.name, input, context)
        const available = [...shown.keys()]
        const nearest = nearestName(name, available)
        return Effect.fail(
          new ToolNotFound({ toolName: name, available, ...(nearest === undefined ? {} : { nearest }) })
        )
      })
  }
}
