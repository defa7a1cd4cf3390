/**
 * What agents refer to and is not there. A misspelt name would otherwise be an agent that silently lacks a tool.
 */
import { nearestName } from "@signalbox/model"
import { commonSecrets } from "../config/AgentEntry.ts"
import { type HostOptions } from "../config/HostOptions.ts"
import { type FoundProblem } from "../config/layers.ts"
import { readReference, withServer } from "./serverReference.ts"

type Path = FoundProblem["path"]

/** Every reference of an agent that leads nowhere, with the name that may have been meant. */
export const agentProblems = ({ agents, servers }: HostOptions): ReadonlyArray<FoundProblem> => {
  const all = Object.keys(servers)
  const unknownServer = (path: Path, text: string, among: ReadonlyArray<string>): FoundProblem => {
    const nearest = nearestName(readReference(text).server, among)
    const known = all.length === 0 ? "none is configured" : `there are: ${all.join(", ")}`
    return {
      path,
      message: `there is no server "${readReference(text).server}"`,
      suggestion: nearest === undefined ? known : `did you mean "${withServer(text, nearest)}"?`
    }
  }
  return Object.entries(agents).flatMap(([name, { secrets = {}, servers: references, tools = {} }]) => {
    const path = ["agents", name]
    const used = [...new Set(references.map((text) => readReference(text).server))]
    const missing = references.flatMap((text, index) =>
      Object.hasOwn(servers, readReference(text).server) ? [] : [unknownServer([...path, "servers", index], text, all)]
    )
    const unused = [
      ...Object.keys(tools).map((server) => ({ key: "tools", server })),
      ...Object.keys(secrets).flatMap((server) => (server === commonSecrets ? [] : [{ key: "secrets", server }]))
    ]
      .filter(({ server }) => !used.includes(server))
      .map(({ key, server }): FoundProblem => {
        if (!Object.hasOwn(servers, server)) return unknownServer([...path, key, server], server, used)
        return {
          path: [...path, key, server],
          message: `the agent does not use the server "${server}"`,
          suggestion: `add it to agents.${name}.servers, or leave this out`
        }
      })
    const remote = Object.keys(secrets)
      .filter((server) => server !== commonSecrets && used.includes(server))
      .filter((server) => Object.hasOwn(servers, server) && servers[server]?.transport !== "stdio")
      .map((server): FoundProblem => ({
        path: [...path, "secrets", server],
        message: `"${server}" is no local server, so it has no environment`,
        suggestion: `give it headers under servers.${server}`
      }))
    return [...missing, ...unused, ...remote]
  })
}
