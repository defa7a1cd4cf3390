import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { report } from "../report.ts"
import { withSetting } from "../withSetting.ts"

/** Loaded when it is needed. */
const load = Effect.promise(() => Promise.all([import("../doctor/runDoctor.ts"), import("../doctor/renderDoctor.ts")]))

export const doctor = Command.make(
  "doctor",
  {
    names: Argument.String("name").pipe(
      Argument.withDescription("Only these servers and providers; all that are enabled or wanted when none is named"),
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
  Command.withDescription(
    "Find out what is wrong: each server is started once and stopped again, each provider asked what costs nothing"
  ),
  Command.withExamples([
    { command: "signalbox doctor", description: "Everything; exit code 0 fine, 3 some findings, 1 no server works" },
    { command: "signalbox doctor claude", description: "One provider: its address, its key, its models" },
    { command: "signalbox doctor files --json", description: "One server, for a script" },
    { command: "signalbox doctor --fix", description: "Also repair what can be repaired, step by step" }
  ])
)
