import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

/** The file is loaded when it is asked for. */
const kept = Effect.promise(() => import("../keptApprovals.ts"))

const list = Command.make("list", {}, () =>
  withSetting(Effect.flatMap(kept, ({ listApprovals }) => listApprovals))
).pipe(Command.withDescription("The calls that you approved for good, with what each is about"))

const remove = Command.make(
  "remove",
  {
    ids: Argument.String("id").pipe(
      Argument.withDescription("As the list shows it; several may be named"),
      Argument.variadic()
    ),
    all: Flag.Boolean("all").pipe(
      Flag.withDescription("Everything that was approved for good"),
      Flag.withDefault(false)
    )
  },
  (wanted) => withSetting(Effect.flatMap(kept, ({ removeApprovals }) => removeApprovals(wanted)))
).pipe(
  Command.withDescription("Have calls asked about again"),
  Command.withExamples([
    { command: "signalbox approvals remove 1f0c2a9b", description: "One of the list" },
    { command: "signalbox approvals remove --all", description: "All of them" }
  ])
)

export const approvals = Command.make("approvals").pipe(
  Command.withDescription("What you approved for good at a question of a chat"),
  Command.withSubcommands([list, remove])
)
