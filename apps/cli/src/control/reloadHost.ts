/**
 * `reload` at work.
 */
import type { ReloadedJson } from "@signalbox/server/control"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { renderReloaded, type ShownReload } from "../render/renderReload.ts"
import { report } from "../report.ts"
import { running } from "./runningHost.ts"

const messageOf = (error: Readonly<Record<string, unknown>>) => ({ message: String(error["message"]) })

const shown = ({
  agents,
  kept,
  needs_restart: needsRestart,
  tools_changed: areToolsChanged,
  approval_changed: isApprovalChanged,
  ...told
}: ReloadedJson): ShownReload => ({
  ...told,
  areToolsChanged,
  isApprovalChanged,
  needsRestart,
  kept: kept.map(({ error, server_name: serverName }) => ({ serverName, error: messageOf(error) })),
  agents: {
    ...agents,
    kept: agents.kept.map(({ agent: agentName, error, server_name: serverName }) => ({
      agentName,
      serverName,
      error: messageOf(error)
    }))
  }
})

/** Makes the host read its file, and prints what that has changed. */
export const reloadHost = Effect.flatMap(running, ({ ask }) => ask((client) => client.host.reload())).pipe(
  Effect.scoped,
  report({
    render: (told) =>
      Effect.gen(function* () {
        const { line, style } = yield* Output
        const lines = renderReloaded(shown(told), style)
        for (const text of lines) yield* line(text)
        if (lines.length === 0) yield* line(`${style.green("✓")} Nothing has changed`)
      })
  })
)
