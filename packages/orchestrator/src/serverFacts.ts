/**
 * What a supervisor knows of its server beside the state, and how that is shown to others.
 */
import type { SignalboxError } from "@signalbox/errors"
import type { McpClient, McpTool } from "@signalbox/mcp"
import { type DateTime, type Duration, Equal } from "effect"
import { healthOf, type HealthRecord } from "./Health.ts"
import type { ManagedServer } from "./OrchestratorOptions.ts"
import type { ServerEvent, ServerHealth, ServerInfo, ServerState } from "./ServerInfo.ts"

/** What is known beside the state, changed in place. */
export interface Facts {
  health: HealthRecord
  errorCount: number
  restartCount: number
  reason?: SignalboxError | undefined
  lastError?: SignalboxError
  nextRestartAt?: DateTime.Utc | undefined
  startedAt?: DateTime.Utc | undefined
  startDuration?: Duration.Duration
  exit?: ServerInfo["exit"]
}

/** A server at this moment. */
export const infoOf = (
  managed: ManagedServer,
  state: ServerState,
  facts: Facts,
  client: McpClient | undefined,
  known: { readonly list: () => ReadonlyArray<McpTool> | undefined; readonly areRemembered: () => boolean }
): ServerInfo => ({
  name: managed.server.name,
  state,
  transport: managed.server.endpoint.transport,
  url: "url" in managed.server.endpoint ? managed.server.endpoint.url : undefined,
  pid: client?.identity.pid,
  identity:
    client === undefined
      ? undefined
      : {
          name: client.identity.name,
          version: client.identity.version,
          protocolVersion: client.identity.protocolVersion,
          era: client.identity.era,
          instructions: client.identity.instructions
        },
  health: shownHealth(managed, state, facts),
  isRequired: managed.isRequired,
  reason: state === "error" ? facts.reason : undefined,
  lastError: facts.lastError,
  errorCount: facts.errorCount,
  nextRestartAt: state === "error" ? facts.nextRestartAt : undefined,
  startedAt: facts.startedAt,
  startDuration: facts.startDuration,
  restartCount: facts.restartCount,
  exit: facts.exit,
  tools: (known.list() ?? []).map(({ name }) => name),
  areToolsRemembered: known.areRemembered(),
  circuit: undefined,
  hiddenTools: []
})

const shownHealth = ({ health }: ManagedServer, state: ServerState, facts: Facts): ServerHealth => {
  if (state === "running") return healthOf(facts.health, health)
  if (state === "error") return { status: "unhealthy", reason: facts.reason?.message }
  return { status: "unknown", reason: undefined }
}

/** What the difference between two lists means to those who watch. */
export const toolsChanged = (
  serverName: string,
  before: ReadonlyArray<McpTool>,
  after: ReadonlyArray<McpTool>
): Extract<ServerEvent, { readonly _tag: "ToolsChanged" }> => {
  const old = new Map(before.map((tool) => [tool.name, tool]))
  const now = new Map(after.map((tool) => [tool.name, tool]))
  const names = [...now.keys()]
  return {
    _tag: "ToolsChanged",
    serverName,
    added: names.filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    changed: names.filter((name) => old.has(name) && !Equal.equals(old.get(name), now.get(name)))
  }
}

/** How the process ended, as far as the error knows. */
export const exitOf = (error: object): ServerInfo["exit"] => {
  const { exitCode, signal }: { exitCode?: number; signal?: string } = error
  return { code: exitCode, signal }
}
