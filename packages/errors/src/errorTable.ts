/**
 * Families of errors joined into one table: `signalbox errors list`, the docs, and the proof that codes are unique.
 */
import type { ErrorClass } from "./defineError.ts"

/** One line of the table, in the spelling in which it is printed. */
export interface ErrorTableRow {
  readonly error_type: string
  readonly code: string
  readonly http_status: number
  readonly anthropic_type: string
  readonly json_rpc_code: number
  readonly exit_code: number
  readonly retryable: boolean
}

/** The table of all given classes, ordered by code. */
export const errorTable = (families: Iterable<ErrorClass>): ReadonlyArray<ErrorTableRow> =>
  Array.from(families, ({ definition }) => ({
    error_type: definition.tag,
    code: definition.code,
    http_status: definition.status.http,
    anthropic_type: definition.status.anthropic,
    json_rpc_code: definition.status.jsonRpc,
    exit_code: definition.status.exit,
    retryable: definition.retryable
  })).toSorted((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0))

/** Codes that more than one class claims. Empty in a sound program. */
export const duplicateCodes = (families: Iterable<ErrorClass>): ReadonlyArray<string> => {
  const counts = Map.groupBy(families, ({ definition }) => definition.code)
  return [...counts].filter(([, classes]) => classes.length > 1).map(([code]) => code)
}
