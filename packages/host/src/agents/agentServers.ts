/**
 * The servers of one agent as the orchestrator wants them: those that it names and that are enabled, with its own secrets
 * in their environment, and only the tools that both the server and the agent let through.
 */
import type { MaybeSecret } from "@signalbox/mcp"
import type { ManagedServer } from "@signalbox/orchestrator"
import { Effect, Redacted } from "effect"
import { type AgentEntry, commonSecrets } from "../config/AgentEntry.ts"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import type { ServerEntry } from "../config/HostOptions.ts"
import type { FoundProblem } from "../config/layers.ts"
import type { ToolLists } from "../config/schemas.ts"
import { notSet, resolveText, unsetVariables } from "../config/secrets.ts"
import { resolveServer } from "../servers.ts"
import { readReference } from "./serverReference.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** The names of the servers of an agent, each once, in its order. */
export const agentServerNames = ({ servers }: AgentEntry): ReadonlyArray<string> => [
  ...new Set(servers.map((text) => readReference(text).server))
]

const both = (one: ToolLists["allow"], other: ToolLists["allow"]): ToolLists["allow"] =>
  one === undefined ? other : other === undefined ? one : one.filter((tool) => other.includes(tool))

/** All tools when the server is named as a whole, else those that are named. */
const namedTools = ({ servers }: AgentEntry, server: string): ToolLists["allow"] => {
  const named = servers.map(readReference).filter((reference) => reference.server === server)
  const tools = named.flatMap(({ tool }) => (tool === undefined ? [] : [tool]))
  return tools.length === named.length ? tools : undefined
}

/** What both the source, as `lists` say, and the agent let through of its tools. */
export const allowedTools = (agent: AgentEntry, name: string, lists: ToolLists): ToolLists => {
  const own = agent.tools?.[name]
  const allow = both(both(lists.allow, own?.allow), namedTools(agent, name))
  const deny = [...(lists.deny ?? []), ...(own?.deny ?? [])]
  return { ...(allow === undefined ? {} : { allow }), deny }
}

const toolsOf = (agent: AgentEntry, name: string, { tools = {} }: ServerEntry): NonNullable<ServerEntry["tools"]> => ({
  ...tools,
  ...allowedTools(agent, name, tools)
})

/** What an agent puts into the environment of one of its servers; a secret from here on, wherever it stood. */
const secretsOf = (
  config: LoadedConfig,
  environment: Environment,
  agentName: string,
  { secrets = {} }: AgentEntry,
  serverName: string
) => {
  const problems: Array<FoundProblem> = []
  const env: Record<string, MaybeSecret> = {}
  for (const group of [commonSecrets, serverName]) {
    for (const [key, value] of Object.entries(secrets[group] ?? {})) {
      const resolved = resolveText(value, environment, config.directory)
      if (resolved === undefined) {
        problems.push({
          path: ["agents", agentName, "secrets", group, key],
          message: notSet(unsetVariables(value, environment)),
          suggestion: "set it, or disable the agent"
        })
      } else env[key] = typeof resolved === "string" ? Redacted.make(resolved) : resolved
    }
  }
  return { env, problems }
}

/** The servers of an agent, and every variable that it needs and that is not set. */
export const agentServers = Effect.fnUntraced(function* (
  config: LoadedConfig,
  environment: Environment,
  agentName: string,
  agent: AgentEntry
) {
  const servers: Array<ManagedServer> = []
  const problems: Array<FoundProblem> = []
  for (const name of agentServerNames(agent)) {
    const entry = config.options.servers[name]
    if (entry?.enabled !== true) continue
    const tools = toolsOf(agent, name, entry)
    if (entry.transport !== "stdio") {
      const resolved = yield* resolveServer(config, environment, name, { ...entry, tools })
      servers.push(resolved.server)
      problems.push(...resolved.problems)
      continue
    }
    const secrets = secretsOf(config, environment, agentName, agent, name)
    // A variable that the agent sets itself need not be set for the server.
    const env = Object.fromEntries(Object.entries(entry.env).filter(([key]) => !(key in secrets.env)))
    const resolved = yield* resolveServer(config, environment, name, { ...entry, tools, env })
    servers.push(withEnvironment(resolved.server, secrets.env))
    problems.push(...resolved.problems, ...secrets.problems)
  }
  return { servers, problems }
})

const withEnvironment = (managed: ManagedServer, env: Readonly<Record<string, MaybeSecret>>): ManagedServer => {
  const { endpoint } = managed.server
  return endpoint.transport === "stdio"
    ? { ...managed, server: { ...managed.server, endpoint: { ...endpoint, env: { ...endpoint.env, ...env } } } }
    : managed
}
