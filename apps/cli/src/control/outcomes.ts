/**
 * What came of doing the same with several servers of a running host: shown, and judged for the exit code.
 */
import type { SignalboxError } from "@signalbox/errors"
import { hostFailure, type HostRecord, type ServerOutcomes } from "@signalbox/server/control"
import { Effect } from "effect"
import { AllServersFailed, SomeServersFailed } from "../errors.ts"
import { Output, renderError } from "../Output.ts"
import { counted } from "../render/style.ts"

/** What a command answers that has done something with servers. */
export interface ServersDone {
  readonly host: HostRecord | null
  readonly outcomes: ServerOutcomes
}

/** What of a host is worth printing. */
const hostJson = ({ kind, log_file, pid, socket, url }: HostRecord) => ({ kind, pid, socket, url, log_file })

/** As `--json` shows it: one envelope for each server. */
export const doneJson = ({ host, outcomes }: ServersDone) => ({
  host: host === null ? null : hostJson(host),
  ...outcomes
})

/** A line for each server. */
export const renderOutcomes = Effect.fnUntraced(function* (outcomes: ServerOutcomes) {
  const { errorStyle, line, status, style } = yield* Output
  for (const [name, { data, error }] of Object.entries(outcomes.results)) {
    if (data === null) {
      yield* status(`${errorStyle.bold(name)}: ${renderError(hostFailure(error) ?? error, errorStyle)}`)
    } else {
      const tools = data.state === "running" ? `, ${counted(data.tool_count, "tool")}` : ""
      const process = data.pid === null ? "" : style.dim(` (process ${data.pid})`)
      yield* line(`${style.green("✓")} ${style.bold(name)} is ${data.state}${tools}${process}`)
    }
  }
})

/** The error that decides the exit code: 3 where it went wrong with some, 1 where with all. */
export const outcomesShortfall = (
  verb: string,
  { results, succeeded, total }: ServerOutcomes
): SignalboxError | undefined => {
  const serverNames = Object.entries(results).flatMap(([name, { data }]) => (data === null ? [name] : []))
  if (serverNames.length === 0) return undefined
  const failed = { verb, serverNames, total }
  return succeeded > 0 ? new SomeServersFailed(failed) : new AllServersFailed(failed)
}
