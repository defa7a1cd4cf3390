/**
 * The name that the configuration gives a tool, for those who look at servers without asking the toolbox.
 */
import type { ServerEntry } from "./config/HostOptions.ts"

/** The given name of a tool, else the server's own. A name that several servers have may be shown with the server before it. */
export const shownName = (entry: ServerEntry | undefined, tool: string): string => {
  const { rename = {} } = entry?.tools ?? {}
  return (Object.hasOwn(rename, tool) ? rename[tool] : undefined) ?? tool
}
