import { Effect } from "effect"
import { Argument, Command, Completions } from "effect/cli"
import { Output } from "../Output.ts"
import { report } from "../report.ts"
import { withSetting } from "../withSetting.ts"

/** Takes the tree as a function: the root command contains this one. */
export const makeCompletions = (root: () => Command.Command.Any) =>
  Command.make(
    "completions",
    { shell: Argument.Literals("shell", ["bash", "zsh", "fish", "powershell"]) },
    ({ shell }) =>
      withSetting(
        Effect.sync(() => ({
          shell,
          script: Completions.generate("signalbox", shell, Completions.fromCommand(root()))
        })).pipe(report({ render: ({ script }) => Effect.flatMap(Output, ({ line }) => line(script)) }))
      )
  ).pipe(
    Command.withDescription("A script that completes commands and flags in your shell"),
    Command.withExamples([
      { command: "signalbox completions bash > ~/.signalbox-completions", description: "Then source that file" }
    ])
  )
