import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { report } from "../report.ts"
import { withSetting } from "../withSetting.ts"

/** Loaded when it is needed. */
const load = Effect.promise(() => Promise.all([import("../doctor/runDoctor.ts"), import("../doctor/renderDoctor.ts")]))

export const doctor = Command.make(
  "doctor",
  {
    names: Argument.String("server").pipe(
      Argument.withDescription("Only these servers; all that are enabled when none is named"),
      Argument.variadic()
    ),
    fix: Flag.Boolean("fix").pipe(
      Flag.withDescription("Do what can safely be done about it; asks before each step"),
      Flag.withDefault(false)
    ),
    yes: Flag.Boolean("yes").pipe(
      Flag.withAlias("y"),
      Flag.withDescription("With --fix: do all of it without asking"),
      Flag.withDefault(false)
    )
  },
  (options) =>
    withSetting(
      Effect.flatMap(load, ([{ runDoctor, shortfallOf }, { doctorJson, renderDoctor }]) =>
        runDoctor(options).pipe(report({ render: renderDoctor, json: doctorJson, shortfall: shortfallOf }))
      )
    )
).pipe(
  Command.withDescription("Find out what is wrong with servers: each is started once and stopped again"),
  Command.withExamples([
    { command: "signalbox doctor", description: "All servers; exit code 0 fine, 3 some findings, 1 none works" },
    { command: "signalbox doctor files --json", description: "One server, for a script" },
    { command: "signalbox doctor --fix", description: "Also repair what can be repaired, step by step" }
  ])
)
