/**
 * `alerts` at work: what the running host warns of now.
 */
import { Alert, type AlertSeverity } from "@signalbox/orchestrator"
import { DateTime, Effect, Schema } from "effect"
import { Output } from "../Output.ts"
import { printable } from "../render/style.ts"
import { report } from "../report.ts"
import { running } from "./runningHost.ts"

const encode = Schema.encodeSync(Schema.Array(Alert))

/** Prints the alerts that hold, the oldest first. */
export const hostAlerts = ({
  limit,
  severity
}: {
  readonly limit: number
  readonly severity: AlertSeverity | undefined
}) =>
  Effect.flatMap(running, ({ ask }) =>
    ask((client) => client.watching.alerts({ query: { limit, ...(severity === undefined ? {} : { severity }) } }))
  ).pipe(
    Effect.scoped,
    report({
      render: (alerts) =>
        Effect.gen(function* () {
          const { line, style } = yield* Output
          if (alerts.length === 0) return yield* line(`${style.green("✓")} Nothing to warn of`)
          for (const { message, severity, since } of alerts) {
            const mark = severity === "critical" ? style.red("✗ critical") : style.yellow("! warning")
            yield* line(`${mark} ${printable(message)} ${style.dim(`since ${DateTime.formatIso(since)}`)}`)
          }
        }),
      json: encode
    })
  )
