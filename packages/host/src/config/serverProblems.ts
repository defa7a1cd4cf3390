/**
 * What the keys of `server` say about each other. Takes the configuration as it stands, so that it is told together with
 * what is wrong with its shape.
 */
import type { FoundProblem } from "./layers.ts"
import { isLoopback } from "./loopback.ts"
import { valueAt } from "./tree.ts"

/**
 * Whether a server lets in whoever reaches its port. A key for the provider is not looked at: whoever makes one up could
 * run the tools all the same.
 */
export const isOpenToAll = (mode: unknown, tools: unknown): boolean =>
  mode !== "keys" && !(mode === "forward" && tools === "none")

/** Whoever reaches a port where nobody is asked for a key could run the tools and spend the key. */
export const serverProblems = (config: unknown): ReadonlyArray<FoundProblem> => {
  const host = valueAt(config, ["server", "host"])
  const mode = valueAt(config, ["server", "auth", "mode"])
  const keys = valueAt(config, ["server", "auth", "keys"])
  const problems: Array<FoundProblem> = []
  const tools = valueAt(config, ["server", "tools"])
  if (typeof host === "string" && isOpenToAll(mode, tools) && !isLoopback(host)) {
    problems.push({
      path: ["server", "host"],
      message: `Expected 127.0.0.1, ::1 or localhost: whoever reaches the port could run your tools and spend your key, found ${JSON.stringify(host)}`,
      suggestion:
        "or let clients in by keys (server.auth.mode: keys), or hand on their own and keep the tools out of it (forward, with server.tools: none)"
    })
  }
  if (mode === "keys" && Array.isArray(keys) && keys.length === 0) {
    problems.push({ path: ["server", "auth", "keys"], message: "Expected at least one key, found []" })
  }
  return problems
}
