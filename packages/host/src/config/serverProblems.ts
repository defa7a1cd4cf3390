/**
 * What the keys of `server` say about each other. Takes the configuration as it stands, so that it is told together with
 * what is wrong with its shape.
 */
import { nearestName } from "@signalbox/model"
import { builtInSource } from "./builtInSource.ts"
import type { ConfigPath } from "./document.ts"
import type { FoundProblem } from "./layers.ts"
import { isLoopback } from "./loopback.ts"
import { listAt, treeAt, valueAt } from "./tree.ts"

/**
 * Whether a server lets in whoever reaches its port. A key for the provider is not looked at: whoever makes one up could
 * run the tools all the same, or have this machine connect to servers.
 */
export const isOpenToAll = (mode: unknown, tools: unknown, takesUrls: unknown): boolean =>
  mode !== "keys" && !(mode === "forward" && tools === "none" && takesUrls !== true)

/** Each server that a list of tools names and nobody has. */
const unknownServers = (config: unknown, path: ConfigPath): ReadonlyArray<FoundProblem> => {
  const known = [...Object.keys(treeAt(config, ["servers"])), builtInSource]
  return listAt(config, path).flatMap((name, index) => {
    if (typeof name !== "string" || known.includes(name)) return []
    const nearest = nearestName(name, known)
    return [
      {
        path: [...path, index],
        message: `there is no server "${name}"`,
        suggestion: nearest === undefined ? `there are: ${known.join(", ")}` : `did you mean "${nearest}"?`
      }
    ]
  })
}

/** Each name of a client but the first that another has, too: costs and sessions are kept apart by it. */
const sharedNames = (keys: ReadonlyArray<unknown>): ReadonlyArray<FoundProblem> => {
  const names = keys.map((entry) => valueAt(entry, ["name"]))
  return names.flatMap((name, index) => {
    const first = names.indexOf(name)
    if (typeof name !== "string" || first === index) return []
    return [
      {
        path: ["server", "auth", "keys", index, "name"],
        message: `the name "${name}" is there already, at server.auth.keys.${first}`,
        suggestion: "give each client a name of its own: costs and sessions are kept apart by it"
      }
    ]
  })
}

/** The built-in tools have a name as servers have. */
const takenName = (config: unknown): ReadonlyArray<FoundProblem> =>
  Object.hasOwn(treeAt(config, ["servers"]), builtInSource)
    ? [
        {
          path: ["servers", builtInSource],
          message: `"${builtInSource}" is what the built-in tools are called`,
          suggestion: "give the server another name"
        }
      ]
    : []

/** Whoever reaches a port where nobody is asked for a key could run the tools and spend the key. */
export const serverProblems = (config: unknown): ReadonlyArray<FoundProblem> => {
  const host = valueAt(config, ["server", "host"])
  const mode = valueAt(config, ["server", "auth", "mode"])
  const keys = valueAt(config, ["server", "auth", "keys"])
  const clients = listAt(config, ["server", "auth", "keys"])
  const problems: Array<FoundProblem> = [
    ...unknownServers(config, ["server", "tools"]),
    ...clients.flatMap((_, index) => unknownServers(config, ["server", "auth", "keys", index, "tools"])),
    ...sharedNames(clients),
    ...takenName(config)
  ]
  const tools = valueAt(config, ["server", "tools"])
  const takesUrls = valueAt(config, ["server", "mcpUrls", "allowed"])
  if (typeof host === "string" && isOpenToAll(mode, tools, takesUrls) && !isLoopback(host)) {
    problems.push({
      path: ["server", "host"],
      message: `Expected 127.0.0.1, ::1 or localhost: whoever reaches the port could run your tools and spend your key, found ${JSON.stringify(host)}`,
      suggestion:
        "or let clients in by keys (server.auth.mode: keys), or hand on their own and keep the tools out of it (forward, with server.tools: none and server.mcpUrls.allowed: false)"
    })
  }
  if (mode === "keys" && Array.isArray(keys) && keys.length === 0) {
    problems.push({ path: ["server", "auth", "keys"], message: "Expected at least one key, found []" })
  }
  return problems
}
