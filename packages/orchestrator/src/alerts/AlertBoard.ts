/**
 * Which alerts hold, and what of them is told: each once when it begins or becomes worse and once when it is over. One
 * that comes and goes is told no more often than the quiet time allows.
 */
import { DateTime, type Duration } from "effect"
import type { Alert } from "./Alert.ts"
import type { AlertSeverity } from "./AlertRule.ts"
import type { Finding } from "./findings.ts"
import type { SetLabels } from "../metrics/OrchestratorMetrics.ts"

export interface AlertBoard {
  /** Takes what holds now and answers with what is to be told. */
  readonly update: (findings: ReadonlyMap<string, Finding>, now: DateTime.Utc) => ReadonlyArray<Alert>
  /** What is to be told when there is nothing left to look at. */
  readonly resolveAll: (now: DateTime.Utc) => ReadonlyArray<Alert>
  /** Those that hold, in the order in which they began. */
  readonly active: () => ReadonlyArray<Alert>
}

interface Entry {
  alert: Alert
  /** What has been told of it since it began. */
  told: AlertSeverity | undefined
}

/** An empty board. Alerts carry the labels. */
export const makeAlertBoard = (quietTime: Duration.Duration, labels: SetLabels): AlertBoard => {
  const entries = new Map<string, Entry>()
  /** When each was last told as raised, and how severe. */
  const tellings = new Map<string, { readonly at: DateTime.Utc; readonly severity: AlertSeverity }>()

  const isQuiet = (id: string, now: DateTime.Utc): boolean => {
    const last = tellings.get(id)
    return last !== undefined && DateTime.isLessThan(now, DateTime.addDuration(last.at, quietTime))
  }
  const isToBeTold = (id: string, { alert, told }: Entry, now: DateTime.Utc): boolean => {
    if (told !== undefined) return isWorse(alert.severity, told)
    return !isQuiet(id, now) || isWorse(alert.severity, tellings.get(id)?.severity ?? alert.severity)
  }

  const raise = (id: string, finding: Finding, now: DateTime.Utc): ReadonlyArray<Alert> => {
    const before = entries.get(id)
    const shownId = labels.set === undefined ? id : `${labels.set}/${id}`
    const alert: Alert = {
      ...finding,
      ...labels,
      id: shownId,
      status: "raised",
      since: before?.alert.since ?? now,
      at: now
    }
    const entry: Entry = { alert, told: before?.told }
    entries.set(id, entry)
    if (!isToBeTold(id, entry, now)) return []
    entry.told = alert.severity
    tellings.set(id, { at: now, severity: alert.severity })
    return [alert]
  }
  const resolve = (id: string, { alert, told }: Entry, now: DateTime.Utc): ReadonlyArray<Alert> => {
    entries.delete(id)
    return told === undefined ? [] : [{ ...alert, severity: told, status: "resolved", at: now }]
  }

  return {
    update: (findings, now) => {
      const over = [...entries].filter(([id]) => !findings.has(id))
      const news = [
        ...over.flatMap(([id, entry]) => resolve(id, entry, now)),
        ...[...findings].flatMap(([id, finding]) => raise(id, finding, now))
      ]
      // Subjects come and go with pools and circuits.
      for (const id of tellings.keys()) if (!entries.has(id) && !isQuiet(id, now)) tellings.delete(id)
      return news
    },
    active: () => [...entries.values()].map(({ alert }) => alert),
    resolveAll: (now) => [...entries].flatMap(([id, entry]) => resolve(id, entry, now))
  }
}

const isWorse = (severity: AlertSeverity, than: AlertSeverity): boolean => severity === "critical" && than === "warning"
