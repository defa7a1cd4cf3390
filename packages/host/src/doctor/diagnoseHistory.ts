/**
 * Whether the database of the history can be used. Nothing is changed in it.
 */
import { Effect, Result } from "effect"
import type { LoadedConfig } from "../config/ConfigFile.ts"
import { historyDatabase } from "../config/HistorySection.ts"
import { type Finding, finding } from "./Finding.ts"

/** The name that findings about it have in the place of a server's; no server can be called so. */
export const historySource = "the history"

/** The database, and what is wrong with it. */
export interface HistoryDiagnosis {
  /** Nothing where the history is in files. */
  readonly database: { readonly place: string; readonly server: string } | undefined
  readonly findings: ReadonlyArray<Finding>
}

const asFinding = (
  found: Pick<Finding, "message" | "fix"> & { readonly code: "HISTORY_UNREACHABLE" | "HISTORY_REFUSED" }
): HistoryDiagnosis => ({
  database: undefined,
  findings: [finding({ ...found, severity: "error", serverName: historySource, path: ["history", "postgres", "url"] })]
})

/** Connects to it once, where the configuration wants one. */
export const diagnoseHistory = Effect.fn("diagnoseHistory")(function* (
  config: LoadedConfig,
  environment: Readonly<Record<string, string | undefined>>
) {
  const { problems, url } = historyDatabase(config.options.history, environment)
  const [problem] = problems
  if (problem !== undefined) {
    const fix = problem.suggestion ?? ""
    return asFinding({
      code: "HISTORY_REFUSED",
      message: `No conversation can be kept: ${problem.message}.`,
      fix: `${fix.slice(0, 1).toUpperCase()}${fix.slice(1)}.`
    })
  }
  if (url === undefined) return { database: undefined, findings: [] } satisfies HistoryDiagnosis
  const { checkPostgres } = yield* Effect.promise(() => import("@signalbox/conversation-postgres"))
  const checked = yield* Effect.result(checkPostgres({ url }))
  if (Result.isSuccess(checked)) {
    const { place, server } = checked.success
    return { database: { place, server }, findings: [] } satisfies HistoryDiagnosis
  }
  const { hint = "", message, retryable } = checked.failure
  return asFinding({ code: retryable ? "HISTORY_UNREACHABLE" : "HISTORY_REFUSED", message, fix: hint })
})
