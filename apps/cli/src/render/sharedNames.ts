/**
 * Tool names that several servers have, and what becomes of them: told where somebody looks at the servers,
 * because it is no fault and would be noise elsewhere.
 */
import type { NamingPolicy } from "@signalbox/model"
import type { ServerInfo } from "@signalbox/orchestrator"
import { counted, oneLine, printable, type Style } from "./style.ts"

const outcomes: Readonly<Record<NamingPolicy, string>> = {
  prefix: "each is listed as <server>__<tool>",
  first: "the first server's is listed, the others are called by <server>__<tool>",
  error: "none is listed, all are called by <server>__<tool>"
}

/** A sentence and the names below it, or nothing where every name is unique. */
export const renderSharedNames = (
  servers: ReadonlyArray<ServerInfo>,
  naming: NamingPolicy,
  style: Style,
  width: number
): string | undefined => {
  const holders = Map.groupBy(
    servers.flatMap(({ name, tools }) => tools.map((tool) => ({ tool, server: name }))),
    ({ tool }) => tool
  )
  const shared = [...holders].filter(([, group]) => group.length > 1)
  if (shared.length === 0) return undefined
  const verb = shared.length === 1 ? "is" : "are"
  const names = shared.map(([tool, group]) => `${tool} (${group.map(({ server }) => server).join(", ")})`).join(", ")
  const told = `${counted(shared.length, "tool name")} ${verb} used by several servers; ${outcomes[naming]}`
  // The names come last: they are what may be cut.
  return [style.dim(told), style.dim(`  ${oneLine(printable(names), width - 2)}`)].join("\n")
}
