/**
 * The commands of an agent in a manifest, as servers and tools: each module that an enabled command names is a server,
 * and the commands are those of its tools that the agent may call.
 */
import { isTree, type Tree } from "../../tree.ts"
import { type ImportedServer } from "../ImportedServer.ts"
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

/** Reads `mcp_commands`. One without `enabled` is enabled. */
export const agentCommands = (value: unknown): AgentCommands => {
  const commands = isTree(value) && Array.isArray(value["mcp_commands"]) ? value["mcp_commands"].filter(isTree) : []
  const modules = new Map<string, AgentModule>()
  const onStart: Array<{ readonly module: string; readonly tool: string }> = []
  const lost = new Set<string>()
  const notes: Array<string> = []
  for (const command of commands) {
    const tool = textOf(command["command"])
    const module = moduleOf(command)
    if (tool === undefined || module === undefined) {
      notes.push(`a command was left out: it has no ${tool === undefined ? "name" : "module"}.`)
      continue
    }
    for (const key of Object.keys(command)) if (!understood.has(key)) lost.add(key)
    if (command["enabled"] === false) continue
    const { runtime, tools } = modules.get(module.path) ?? { runtime: module.runtime, tools: [] }
    modules.set(module.path, { runtime, tools: [...tools, tool] })
    if (command["run_on_start_up"] === true) onStart.push({ module: module.path, tool })
  }
  if (lost.size > 0) notes.push(`what its commands say of ${[...lost].join(", ")} has no counterpart here.`)
  return { modules, onStart, notes }
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
  return {
    enabled: true,
    transport: "stdio",
    command: runtime,
    args: isDotted ? ["-m", module] : [place(module)],
    env: {}
  }
}
