import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

export const metrics = Command.make(
  "metrics",
  {
    prometheus: Flag.Boolean("prometheus").pipe(
      Flag.withDescription("Print the text format of Prometheus"),
      Flag.withDefault(false)
    )
  },
  ({ prometheus }) => {
    const loaded = Effect.promise(() => import("../control/hostNumbers.ts"))
    return withSetting(
      Effect.flatMap(loaded, ({ metricsJson, metricsText }) => (prometheus ? metricsText : metricsJson))
    )
  }
).pipe(
  Command.withDescription(
    "The numbers of the running host: calls, errors, durations, pools, circuits, models and their costs"
  ),
  Command.withExamples([
    { command: "signalbox metrics --json", description: "All numbers, for scripts" },
    { command: "signalbox metrics --prometheus", description: "As a Prometheus server reads them" }
  ])
)
