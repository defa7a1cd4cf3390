import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { approvalFlags, modelFlags, recordFlag } from "../flags.ts"
import { withSetting } from "../withSetting.ts"

/** The code for it is loaded when it is asked for. */
const replaying = Effect.promise(() => import("../replay/runReplay.ts"))

export const replay = Command.make(
  "replay",
  {
    file: Argument.String("file").pipe(Argument.withDescription("What --record of chat or run has written")),
    diff: Flag.Boolean("diff").pipe(
      Flag.withDescription("Show everything that this version does otherwise; exit code 1 where there is something"),
      Flag.withDefault(false)
    ),
    from: Flag.Int("from").pipe(
      Flag.withMetavar("STEP"),
      Flag.withDescription("Go on live from this call of the model, counted from 1; needs --model or --provider"),
      Flag.filter(
        (step) => step >= 1,
        () => "a whole number, 1 or more"
      ),
      Flag.optional
    ),
    provider: modelFlags.provider,
    model: modelFlags.model,
    tools: Flag.Literals("tools", ["live", "recorded"]).pipe(
      Flag.withDescription("With --from: run tools (default), or answer with recorded results alone"),
      Flag.optional
    ),
    noStream: Flag.Boolean("no-stream").pipe(
      Flag.withDescription("Print each answer when it is complete"),
      Flag.withDefault(false)
    ),
    ...recordFlag,
    ...approvalFlags
  },
  (flags) => withSetting(Effect.flatMap(replaying, ({ runReplay }) => runReplay(flags)))
).pipe(
  Command.withDescription("Run a recorded conversation again: without a network, without a key, without its servers"),
  Command.withExamples([
    { command: "signalbox replay trip.cassette", description: "The same turns, by this version" },
    { command: "signalbox replay trip.cassette --diff", description: "What this version does otherwise" },
    {
      command: "signalbox replay trip.cassette --from 3 --model claude/claude-opus-5",
      description: "The third call of the model and all that follow by another one, live"
    },
    {
      command: "signalbox replay trip.cassette --from 3 --model offline --record other.cassette",
      description: "The same, recorded again"
    }
  ])
)
