import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { sessionNameFlag } from "../sessions/sessionName.ts"
import { withSetting } from "../withSetting.ts"

const name = Argument.String("name").pipe(
  Argument.withDescription("Of a conversation, as in signalbox sessions list; without it all of them"),
  Argument.optional
)

const stats = Command.make("stats", { name }, ({ name }) =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../sessions/historyStats.ts")),
      ({ historyStats }) => historyStats(name)
    )
  )
).pipe(Command.withDescription("How many records and tokens there are, by type"))

const compact = Command.make("compact", { name }, ({ name }) =>
  withSetting(
    Effect.flatMap(
      Effect.promise(() => import("../sessions/historyCompact.ts")),
      ({ historyCompact }) => historyCompact(name)
    )
  )
).pipe(Command.withDescription("Free the space of what is not needed any more; programs that use a file notice"))

const imported = Command.make(
  "import",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("Records as lines of JSON, of this or an older version")
    ),
    session: sessionNameFlag("session", "NAME", "Put all of them into this conversation")
  },
  ({ file, session }) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../sessions/historyImport.ts")),
        ({ historyImport }) => historyImport(file, session)
      )
    )
).pipe(
  Command.withDescription("Take in conversations from a file; what is there already stays as it is"),
  Command.withExamples([
    { command: "signalbox history import events.jsonl", description: "Each into its own conversation" }
  ])
)

export const history = Command.make("history").pipe(
  Command.withDescription("The records of conversations that are kept"),
  Command.withSubcommands([stats, compact, imported])
)
