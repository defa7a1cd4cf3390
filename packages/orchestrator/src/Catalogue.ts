/**
 * Which tools there are, under which names, and where each call goes. A pure function of the lists of all
 * servers in the order of the configuration: who connected first plays no part.
 */
import type { McpTool } from "@signalbox/mcp"
import {
  isSafeToRepeat,
  nameTools,
  type NamedTools,
  type NamingPolicy,
  qualifiedNames,
  type ToolDefinition
} from "@signalbox/model"
import { letsThrough, type ManagedServer } from "./OrchestratorOptions.ts"

/** Where a call goes, and what matters on the way. */
export interface Route {
  readonly serverName: string
  /** As the server knows it. */
  readonly toolName: string
  /** As it was listed. */
  readonly exposedName: string
  /** Whether it may run beside others when writes are serial. An untrusted hint will do: it only orders calls. */
  readonly isReadOnly: boolean
  /** Whether calling it twice does no harm, by the word of a trusted server. */
  readonly isRepeatable: boolean
}

/** An immutable routing table. */
export interface Catalogue {
  readonly listed: ReadonlyArray<ToolDefinition>
  readonly clashes: NamedTools["clashes"]
  /** By the names that are listed. */
  readonly shown: ReadonlyMap<string, Route>
  /** By `<server>__<tool>`: every tool, listed or not. */
  readonly qualified: ReadonlyMap<string, Route>
}

/** A server and what it lists, as far as it may be used. */
export interface ServerTools {
  readonly managed: ManagedServer
  readonly tools: ReadonlyArray<McpTool>
}

/** The table of no servers. */
export const emptyCatalogue: Catalogue = { listed: [], clashes: [], shown: new Map(), qualified: new Map() }

/** Builds the table. */
export const buildCatalogue = (servers: ReadonlyArray<ServerTools>, naming: NamingPolicy): Catalogue => {
  const owners = new Map<ToolDefinition, ManagedServer>()
  for (const { managed, tools } of servers) {
    for (const tool of tools) owners.set(definitionOf(managed, tool), managed)
  }
  const named = nameTools([...owners.keys()], naming)
  const exposed = new Map(named.tools.map(({ exposedName, tool }) => [tool, exposedName]))
  const shown = new Map<string, Route>()
  const qualified = new Map<string, Route>()
  for (const [tool, managed] of owners) {
    const [always = "", ...others] = qualifiedNames(tool)
    const name = exposed.get(tool)
    const route = routeOf(managed, tool, name ?? always)
    if (name !== undefined) shown.set(name, route)
    for (const address of [always, ...others]) if (!qualified.has(address)) qualified.set(address, route)
  }
  return {
    listed: named.tools.map(({ exposedName, tool }) => ({ ...tool, name: exposedName })),
    clashes: named.clashes,
    shown,
    qualified
  }
}

/** Finds a tool by the name that is listed, or by its qualified one. */
export const findRoute = (catalogue: Catalogue, name: string): Route | undefined =>
  catalogue.shown.get(name) ?? catalogue.qualified.get(name)

/** The tools that the configuration lets through. A name that comes twice counts once. */
export const allowedTools = ({ tools }: ManagedServer, listed: ReadonlyArray<McpTool>): ReadonlyArray<McpTool> => {
  const seen = new Set<string>()
  return listed.filter(({ name }) => {
    const isAllowed = letsThrough(tools, name) && !seen.has(name)
    seen.add(name)
    return isAllowed
  })
}

/** Names in the rules for tools that the server does not have: most likely misspelt. */
export const unknownNames = ({ tools }: ManagedServer, listed: ReadonlyArray<McpTool>): ReadonlyArray<string> => {
  const known = new Set(listed.map(({ name }) => name))
  const { allow = [], deny, describe, rename } = tools
  const named = new Set([...allow, ...deny, ...Object.keys(rename), ...Object.keys(describe)])
  return [...named].filter((name) => !known.has(name))
}

/** Names that tools are given and that others of the server have already. */
export const takenNames = ({ tools }: ManagedServer, listed: ReadonlyArray<McpTool>): ReadonlyArray<string> => {
  const known = new Set(listed.map(({ name }) => name))
  return Object.entries(tools.rename).flatMap(([original, name]) =>
    known.has(original) && known.has(name) && !Object.hasOwn(tools.rename, name) ? [name] : []
  )
}

const definitionOf = (managed: ManagedServer, tool: McpTool): ToolDefinition => {
  const title = tool.title ?? tool.annotations?.title
  const alias = ownValue(managed.tools.rename, tool.name)
  return {
    name: tool.name,
    originalName: tool.name,
    ...(alias === undefined ? {} : { alias }),
    ...(title === undefined ? {} : { title }),
    description: ownValue(managed.tools.describe, tool.name) ?? tool.description ?? "",
    inputSchema: tool.inputSchema,
    ...(tool.outputSchema === undefined ? {} : { outputSchema: tool.outputSchema }),
    annotations: tool.annotations ?? {},
    runBy: { _tag: "Host", source: managed.server.name },
    isTrusted: managed.isTrusted
  }
}

/** A server may have a tool of the name `constructor`. */
const ownValue = (values: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(values, key) ? values[key] : undefined

const routeOf = (managed: ManagedServer, tool: ToolDefinition, exposedName: string): Route => ({
  serverName: managed.server.name,
  toolName: tool.originalName,
  exposedName,
  isReadOnly: tool.annotations.readOnlyHint === true,
  isRepeatable: isSafeToRepeat(tool)
})
