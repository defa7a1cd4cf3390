import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

const name = Argument.String("name").pipe(Argument.withDescription("As in signalbox sessions list"))

const list = Command.make("list", {}, () =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../sessions/sessionsList.ts")),
      ({ sessionsList }) => sessionsList
    )
  )
).pipe(Command.withDescription("The conversations that are kept"))

const show = Command.make(
  "show",
  {
    name,
    partial: Flag.Boolean("partial").pipe(
      Flag.withDescription("Also what had come of answers that broke off"),
      Flag.withDefault(false)
    )
  },
  ({ name, partial }) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../sessions/sessionsShow.ts")),
        ({ sessionsShow }) => sessionsShow(name, partial)
      )
    )
).pipe(
  Command.withDescription("What was said and done in a conversation; times are UTC"),
  Command.withExamples([{ command: "signalbox sessions show trip", description: "From its beginning" }])
)

const exported = Command.make("export", { name }, ({ name }) =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../sessions/sessionsExport.ts")),
      ({ sessionsExport }) => sessionsExport(name)
    )
  )
).pipe(
  Command.withDescription("All records of a conversation as lines of JSON"),
  Command.withExamples([
    { command: "signalbox sessions export trip > trip.jsonl", description: "For signalbox history import elsewhere" }
  ])
)

const deleted = Command.make("delete", { name }, ({ name }) =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../sessions/sessionsDelete.ts")),
      ({ sessionsDelete }) => sessionsDelete(name)
    )
  )
).pipe(Command.withDescription("Remove a conversation for good"))

export const sessions = Command.make("sessions").pipe(
  Command.withDescription("Conversations that are kept under a name; go on with one: signalbox chat --session NAME"),
  Command.withSubcommands([list, show, exported, deleted])
)
