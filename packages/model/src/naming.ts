/**
 * Which name each tool is shown under: bare while it is unique, `<source>__<tool>` for all holders of a
 * name that clashes. A pure function of what is listed: the same servers give the same names, in whatever
 * order they connected, so prompt caches and people's habits survive.
 */
import type { RunBy } from "./ContentBlock.ts"
import type { ToolDefinition } from "./Tool.ts"

/** What to do when two sources have a tool of the same name. */
export type NamingPolicy = "prefix" | "first" | "error"

/** The longest name that every provider takes (OpenAI: 64; Anthropic: 128). */
const maxLength = 64

/** FNV-1a over UTF-16 code units, 32 bits: short, and the same on every machine and in every version. */
const hash = (text: string): string => {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0
  }
  return value.toString(36).padStart(7, "0")
}

/**
 * A name made to fit `[A-Za-z0-9_-]{1,64}`. What had to change is replaced by `_`, and the hash of the
 * whole original is appended, so that two names which become alike stay apart.
 */
export const fitName = (name: string): string => {
  const cleaned = name.replace(/[^A-Za-z0-9_-]/g, "_")
  if (cleaned === name && name.length > 0 && name.length <= maxLength) return name
  return withHash(name)
}

const withHash = (name: string, hashed = name): string =>
  `${name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, maxLength - 8)}_${hash(hashed)}`

/** The name under which a tool can always be called, clash or not. */
export const qualifiedName = (source: string, originalName: string): string => fitName(`${source}__${originalName}`)

/** The source of a tool as it stands in names: the server, or nothing for the caller's own. */
export const sourceOf = (runBy: RunBy): string | undefined => (runBy._tag === "Host" ? runBy.source : undefined)

/** What a name depends on. Prompts are named by the same rule as tools. */
type Nameable = Pick<ToolDefinition, "originalName" | "alias" | "runBy">

/** A tool together with the name that it is shown under. */
export interface NamedTool<T extends Nameable = ToolDefinition> {
  readonly exposedName: string
  readonly tool: T
}

/** The outcome of naming: the tools to show, and what had to be decided on the way. */
export interface NamedTools<T extends Nameable = ToolDefinition> {
  readonly tools: ReadonlyArray<NamedTool<T>>
  /** Bare names that several sources have, with those sources. */
  readonly clashes: ReadonlyArray<{ readonly name: string; readonly sources: ReadonlyArray<string> }>
}

/** The name that a tool goes by while no other has it: the one that it was given, else its own. */
export const ownName = ({ alias, originalName }: Nameable): string => alias ?? originalName

/** Names under which a tool can always be called, by the name that it goes by and by its own. */
export const qualifiedNames = (tool: Nameable): ReadonlyArray<string> => {
  const source = sourceOf(tool.runBy)
  if (source === undefined) return []
  return [...new Set([qualifiedName(source, ownName(tool)), qualifiedName(source, tool.originalName)])]
}

/** Whether a name is not ours to change. */
export const isFixed = (tool: Nameable): boolean => tool.runBy._tag !== "Host"

/** What a tool is, whatever it is called: who runs it, and its name there. */
export const identityOf = (tool: Nameable): string => `${sourceOf(tool.runBy) ?? ""}\0${tool.originalName}`

/**
 * The name itself while it is free, else with the hash of whose tool it is, so that it does not matter how many
 * others wanted this name.
 */
export const freeName = (tool: Nameable, name: string, isTaken: (name: string) => boolean): string => {
  let free = name
  for (let salt = identityOf(tool); isTaken(free); salt += "\0") free = withHash(name, salt)
  return free
}

/**
 * Who may claim a name before whom. The caller's names come first: a name of ours must never take one of
 * theirs. Then bare names before qualified ones, and all of them in an order that does not depend on the list.
 */
const inClaimingOrder = <T extends Nameable>(
  tools: ReadonlyArray<T>,
  holders: ReadonlyMap<string, ReadonlyArray<T>>
): ReadonlyArray<T> => {
  const rank = (tool: T) => (isFixed(tool) ? 0 : (holders.get(fitName(ownName(tool)))?.length ?? 0) === 1 ? 1 : 2)
  return tools
    .map((tool) => ({ tool, rank: rank(tool), identity: identityOf(tool) }))
    .toSorted((a, b) => a.rank - b.rank || (a.identity < b.identity ? -1 : a.identity > b.identity ? 1 : 0))
    .map(({ tool }) => tool)
}

/**
 * Names a list of tools. Tools of the caller and of the provider keep their names whatever happens:
 * they are not ours to rename. With `first`, the earlier source keeps a name that clashes and the later
 * ones are left out of the list; with `error`, all of them are.
 */
export const nameTools = <T extends Nameable>(
  tools: ReadonlyArray<T>,
  policy: NamingPolicy = "prefix"
): NamedTools<T> => {
  const holders = Map.groupBy(tools, (tool) => fitName(ownName(tool)))
  const clashes = [...holders]
    .filter(([, group]) => group.length > 1)
    .map(([name, group]) => ({ name, sources: group.map((tool) => sourceOf(tool.runBy) ?? "caller") }))
  const nameOf = (tool: T): string | undefined => {
    if (isFixed(tool)) return tool.originalName
    const bare = fitName(ownName(tool))
    const group = holders.get(bare) ?? []
    if (group.length === 1) return bare
    if (policy === "prefix") return qualifiedName(sourceOf(tool.runBy) ?? "", ownName(tool))
    const first = group.find(isFixed) ?? group[0]
    return policy === "first" && first === tool ? bare : undefined
  }
  const taken = new Set<string>()
  const named: Array<NamedTool<T>> = []
  for (const tool of inClaimingOrder(tools, holders)) {
    const name = nameOf(tool)
    if (name === undefined) continue
    const exposedName = freeName(tool, name, (name) => taken.has(name))
    taken.add(exposedName)
    named.push({ exposedName, tool })
  }
  const order = new Map<T, number>(tools.map((tool, index) => [tool, index]))
  named.sort((a, b) => (order.get(a.tool) ?? 0) - (order.get(b.tool) ?? 0))
  return { tools: named, clashes }
}
