import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { withSetting } from "../withSetting.ts"

const list = Command.make("list", {}, () =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../models/modelsList.ts")),
      ({ modelsList }) => modelsList
    )
  )
).pipe(Command.withDescription("The names that clients can ask for, and what they stand for"))

const resolve = Command.make(
  "resolve",
  { name: Argument.String("name").pipe(Argument.withDescription("As a client would ask for it")) },
  ({ name }) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../models/modelsResolve.ts")),
        ({ modelsResolve }) => modelsResolve(name)
      )
    )
).pipe(
  Command.withDescription("Which provider and model answer to a name, and by which rule"),
  Command.withExamples([
    { command: "signalbox models resolve claude-haiku-4-5", description: "What Claude Code's small model becomes" }
  ])
)

export const models = Command.make("models").pipe(
  Command.withDescription("Names of models and what they stand for"),
  Command.withSubcommands([list, resolve])
)
