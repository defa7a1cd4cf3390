/**
 * What a list does not show because servers do not run.
 */
import type { ServerInfo } from "@signalbox/orchestrator"
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { shortfallOf } from "../shortfall.ts"

/** One line on stderr; nothing where all of them run. */
export const tellShortfall = Effect.fnUntraced(function* (servers: ReadonlyArray<ServerInfo>) {
  const missing = shortfallOf(servers)
  if (missing === undefined) return
  const { errorStyle, status } = yield* Output
  yield* status(`${errorStyle.yellow("!")} ${missing.message} See why: signalbox servers status`)
})
