/**
 * The commands of an agent in a manifest, as servers and tools: each module that an enabled command names is a server,
 * and the commands are those of its tools that the agent may call.
 */
import { isTree, type Tree } from "../../tree.ts"
import type { ImportedServer } from "../ImportedServer.ts"
import { textOf } from "../values.ts"

/** What an agent may call of the servers that it needs. */
export interface AgentCommands {
  /** By the module that they stand in, in the order in which they are first named. */
  readonly modules: ReadonlyMap<string, AgentModule>
  readonly onStart: ReadonlyArray<{ readonly module: string; readonly tool: string }>
  /** What has no counterpart, one sentence each. */
  readonly notes: ReadonlyArray<string>
}

/** A program, and which of its tools are wanted. */
export interface AgentModule {
  readonly runtime: "python" | "node"
  readonly tools: ReadonlyArray<string>
}

const understood = new Set("command description python_code_module node_code_module enabled run_on_start_up".split(" "))

const moduleOf = (command: Tree): { readonly path: string; readonly runtime: "python" | "node" } | undefined => {
  const python = textOf(command["python_code_module"])
  if (python !== undefined) return { path: python, runtime: "python" }
  const node = textOf(command["node_code_module"])
  return node === undefined ? undefined : { path: node, runtime: "node" }
}

interface ReadCommand {
  readonly tool: string
  readonly module: string
  readonly runtime: "python" | "node"
  readonly isEnabled: boolean
  readonly runsOnStart: boolean
}

/** One command, or why it is none. One without `enabled` is enabled. */
const readCommand = (command: Tree): ReadCommand | string => {
  const tool = textOf(command["command"])
  const module = moduleOf(command)
  if (tool === undefined || module === undefined)
    return `a command was left out: it has no ${tool === undefined ? "name" : "module"}.`
  return {
    tool,
    module: module.path,
    runtime: module.runtime,
    isEnabled: command["enabled"] !== false,
    runsOnStart: command["run_on_start_up"] === true
  }
}

/** Reads `mcp_commands`. */
export const agentCommands = (value: unknown): AgentCommands => {
  const listed = isTree(value) ? value["mcp_commands"] : undefined
  const commands = Array.isArray(listed) ? listed.filter(isTree) : []
  const read = commands.map(readCommand)
  const wanted = read.filter((command) => typeof command !== "string").filter(({ isEnabled }) => isEnabled)
  const modules = new Map<string, AgentModule>()
  for (const { module, runtime, tool } of wanted) {
    const known = modules.get(module)
    modules.set(module, { runtime: known?.runtime ?? runtime, tools: [...(known?.tools ?? []), tool] })
  }
  const lost = [...new Set(commands.flatMap((command) => Object.keys(command)))].filter((key) => !understood.has(key))
  const notes = read.filter((command) => typeof command === "string")
  if (lost.length > 0) notes.push(`what its commands say of ${lost.join(", ")} has no counterpart here.`)
  return {
    modules,
    onStart: wanted.filter(({ runsOnStart }) => runsOnStart).map(({ module, tool }) => ({ module, tool })),
    notes
  }
}

/** The last part of a path without its ending. */
export const stemOf = (module: string): string =>
  (module.split(/[\\/]/).at(-1) ?? module).replace(/\.(py|js|mjs|cjs|ts)$/, "")

/** How a module is run; `place` makes its path one from the folder of the configuration. */
export const moduleServer = (
  module: string,
  runtime: AgentModule["runtime"],
  place: (path: string) => string
): ImportedServer => {
  // `package.module` is found by Python itself.
  const isDotted = runtime === "python" && !/[\\/]|\.py$/.test(module)
  const program = isDotted ? { command: runtime, args: ["-m", module] } : { runtime, file: place(module), args: [] }
  return { enabled: true, transport: "stdio", ...program, env: {} }
}
