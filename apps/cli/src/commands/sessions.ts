import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { confirmedFlag } from "../flags.ts"
import { pointFlag } from "../sessions/historyPoint.ts"
import { sessionNameFlag } from "../sessions/sessionName.ts"
import { withSetting } from "../withSetting.ts"
import { resume } from "./sessionsResume.ts"

const name = Argument.String("name").pipe(
  Argument.withDescription("As in signalbox sessions list; the beginning is enough where no other has the same")
)

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

const fork = Command.make(
  "fork",
  {
    name,
    at: pointFlag("at", "The last that the new one has, as signalbox sessions show numbers it; all of it without").pipe(
      Flag.optional
    ),
    id: sessionNameFlag("id", "NEW", "The name of the new one; the old one's with a number without it"),
    model: Flag.String("model").pipe(
      Flag.withDescription("The model that the new one goes on with, where none is named then"),
      Flag.optional
    )
  },
  ({ name, ...choice }) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../sessions/sessionsFork.ts")),
        ({ sessionsFork }) => sessionsFork(name, choice)
      )
    )
).pipe(
  Command.withDescription("Try another way beside a conversation: a second one with the beginning of it"),
  Command.withExamples([
    { command: "signalbox sessions fork trip", description: "All finished turns of it, as trip-2" },
    { command: "signalbox sessions fork trip --at 3 --id rail", description: "As it was after the third turn" },
    { command: "signalbox sessions fork trip --at 3.1", description: "After the first step of the third turn" }
  ])
)

const rewind = Command.make(
  "rewind",
  {
    name,
    to: pointFlag("to", "The last that stays, as signalbox sessions show numbers it; 0 is the beginning"),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Only say what would be taken out"),
      Flag.withDefault(false)
    )
  },
  ({ dryRun, name, to }) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../sessions/sessionsRewind.ts")),
        ({ sessionsRewind }) => sessionsRewind(name, to, dryRun)
      )
    )
).pipe(
  Command.withDescription("Take out of a conversation what came later; what tools have done stays done"),
  Command.withExamples([
    { command: "signalbox sessions rewind trip --to 3 --dry-run", description: "What would be gone" },
    { command: "signalbox sessions rewind trip --to 3", description: "Back to the end of the third turn" },
    { command: "signalbox sessions rewind trip --to 3.0", description: "Back to its question, without an answer" }
  ])
)

const exported = Command.make(
  "export",
  {
    name,
    format: Flag.Literals("format", ["json", "md"]).pipe(
      Flag.withDescription("Lines of JSON for signalbox history import, or a document for people"),
      Flag.withDefault("json" as const)
    )
  },
  ({ format, name }) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../sessions/sessionsExport.ts")),
        ({ sessionsExport }) => sessionsExport(name, format)
      )
    )
).pipe(
  Command.withDescription("All of a conversation: what was said, thought, called and given, and what it used"),
  Command.withExamples([
    { command: "signalbox sessions export trip > trip.jsonl", description: "For signalbox history import elsewhere" },
    { command: "signalbox sessions export trip --format md > trip.md", description: "To read, or to hand on" }
  ])
)

const deleted = Command.make("delete", { name, yes: confirmedFlag }, ({ name, yes }) =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../sessions/sessionsDelete.ts")),
      ({ sessionsDelete }) => sessionsDelete(name, yes)
    )
  )
).pipe(
  Command.withDescription("Remove a conversation for good; you are asked before"),
  Command.withExamples([
    { command: "signalbox sessions delete trip", description: "After a question" },
    { command: "signalbox sessions delete trip --yes", description: "In a script, where nobody can be asked" }
  ])
)

export const sessions = Command.make("sessions").pipe(
  Command.withDescription("Conversations that are kept under a name; go on with one: signalbox sessions resume NAME"),
  Command.withSubcommands([list, show, resume, fork, rewind, exported, deleted])
)
