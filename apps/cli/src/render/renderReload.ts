/**
 * What a changed configuration file means, for the person who has changed it.
 */
import type { ReloadEvent } from "@signalbox/host"
import { nameInSet } from "./nameInSet.ts"
import { printable, type Style } from "./style.ts"

interface ShownChange {
  readonly added: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  readonly changed: ReadonlyArray<string>
}

interface ShownKept {
  readonly serverName: string
  readonly error: { readonly message: string }
}

/** What has changed, as far as it is shown. */
export interface ShownReload extends ShownChange {
  readonly kept: ReadonlyArray<ShownKept>
  readonly agents: ShownChange & { readonly kept: ReadonlyArray<ShownKept & { readonly agentName: string }> }
  readonly clients: ShownChange
  readonly areToolsChanged: boolean
  readonly isApprovalChanged: boolean
  readonly needsRestart: ReadonlyArray<string>
}

/** One part for each kind of change. */
const changesOf = (change: ShownChange, words: Readonly<Record<keyof ShownChange, string>>): ReadonlyArray<string> =>
  (["added", "removed", "changed"] as const).flatMap((kind) =>
    change[kind].length > 0 ? [`${words[kind]}: ${change[kind].join(", ")}`] : []
  )

const serverWords = { added: "new", removed: "gone", changed: "reconnected" }
const clientWords = { added: "new clients", removed: "clients gone", changed: "changed clients" }
const agentWords = { added: "new agents", removed: "agents gone", changed: "changed agents" }

/** A line for each thing to know; nothing where nothing is different. */
export const renderReloaded = (
  { agents, areToolsChanged, clients, isApprovalChanged, kept, needsRestart, ...change }: ShownReload,
  style: Style
): ReadonlyArray<string> => {
  const parts = [
    ...changesOf(change, serverWords),
    ...changesOf(agents, agentWords),
    ...changesOf(clients, clientWords),
    ...(areToolsChanged ? ["other built-in tools, or other limits for them"] : []),
    ...(isApprovalChanged ? ["other calls are asked about"] : [])
  ]
  const keptOfAgents = agents.kept.map(({ agentName, error, serverName }) => ({
    error,
    serverName: nameInSet(agentName, serverName)
  }))
  return [
    ...(parts.length > 0 ? [`${style.cyan("~")} The configuration has changed (${parts.join("; ")})`] : []),
    ...[...kept, ...keptOfAgents].map(
      ({ error, serverName }) =>
        `${style.yellow("!")} ${style.bold(serverName)} goes on with its old options: ${printable(error.message)}`
    ),
    ...(needsRestart.length > 0
      ? [`${style.yellow("!")} Start signalbox anew for these to take effect: ${needsRestart.join(", ")}`]
      : [])
  ]
}

/** The same for a file that is followed, which may also be wrong. */
export const renderReload = (event: ReloadEvent, style: Style): ReadonlyArray<string> => {
  if (event._tag === "Reloaded") return renderReloaded(event.reloaded, style)
  const lines = event.error.message.split("\n").map(printable)
  return [`${style.red("✗")} The changed configuration is not in force. ${lines.join("\n")}`]
}
