import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

/** The code for it is loaded when it is asked for. */
const changes = Effect.promise(() => import("../fileChanges.ts"))

export const undo = Command.make(
  "undo",
  {
    id: Argument.String("id").pipe(
      Argument.withDescription("Which change, as the list shows it; the latest where none is named"),
      Argument.optional
    ),
    list: Flag.Boolean("list").pipe(
      Flag.withAlias("l"),
      Flag.withDescription("Show what can be taken back, the latest first"),
      Flag.withDefault(false)
    )
  },
  ({ id, list }) =>
    withSetting(Effect.flatMap(changes, ({ listChanges, undoChange }) => (list ? listChanges : undoChange(id))))
).pipe(
  Command.withDescription(
    "Take back what Write, Edit, MultiEdit or NotebookEdit changed in a file, unless it has been changed since; not what a command of Bash did"
  ),
  Command.withExamples([
    {
      command: "signalbox undo",
      description: "The latest change; once more takes that back, unless it had made the file"
    },
    {
      command: "signalbox undo --list",
      description: "All of them, also those of other programs of this configuration"
    },
    { command: "signalbox undo 1f0c2a9b", description: "One of the list" }
  ])
)
