/**
 * What agents refer to and is not there. A misspelt name would otherwise be an agent that silently lacks a tool.
 */
import { nearestName } from "@signalbox/model"
import { toolNames } from "@signalbox/tools"
import { commonSecrets } from "../config/AgentEntry.ts"
import { builtInSource } from "../config/builtInSource.ts"
import type { FoundProblem } from "../config/layers.ts"
import { isTree, type Tree, valueAt } from "../config/tree.ts"
import { readReference, withServer } from "./serverReference.ts"

type Path = FoundProblem["path"]

const treeAt = (value: unknown, key: string): Tree => {
  const inner = valueAt(value, [key])
  return isTree(inner) ? inner : {}
}

const referencesOf = (agent: unknown): ReadonlyArray<string> => {
  const references = valueAt(agent, ["servers"])
  // What is no text, the schema tells. It is kept as a reference to nothing, so that the others have their index.
  return Array.isArray(references) ? references.map((text) => (typeof text === "string" ? text : "")) : []
}

/** Those of all built-in tools, switched on or not. */
const names: ReadonlyArray<string> = toolNames

/** What has no environment of its own. */
const remoteTransports: ReadonlySet<unknown> = new Set(["http", "sse"])

const unknownBuiltIn = (path: Path, tool: string): FoundProblem => {
  const nearest = nearestName(tool, names)
  return {
    path,
    message: `there is no built-in tool "${tool}"`,
    suggestion:
      nearest === undefined ? `there are: ${names.join(", ")}` : `did you mean "mcp.${builtInSource}.${nearest}"?`
  }
}

/**
 * Every reference of an agent that leads nowhere, with the name that may have been meant. Takes the configuration as
 * it stands, so that these are told together with what is wrong with its shape.
 */
export const agentProblems = (config: unknown): ReadonlyArray<FoundProblem> => {
  if (!isTree(valueAt(config, ["servers"]))) return []
  const servers = treeAt(config, "servers")
  const all = [...Object.keys(servers), builtInSource]
  const unknownServer = (path: Path, text: string, among: ReadonlyArray<string>): FoundProblem => {
    const nearest = nearestName(readReference(text).server, among)
    return {
      path,
      message: `there is no server "${readReference(text).server}"`,
      suggestion:
        nearest === undefined ? `there are: ${all.join(", ")}` : `did you mean "${withServer(text, nearest)}"?`
    }
  }
  return Object.entries(treeAt(config, "agents")).flatMap(([name, agent]) => {
    const path = ["agents", name]
    const [secrets, tools] = [treeAt(agent, "secrets"), treeAt(agent, "tools")]
    const references = referencesOf(agent)
    const used = [...new Set(references.map((text) => readReference(text).server))]
    const missing = references.flatMap((text, index) => {
      const { server, tool } = readReference(text)
      const place = [...path, "servers", index]
      if (text !== "" && !all.includes(server)) return [unknownServer(place, text, all)]
      const isUnknown = server === builtInSource && tool !== undefined && !names.includes(tool)
      return isUnknown ? [unknownBuiltIn(place, tool)] : []
    })
    const unused = [
      ...Object.keys(tools).map((server) => ({ key: "tools", server })),
      ...Object.keys(secrets).flatMap((server) => (server === commonSecrets ? [] : [{ key: "secrets", server }]))
    ]
      .filter(({ server }) => !used.includes(server))
      .map(({ key, server }): FoundProblem => {
        if (!all.includes(server)) return unknownServer([...path, key, server], server, used)
        return {
          path: [...path, key, server],
          message: `the agent does not use the server "${server}"`,
          suggestion: `add it to agents.${name}.servers, or leave this out`
        }
      })
    const remote = Object.keys(secrets)
      .filter((server) => server !== commonSecrets && used.includes(server))
      .filter((server) => server === builtInSource || remoteTransports.has(valueAt(servers, [server, "transport"])))
      .map((server): FoundProblem => ({
        path: [...path, "secrets", server],
        message: `"${server}" is no local server, so it has no environment`,
        suggestion:
          server === builtInSource
            ? "hand variables to commands by tools.commands.environment"
            : `give it headers under servers.${server}`
      }))
    return [...missing, ...unused, ...remote]
  })
}
