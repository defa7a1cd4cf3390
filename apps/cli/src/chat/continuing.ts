/** `chat --continue`: the conversation that was used last takes the place of a name. */
import { Effect, Option } from "effect"
import { InvalidUsage } from "../errors.ts"
import { withSetting } from "../withSetting.ts"

interface Named {
  readonly session: Option.Option<string>
}

/** Lets the work of a chat begin with that conversation, where it is wanted. What keeps it from being found is told. */
export const continuing =
  <Input extends Named, E, R>(work: (input: Input) => Effect.Effect<void, E, R>) =>
  (input: Input & { readonly continues: boolean }) =>
    Effect.gen(function* () {
      if (!input.continues) return yield* work(input)
      if (Option.isSome(input.session))
        return yield* new InvalidUsage({
          command: "signalbox chat",
          reason: "--continue goes on with the conversation used last, and --session names one: use one of them."
        })
      const found = yield* withSetting(
        Effect.flatMap(
          Effect.promise(() => import("../sessions/sessionsResume.ts")),
          ({ findToResume }) => findToResume(Option.none())
        )
      )
      if (found !== undefined) yield* work({ ...input, session: Option.some(found.name) })
    })
