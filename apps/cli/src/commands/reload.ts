import { Effect } from "effect"
import { Command } from "effect/cli"
import { withSetting } from "../withSetting.ts"

export const reload = Command.make("reload", {}, () =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../control/reloadHost.ts")),
      ({ reloadHost }) => reloadHost
    )
  )
).pipe(
  Command.withDescription("Make the running host read its configuration again, now; no call is disturbed"),
  Command.withExamples([{ command: "signalbox reload", description: "It says what has changed" }])
)
