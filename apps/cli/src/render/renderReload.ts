/**
 * What a changed configuration file means, for the person who has changed it.
 */
import type { ReloadEvent } from "@signalbox/host"
import { printable, type Style } from "./style.ts"

/** What has changed, as far as it is shown. */
export interface ShownReload {
  readonly added: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  readonly changed: ReadonlyArray<string>
  readonly kept: ReadonlyArray<{ readonly serverName: string; readonly error: { readonly message: string } }>
  readonly needsRestart: ReadonlyArray<string>
}

/** A line for each thing to know; nothing where nothing is different. */
export const renderReloaded = (
  { added, changed, kept, needsRestart, removed }: ShownReload,
  style: Style
): ReadonlyArray<string> => {
  const parts = [["new", added] as const, ["gone", removed] as const, ["reconnected", changed] as const].flatMap(
    ([word, names]) => (names.length > 0 ? [`${word}: ${names.join(", ")}`] : [])
  )
  return [
    ...(parts.length > 0 ? [`${style.cyan("~")} The configuration has changed (${parts.join("; ")})`] : []),
    ...kept.map(
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
