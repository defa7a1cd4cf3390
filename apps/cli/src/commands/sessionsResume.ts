import { showPattern } from "@signalbox/conversation"
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { approvalFlags, modelFlags } from "../flags.ts"
import { IsFoundName } from "../sessions/sessionName.ts"
import { version } from "../version.ts"
import { withSetting } from "../withSetting.ts"
import { chat } from "./chat.ts"

/** A flag and its value, where there is one. */
const argument = (flag: string, value: Option.Option<string>): ReadonlyArray<string> =>
  Option.isNone(value) ? [] : [`${flag}=${value.value}`]

export const resume = Command.make(
  "resume",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription("As in signalbox sessions list, or the beginning of it; without it the one used last"),
      Argument.optional
    ),
    message: Argument.String("message").pipe(
      Argument.withDescription("One question; without it the chat goes on line by line"),
      Argument.variadic()
    ),
    agent: Flag.String("agent").pipe(
      Flag.withAlias("a"),
      Flag.withDescription("Talk to an agent of the configuration"),
      Flag.optional
    ),
    provider: modelFlags.provider,
    model: modelFlags.model,
    ...approvalFlags
  },
  ({ agent, approve, message, model, name, provider, yes }) =>
    Effect.gen(function* () {
      const found = yield* withSetting(
        Effect.flatMap(
          Effect.promise(() => import("../sessions/sessionsResume.ts")),
          ({ findToResume }) => findToResume(name)
        )
      )
      if (found === undefined) return
      const args = [
        `--session=${found.name}`,
        ...argument("--agent", agent),
        ...argument("--provider", provider),
        ...argument(
          "--model",
          Option.orElse(model, () => Option.fromUndefinedOr(found.model))
        ),
        ...approve.map((pattern) => `--approve=${showPattern(pattern)}`),
        ...(yes ? ["--yes"] : []),
        "--",
        ...message
      ]
      yield* Effect.provideService(Command.runWith(chat, { version })(args), IsFoundName, true)
    })
).pipe(
  Command.withDescription("Go on with a conversation: what signalbox chat --session does, by the beginning of a name"),
  Command.withExamples([
    { command: "signalbox sessions resume", description: "With the conversation that was used last" },
    { command: "signalbox sessions resume tr", description: "With the only one whose name begins so" },
    { command: 'signalbox sessions resume trip "and the way back?"', description: "One question, one answer" }
  ])
)
