import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { withSetting } from "../withSetting.ts"

const list = Command.make("list", {}, () =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../models/providersList.ts")),
      ({ providersList }) => providersList
    )
  )
).pipe(Command.withDescription("The providers of the configuration, and whether their keys are set"))

const test = Command.make(
  "test",
  {
    names: Argument.String("name").pipe(
      Argument.withDescription("Only these; without a name all that have a key or are in use without one"),
      Argument.variadic()
    )
  },
  ({ names }) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../models/providersTest.ts")),
        ({ providersTest }) => providersTest(names)
      )
    )
).pipe(
  Command.withDescription("Ask providers a short question, to see whether they answer, and if not, what to do"),
  Command.withExamples([{ command: "signalbox providers test openrouter", description: "One of them" }])
)

export const providers = Command.make("providers").pipe(
  Command.withDescription("Where models are"),
  Command.withSubcommands([list, test])
)
