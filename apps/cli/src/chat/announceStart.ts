/**
 * The first sign of life of a start: which servers are being started.
 */
import { Effect } from "effect"
import { Output } from "../Output.ts"
import { counted, oneLine } from "../render/style.ts"
import type { RunningHost } from "../withHost.ts"

/** One line on stderr; nothing with `--json` or where nothing is being started. */
export const announceStart = Effect.fnUntraced(function* (host: Pick<RunningHost, "orchestrator">) {
  const output = yield* Output
  const starting = (yield* host.orchestrator.servers).filter(({ state }) => state === "starting")
  if (output.isJson || starting.length === 0) return
  const names = oneLine(starting.map(({ name }) => name).join(", "), output.width - 24)
  yield* output.status(output.errorStyle.dim(`… starting ${counted(starting.length, "server")}: ${names}`))
})
