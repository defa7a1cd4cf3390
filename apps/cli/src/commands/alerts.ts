import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

export const alerts = Command.make(
  "alerts",
  {
    severity: Flag.Literals("severity", ["warning", "critical"]).pipe(
      Flag.withDescription("Only these"),
      Flag.optional
    ),
    failOn: Flag.Literals("fail-on", ["warning", "critical"]).pipe(
      Flag.withDescription("Exit with 3 when one that is shown is so severe; without this with 0, whatever is shown"),
      Flag.optional
    ),
    limit: Flag.Int("limit").pipe(
      Flag.withDescription("At most so many, 1 to 200"),
      Flag.filter(
        (count) => count >= 1 && count <= 200,
        () => "a whole number from 1 to 200"
      ),
      Flag.withDefault(50)
    )
  },
  ({ failOn, limit, severity }) => {
    const loaded = Effect.promise(() => import("../control/hostAlerts.ts"))
    return withSetting(
      Effect.flatMap(loaded, ({ hostAlerts }) =>
        hostAlerts({ limit, severity: Option.getOrUndefined(severity), failOn: Option.getOrUndefined(failOn) })
      )
    )
  }
).pipe(
  Command.withDescription("What the running host warns of now"),
  Command.withExamples([
    { command: "signalbox alerts --severity critical", description: "What needs somebody now" },
    { command: "signalbox alerts --fail-on critical", description: "For scripts: 3 where something does" }
  ])
)
