/**
 * `alerts` at work: what the running host warns of now.
 */
import { Alert, type AlertSeverity } from "@signalbox/orchestrator"
import { DateTime, Effect, Schema } from "effect"
import { AlertsHold } from "../errors.ts"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { running } from "./runningHost.ts"

const encode = Schema.encodeSync(Schema.Array(Alert))

/** The error for alerts that are at least as severe as the caller takes for a failure. */
const failureOf = (alerts: ReadonlyArray<Alert>, failOn: AlertSeverity | undefined) => {
  if (failOn === undefined) return undefined
  const count = alerts.filter(({ severity }) => failOn === "warning" || severity === "critical").length
  return count === 0 ? undefined : new AlertsHold({ alerts: count, severity: failOn })
}

/** Prints the alerts that hold, the oldest first; with `failOn` they decide the exit code, too. */
export const hostAlerts = ({
  failOn,
  limit,
  severity
}: {
  readonly failOn: AlertSeverity | undefined
  readonly limit: number
  readonly severity: AlertSeverity | undefined
}) =>
  Effect.flatMap(running, ({ ask }) =>
    ask((client) => client.watching.alerts({ query: { limit, ...(severity === undefined ? {} : { severity }) } }))
  ).pipe(
    Effect.scoped,
    report({
      shortfall: (alerts) => failureOf(alerts, failOn),
      render: (alerts) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          if (alerts.length === 0) return yield* line(`${style.green("✓")} Nothing to warn of`)
          for (const { message, set, severity, since } of alerts) {
            const mark = severity === "critical" ? style.red("✗ critical") : style.yellow("! warning")
            const whose = set === undefined ? "" : `${style.bold(set)}: `
            yield* line(`${mark} ${whose}${printable(message)} ${style.dim(`since ${DateTime.formatIso(since)}`)}`)
          }
        }),
      json: encode
    })
  )
