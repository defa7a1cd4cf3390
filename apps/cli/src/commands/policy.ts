import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { withSetting } from "../withSetting.ts"

const attempt = Command.make(
  "try",
  {
    file: Argument.String("new").pipe(
      Argument.withDescription(
        "The configuration that would take the place of the present one; without it that is judged alone"
      ),
      Argument.optional
    ),
    log: Flag.String("log").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("Calls as lines of JSON, such as those of sessions export, instead of kept conversations"),
      Flag.optional
    ),
    session: Flag.String("session").pipe(
      Flag.withMetavar("NAME"),
      Flag.withDescription("Only those of this conversation; else those of all that are kept"),
      Flag.optional
    ),
    failOnChange: Flag.Boolean("fail-on-change").pipe(
      Flag.withDescription("Exit with 1 when something else would become of a call"),
      Flag.withDefault(false)
    )
  },
  (options) =>
    withSetting(
      Effect.flatMap(
        Effect.promise(() => import("../policy/tryPolicy.ts")),
        ({ tryPolicy }) => tryPolicy(options)
      )
    )
).pipe(
  Command.withDescription(
    "What another configuration would do with the tool calls of the past; runs nothing. Of tools of servers it knows only the names: since it asks no server whether one is read-only or idempotent, auto-safe shows them as asked about"
  ),
  Command.withExamples([
    { command: "signalbox policy try new.yaml", description: "What would change, call by call, and why" },
    { command: "signalbox policy try --session work", description: "What the present one says of a conversation" },
    { command: "signalbox policy try new.yaml --log calls.jsonl --fail-on-change", description: "For a script" }
  ])
)

export const policy = Command.make("policy").pipe(
  Command.withDescription("Which tool calls run, are asked about or refused"),
  Command.withSubcommands([attempt])
)
