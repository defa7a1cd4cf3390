import { Effect } from "effect"
import { Command } from "effect/cli"
import { withSetting } from "../withSetting.ts"

const status = Command.make("status", {}, () =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../control/hostNumbers.ts")),
      ({ poolStatus }) => poolStatus
    )
  )
).pipe(
  Command.withDescription("Connections of the running host: in use, idle, and who waits for one"),
  Command.withExamples([
    { command: "signalbox pool status --json", description: "Each pool by the name of its server" }
  ])
)

export const pool = Command.make("pool").pipe(
  Command.withDescription("The connection pools of the running host"),
  Command.withSubcommands([status])
)
